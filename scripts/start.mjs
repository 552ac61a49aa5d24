// `npm start`: builds if needed, serves dist/ with COOP/COEP, prints the address.
import { ensureBuild } from './build.mjs';
import { serve } from './server.mjs';

const port = Number(process.env.PORT ?? 4173);
const server = await serve({ root: ensureBuild(), port });
console.log(`Arklet is at ${server.url} (Ctrl-C ends it)`);
