/** A run of up to 50,000 turns on the real database: recorded, listed, filtered, searched, exported, taken in again; time and memory grow with it. */
import { deleteDB } from 'idb';
import { afterEach, expect, it } from 'vitest';
import { readArchive as readStored, storeArchive } from '../../src/library/storedRuns';
import { TurnWriter } from '../../src/job/turnWriter';
import { parseArchive } from '../../src/records/archiveSchema';
import type { Turn } from '../../src/records/records';
import { trajectoriesJsonl } from '../../src/records/trajectories';
import { openJobStore } from '../../src/store/jobStore';
import { packArchive, readArchive } from '../../src/ui/archiveFile';
import { debateTags } from '../../src/ui/state/debateIndex';
import { RunView } from '../../src/ui/state/runView.svelte';
import { makeArchive } from '../ui/fixtures/archive';

/** Turns of a question of the fixture: three agents in two rounds. */
const each = 6;
const sizes = [12_500, 25_000, 50_000];
/** Turns that end together, as those of a batch of an engine. */
const batch = 64;
/** A size may take so many times what the smallest takes for a turn; a run of squares would take 4 times. */
const most = 2.2;
/** Seconds below which a step's time says nothing of its growth. */
const least = 0.3;

interface Measured {
  readonly seconds: Readonly<Record<string, number>>;
  /** Bytes of the page's heap in use at the most, above those before. */
  readonly bytes: number;
}

const heap = (): number =>
  (performance as unknown as { readonly memory: { readonly usedJSHeapSize: number } }).memory.usedJSHeapSize;

let name = '';
afterEach(async () => {
  await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true });
  await deleteDB(name);
});

async function measured(turns: number): Promise<Measured> {
  name = `test-${crypto.randomUUID()}`;
  const seconds: Record<string, number> = {};
  const archive = makeArchive(Math.ceil(turns / each));
  const before = heap();
  let bytes = 0;
  const step = async <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
    const began = performance.now();
    const result = await work();
    seconds[what] = (performance.now() - began) / 1000;
    bytes = Math.max(bytes, heap() - before);
    return result;
  };
  const id = '0123abcd';
  const run = { ...archive.run, id, device: null, seconds: {} };
  const all = archive.turns.slice(0, turns).map((turn) => ({ ...turn, runId: id }));
  const store = await openJobStore(name);
  await store.createRun({ run, questions: archive.questions, turns: [] });

  await step('recorded', async () => {
    const writer = new TurnWriter(store);
    for (let at = 0; at < all.length; at += batch) {
      const ended = all.slice(at, at + batch).map((turn) => {
        const { questionId, protocol, round, agent } = turn;
        return writer.write(turn, { questionId, protocol, round, agent, startedAt: at, seconds: 1 });
      });
      await Promise.all(ended);
    }
  });
  const stored = await step('read', () => readStored(store, run));
  expect(stored.turns).toHaveLength(turns);
  const view = await step('listed', () => {
    const made = RunView.of(stored, 'stored');
    expect(made.questionIds(null, null)).toHaveLength(Math.ceil(turns / each));
    return made;
  });
  const listed = await step('filtered', () => debateTags.map((tag) => view.questionIds(tag, 'train').length));
  for (const count of listed.slice(0, 3)) expect(count).toBeGreaterThan(turns / 100);
  const found = await step('searched', () => view.matching(view.questionIds(null, null), 'MIA shells'));
  expect(found.length).toBeGreaterThan(turns / each / 40);
  const jsonl = await step('written', () => trajectoriesJsonl(stored.turns));
  expect(jsonl.split('\n')).toHaveLength(turns + 1);
  const file = await step('exported', () => packArchive(stored));
  const again = await step('taken in', async () => {
    const picked = await readArchive(new Uint8Array(await file.arrayBuffer()));
    const taken = await storeArchive(store, parseArchive(picked));
    return readStored(store, taken);
  });
  // Its id is another one.
  const plain = (list: readonly Turn[]) => trajectoriesJsonl(list.map((turn) => ({ ...turn, runId: '' })));
  expect(again.run.id).not.toBe(id);
  expect(plain(again.turns)).toBe(plain(stored.turns));
  return { seconds, bytes };
}

it('50,000 turns take as much of time and memory for each as a quarter of them', async () => {
  const results: Measured[] = [];
  for (const turns of sizes) {
    results.push(await measured(turns));
    if (turns !== sizes.at(-1)) {
      await (await navigator.storage.getDirectory()).removeEntry(name, { recursive: true });
      await deleteDB(name);
    }
  }
  const table = results.map(({ seconds, bytes }, i) => {
    const rounded = Object.entries(seconds).map(([what, one]) => `${what} ${one.toFixed(2)} s`);
    return `${sizes[i]} turns: ${rounded.join(', ')}; ${Math.round(bytes / 1e6)} MB`;
  });
  console.info(table.join('\n'));
  const [first, , last] = results;
  const grown = sizes[2]! / sizes[0]!;
  for (const [what, one] of Object.entries(last!.seconds))
    expect(one, `${what}\n${table.join('\n')}`).toBeLessThan(
      most * grown * Math.max(least / grown, first!.seconds[what]!),
    );
  expect(last!.bytes, table.join('\n')).toBeLessThan(most * grown * first!.bytes);
  // Beside the page's text of the file and what is read from it there is room on a small machine.
  expect(last!.bytes).toBeLessThan(2e9);
});
