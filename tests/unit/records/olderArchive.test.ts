/** Files of runs as every earlier version wrote them: what they hold is taken whole, in the forms of today. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { RunArchive } from '../../../src/records/runRecords';
import { unpackArchive } from '../../../src/records/archiveFile';
import { readArchive, storeArchive } from '../../../src/library/storedRuns';
import { storedConfig } from '../../../src/settings/config';
import { readArchive as readPicked } from '../../../src/ui/archiveFile';
import { createMemoryStore } from '../../support/memoryStore';
import old from '../../golden/settings/version-0.1.json';
import { makeArchive } from '../../ui/fixtures/archive';
import { makePadArchive } from '../../ui/fixtures/padArchive';

const was = old.configs.quick.config;
const config = storedConfig(was);
const droppedThen = { 'wrong traces': 5, 'questions without a correct trace': 2, 'of no version': 3 };
const droppedNow = { 'wrong-trace': 5, 'no-correct-trace': 2 };

/** With the settings and counts given, and a report of the same. */
function archiveOf(source: RunArchive, settings: unknown, dropped: object): unknown {
  const { run, datasets, report } = source;
  return {
    ...source,
    run: { ...run, id: '0123abcd', config: settings },
    datasets: datasets.map((one) => ({ ...one, dropped })),
    report: report && {
      ...report,
      config: settings,
      dataset: { ...report.dataset, dropped },
      datasets: { rsft: { kept: 1, dropped } },
    },
  };
}

const adapters = [{ strategy: 'rsft', seed: 0, files: { 'adapter_config.json': 'e30=' } }];

/** What each version of the file wrote: 1 has no adapters, and settings under the keys of 0.1 up to the table of settings. */
const versions: readonly (readonly [string, unknown, object, object])[] = [
  ['1 of version 0.1', was, droppedThen, { version: 1 }],
  ['1 with the settings of today', config, droppedNow, { version: 1 }],
  ['2 of version 0.1', was, droppedThen, { version: 2, adapters }],
  ['2 with the settings of today', config, droppedNow, { version: 2, adapters }],
];

describe.each([
  ['a plain run', makeArchive(8)],
  ['a run of PAD', makePadArchive()],
])('the file of %s', (_, source) => {
  it.each(versions)('of version %s has equal contents', async (_name, settings, dropped, rest) => {
    const file = gzipSync(JSON.stringify({ ...(archiveOf(source, settings, dropped) as object), ...rest }));
    const taken = unpackArchive(new Uint8Array(file));
    // The order of their keys, and of turns that stand nowhere, is none of their contents.
    expect(taken).toEqual({ ...(archiveOf(source, config, droppedNow) as object), ...rest });
    const picked = await readPicked(new Uint8Array(file));
    expect(picked.run.config).toEqual(config);
    const store = createMemoryStore();
    const again = await readArchive(store, await storeArchive(store, taken), 'adapters' in rest);
    expect(again.turns.map((turn) => turn.reply)).toEqual(taken.turns.map((turn) => turn.reply));
    expect(again.questions).toEqual(taken.questions);
    expect(again.report).toEqual(taken.report);
    expect(again.adapters).toEqual('adapters' in rest ? adapters : undefined);
  });
});
