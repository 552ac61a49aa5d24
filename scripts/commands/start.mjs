/** `npm start`: builds if needed, serves dist/ with COOP/COEP, prints the address. PORT chooses the port. */
import { ensureBuild } from '../lib/build.mjs';
import { systemCode } from '../lib/commandError.mjs';
import { startServer } from '../lib/server.mjs';

const root = ensureBuild();
const wanted = Number(process.env.PORT ?? 4173);
const server = await startServer({ root, port: wanted }).catch((/** @type {unknown} */ error) => {
  if (systemCode(error) !== 'EADDRINUSE' || process.env.PORT !== undefined) throw error;
  return startServer({ root });
});
console.log(`Arklet is at ${server.url} (Ctrl-C ends it)`);
