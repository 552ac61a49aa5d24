/**
 * `npm run -s bench -- [--json] [--only WORK[,WORK]] [--rounds N]`: ours beside the peers, in interleaved rounds, in Chromium.
 * `npm run -s bench -- --device chromium|dawn|cpu [--json]`, and `arklet bench`: what this machine does with our kernels and with models on
 * random weights.
 */
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { packaged } from '../lib/root.mjs';
import { benchDevice } from './benchDevice.mjs';

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args, (name) => name !== 'json');
  /** @type {Partial<Record<string, string>>} */
  const { json, only, rounds = '7', device, ...unknown } = flags;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0)
    throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --json, --only, --rounds, --device.');
  if (!/^[1-9]\d{0,3}$/.test(rounds))
    throw badArgument(`--rounds is "${rounds}".`, 'Write --rounds 7, or leave it out.');
  if (device !== undefined) {
    if (only !== undefined || flags.rounds !== undefined)
      throw badArgument('--only and --rounds are of the comparison with peers.', 'Leave out --device.');
    return benchDevice(device);
  }
  // The peers are fetched and built by a clone of the repository.
  if (packaged) return benchDevice('chromium');
  const options = { only: only?.split(',') ?? [], rounds: Number(rounds) };
  const { compareWithPeers } = await import('../bench/compare.mjs');
  const result = await compareWithPeers(options, console.error);
  if (json !== undefined) console.log(JSON.stringify(result, null, 1));
  else {
    console.log(result.device);
    for (const { work, contender, unit, min, median, max, error } of result.rows) {
      const figures =
        error ?? `${[min, median, max].map((value) => value?.toPrecision(4)).join('  ')} ${unit}`;
      console.log(`${work.padEnd(24)} ${contender.padEnd(14)} ${figures}`);
    }
  }
  return 0;
}
