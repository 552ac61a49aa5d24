/**
 * `npm run -s counts -- [--json]`: dispatches, submits, read-backs and processor time of a token and of a training step, and the
 * longest submit on devices of 40, 150 and 1,000 GFLOP/s, on a GPU object that counts. Needs no GPU.
 */
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { withSources } from '../node.mjs';

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args);
  /** @type {Partial<Record<string, string>>} */
  const given = flags;
  const { json, ...unknown } = given;
  const [odd] = [...rest, ...Object.keys(unknown)];
  if (odd !== undefined) throw badArgument(`"${odd}" is not known.`, 'Flags: --json.');
  const report = await withSources(async (load) => {
    const { counts } = /** @type {typeof import('../counts')} */ (await load('/scripts/counts.ts'));
    return counts();
  });
  if (json) {
    console.log(JSON.stringify(report, null, 1));
    return 0;
  }
  for (const { name, format, decode, decode64, train } of report.models) {
    for (const [work, step] of Object.entries({ decode, 'decode of 64': decode64, 'train 4x128': train })) {
      const { dispatches, submits, reads, bytesRead, jsMs } = step;
      console.log(
        `${name} ${format} ${work}: ${dispatches} dispatches, ${submits} submits, ${reads} reads, ${bytesRead} bytes read, ${jsMs} ms of JavaScript`,
      );
    }
  }
  for (const { gflops, work, ms } of report.longestSubmitMs)
    console.log(`${gflops} GFLOP/s, ${work}: longest submit ${ms} ms`);
  return 0;
}
