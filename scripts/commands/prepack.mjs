/** `npm pack` and `npm publish` run this first: the built app, and what the package's commands load. */
import { ensureBuild } from '../lib/build.mjs';
import { prebuild } from '../lib/prebuilt.mjs';

ensureBuild();
await prebuild();
