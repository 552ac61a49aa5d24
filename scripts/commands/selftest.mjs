/**
 * `npm run -s selftest -- [--json] [--kernel NAME] [--break NAME] [--device chromium|dawn|cpu]`: every kernel against the reference.
 */
import { withPage } from '../lib/browser.mjs';
import { badArgument, CommandError, readFlags } from '../lib/commandError.mjs';
import { restartForDawn, withSources } from '../node.mjs';
/** @import {Log} from '../lib/types' */
/** @import {PageTools, SelftestReport, SelftestRequest} from '../lib/product' */

/** @param {SelftestRequest} request @param {Log} log @returns {Promise<SelftestReport>} */
async function inChromium(request, log) {
  return withPage({ query: '?tools', log: process.env.DEBUG ? log : undefined }, async (page) => {
    page.setDefaultTimeout(0);
    await page.waitForFunction(() => window.arkletTools !== undefined, null, { timeout: 60_000 });
    const outcome = await page.evaluate(
      (given) => /** @type {PageTools} */ (window.arkletTools).selftest(given),
      request,
    );
    if (!outcome.ok) throw new CommandError(outcome.error);
    return outcome.value;
  });
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args);
  /** @type {Partial<Record<string, string>>} */
  const given = flags;
  const { json, kernel = null, break: broken = null, device = 'chromium', ...unknown } = given;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0)
    throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --json, --kernel, --break, --device.');
  const request = { kernel, break: broken };
  if (device === 'dawn' && restartForDawn()) return restartForDawn.status;
  if (device !== 'chromium' && device !== 'dawn' && device !== 'cpu')
    throw badArgument(`--device is "${device}".`, 'Devices: chromium, dawn, cpu.');
  const report =
    device === 'chromium'
      ? await inChromium(request, console.error)
      : await withSources(async (load) => {
          const { selftestInNode } = /** @type {typeof import('../toolsNode')} */ (
            await load('/scripts/toolsNode.ts')
          );
          return selftestInNode(request, device);
        });
  const failed = report.kernels.filter(({ pass }) => !pass);
  if (json) console.log(JSON.stringify(report, null, 1));
  else {
    console.log(report.device);
    for (const { name, variant, shape, maxError, pass, ms } of report.kernels) {
      const line = [
        name.padEnd(22),
        variant.padEnd(18),
        shape.join('x').padEnd(18),
        `error ${maxError.toFixed(3)}`,
        `${ms.toFixed(1)} ms`,
      ];
      console.log(`${pass ? 'pass' : 'FAIL'}  ${line.join('  ')}`);
    }
    console.log(`${report.kernels.length - failed.length} kernels pass, ${failed.length} fail`);
  }
  return failed.length === 0 && report.kernels.length > 0 ? 0 : 1;
}
