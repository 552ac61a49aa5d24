import { describe, expect, it } from 'vitest';
import type { JobEvent } from '../../../src/wire/jobEvents';
import type { RunRecord } from '../../../src/records/runRecords';
import { trajectoriesJsonl } from '../../../src/records/trajectories';
import type { Damage, OnDamage } from '../../../src/store/digest';
import type { JobStore } from '../../../src/store/jobStore';
import type { StoredRun } from '../../../src/store/schema';
import { changedStore, createMemoryStore } from '../../support/memoryStore';
import { nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const newJob = nodeJobs();

async function undisturbed() {
  const job = await newJob();
  const { id } = await job.coordinator.start(tinyJob, null);
  await job.coordinator.ended();
  return outcome(job, id);
}

async function outcome(job: NodeJob, id: string) {
  const { run, turns, logs } = await job.api.runs.archive(id);
  expect(run.error).toBeNull();
  expect(run.status).toBe('done');
  const adapter = await job.api.runs.adapter({ runId: id, strategy: 'rsft', seed: 0 });
  return {
    trajectories: trajectoriesJsonl(turns),
    adapter: Object.fromEntries(Object.entries(adapter).map(([name, bytes]) => [name, [...bytes]])),
    losses: logs.map(({ steps }) => steps.map(({ loss }) => loss)),
  };
}

/** A run that was stopped, then gone on with over a store that `change` made of its own. */
async function goneOn(stopAt: (event: JobEvent) => boolean, change: (store: JobStore) => JobStore) {
  const first = await newJob();
  let stopping: Promise<void> | null = null;
  first.onEvent = (event) => {
    if (stopAt(event)) stopping ??= first.coordinator.stop();
  };
  const { id } = await first.coordinator.start(tinyJob, null);
  await first.coordinator.ended();
  await Promise.resolve(stopping);
  const second = await newJob(changedStore(first.store, change(first.store)));
  await second.coordinator.resume(id);
  await second.coordinator.ended();
  const said = second.events.flatMap((event) => (event.type === 'error' ? [event.error.message] : []));
  return { second, id, said };
}

/** The first read of a part finds it damaged, as the store tells it (tests/store shows when it does). */
function once(damage: Damage): (onDamage: OnDamage | undefined) => boolean {
  let told = false;
  return (onDamage) => {
    if (told) return false;
    told = onDamage !== undefined;
    onDamage?.(damage);
    return true;
  };
}

const inTraining = (event: JobEvent): boolean => event.type === 'train' && event.log.step === 2;
const inEvaluation = (event: JobEvent): boolean =>
  event.type === 'turn' && event.turn.protocol === 'eval:distilled:rsft';

describe('a run whose stored parts are damaged ends as an undisturbed one, and says what it made again', () => {
  it.each<[string, (event: JobEvent) => boolean, string, (store: JobStore) => JobStore]>([
    [
      'a checkpoint',
      inTraining,
      'the checkpoint of rsft',
      (store) => {
        const damaged = once({ part: 'checkpoint', name: 'rsft', seed: 0 });
        return {
          ...store,
          getCheckpoint: async (id, hear) => (damaged(hear) ? null : store.getCheckpoint(id, hear)),
        };
      },
    ],
    [
      'a checkpoint of an older version, which has no digest',
      inTraining,
      'the checkpoint of rsft',
      (store) => ({
        ...store,
        getCheckpoint: async (id) => {
          const found = await store.getCheckpoint(id);
          found?.bytes.fill(7, 0, 40);
          return found;
        },
      }),
    ],
    [
      'an adapter',
      inEvaluation,
      'the adapter of rsft',
      (store) => {
        const damaged = once({ part: 'adapter', name: 'rsft', seed: 0 });
        return {
          ...store,
          getAdapter: async (id, hear) => (damaged(hear) ? null : store.getAdapter(id, hear)),
        };
      },
    ],
    [
      'an adapter of an older version that was cut short',
      inEvaluation,
      'the adapter of rsft',
      (store) => {
        let cut = true;
        return {
          ...store,
          getAdapter: async (id, hear) => {
            const files = await store.getAdapter(id, hear);
            const name = 'adapter_model.safetensors';
            if (cut && files?.[name]) files[name] = files[name].slice(0, 1000);
            cut = false;
            return files;
          },
        };
      },
    ],
    [
      'a training log',
      inTraining,
      'the training log of rsft',
      (store) => {
        // As in storage: damaged until it is written anew.
        let damaged = true;
        return {
          ...store,
          putLog: (log) => {
            damaged = false;
            return store.putLog(log);
          },
          getLogs: async (id, hear) => {
            if (!damaged) return store.getLogs(id, hear);
            hear?.({ part: 'log', name: 'rsft', seed: 0 });
            return [];
          },
        };
      },
    ],
    [
      'turns',
      inTraining,
      '2 turns',
      (store) => {
        let lost = 2;
        return {
          ...store,
          getTurns: async (id, hear) => {
            const turns = [...(await store.getTurns(id))];
            if (!hear) return turns;
            const gone = turns.splice(0, lost);
            lost = 0;
            for (const { protocol, questionId } of gone)
              hear({ part: 'turn', name: `${protocol}/${questionId}/0/0` });
            return turns;
          },
        };
      },
    ],
  ])('%s', async (_, stopAt, part, change) => {
    const whole = await undisturbed();
    const { second, id, said } = await goneOn(stopAt, change);
    expect(said.filter((message) => message.includes('made again'))).toEqual([
      `Stored parts of this run were damaged and are made again: ${part}.`,
    ]);
    expect(await outcome(second, id)).toEqual(whole);
  });
});

const good: StoredRun = {
  id: '0000000a',
  name: 'good',
  note: '',
  config: tinyJob,
  createdAt: 2,
  status: 'interrupted',
  phase: 'debate',
  pinned: false,
  error: null,
  device: null,
  seconds: {},
};

describe('a stored run whose own record is damaged', () => {
  const broken = (change: object): StoredRun => ({
    ...good,
    id: '0000000b',
    name: 'bad',
    createdAt: 1,
    ...change,
  });

  it.each([
    ['settings that are null', { config: null }, 'config'],
    ['settings of another kind', { config: { agents: 5 } }, 'agents is 5'],
    ['a phase that there is not', { phase: 'zzz' }, 'phase'],
  ])(
    'with %s is listed beside the good one, named when it is opened, and can be deleted',
    async (_, change, reason) => {
      const store = createMemoryStore();
      await store.putRun(good);
      await store.putRun(broken(change));
      const { coordinator, api } = await newJob(store);
      const runs: readonly RunRecord[] = await api.runs.list();
      expect(runs.map(({ id, damaged }) => [id, damaged === undefined])).toEqual([
        ['0000000a', true],
        ['0000000b', false],
      ]);
      expect(runs[1]?.damaged).toContain(reason);
      for (const call of [() => api.runs.archive('0000000b'), () => coordinator.resume('0000000b')]) {
        await expect(call()).rejects.toMatchObject({
          code: 'import',
          message: expect.stringContaining('record of run 0000000b is damaged') as string,
          hint: 'Delete this run and start a new one.',
        });
      }
      expect((await api.playground.adapters()).every(({ runId }) => runId !== '0000000b')).toBe(true);
      await api.runs.remove('0000000b');
      expect((await api.runs.list()).map(({ id }) => id)).toEqual(['0000000a']);
      expect((await api.runs.bin()).map(({ id }) => id)).toEqual(['0000000b']);
      await api.runs.purge('0000000b');
      expect((await store.listRuns()).map(({ id }) => id)).toEqual(['0000000a']);
    },
  );
});
