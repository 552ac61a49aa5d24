/** `npm run build`: builds dist/, fresh or not. */
import { ensureBuild } from '../lib/build.mjs';

ensureBuild({ force: true });
