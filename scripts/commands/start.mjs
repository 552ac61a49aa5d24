/** `npm start [-- --port N --host [ADDRESS] --https]`. */
import { runCommand } from '../lib/runCommand.mjs';

await runCommand({ start: () => import('./serve.mjs') }, 'start', process.argv.slice(2));
