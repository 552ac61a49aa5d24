import { withValues } from '../../../src/settings/config';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MemorySource } from '../../../src/core/fileSource';
import type { RunArchive } from '../../../src/records/runRecords';
import type { Turn } from '../../../src/records/records';
import type { RunConfig } from '../../../src/settings/config';
import { baseHash } from '../../../src/engine/baseHash';
import { packArchive, unpackArchive } from '../../../src/records/archiveFile';
import { nodeJobs, tinyJob, type NodeJob } from '../../support/nodeJob';

const newJob = nodeJobs();
const config: RunConfig = { ...tinyJob, strategies: ['rsft'] };
const withPad = withValues(config, {
  strategies: ['rsft', 'pad'],
  'pad.rl.updates': 2,
  'pad.rl.questions': 2,
  'pad.rl.samples': 2,
  'pad.reward.steps': 2,
  'pad.reward.ownSamples': 1,
});

async function finished(job: NodeJob, settings: RunConfig, from?: string): Promise<RunArchive> {
  const { id } = await job.coordinator.start(settings, null, from);
  await job.coordinator.ended();
  const archive = await job.api.runs.wholeArchive(id);
  expect(archive.run.error).toBeNull();
  return archive;
}

/** A run as it comes from its file, with a change. */
async function imported(
  job: NodeJob,
  archive: RunArchive,
  change: (archive: RunArchive) => RunArchive,
): Promise<string> {
  return (await job.api.runs.importArchive(unpackArchive(packArchive(change(archive))))).id;
}

/** Steps that were trained since the last look, by strategy. */
function trained(job: NodeJob): Readonly<Record<string, number>> {
  const steps: Record<string, number> = {};
  for (const event of job.events.splice(0))
    if (event.type === 'train') steps[event.strategy] = (steps[event.strategy] ?? 0) + 1;
  return steps;
}

const weights = ({ adapters }: RunArchive, name = 'rsft'): string | undefined =>
  adapters?.find(({ strategy }) => strategy === name)?.files['adapter_model.safetensors'];

/** Another debate on the same questions under the same settings: the first training question's turns say something else. */
function otherTurns(archive: RunArchive): RunArchive {
  const first = archive.questions.find(({ split }) => split === 'train')!.id;
  const other = (turn: Turn): Turn =>
    turn.questionId === first ? { ...turn, reply: `So it is. ${turn.reply}` } : turn;
  return { ...archive, turns: archive.turns.map(other) };
}

const unhashed = (archive: RunArchive): RunArchive => ({
  ...archive,
  logs: archive.logs.map(({ inputs: _, ...log }) => log),
});

describe('a training of the run whose debate is used', () => {
  it('is taken over on the same turns, also from a file', async () => {
    const job = await newJob();
    const source = await finished(job, config);
    expect(source.logs.map(({ inputs }) => inputs)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    const elsewhere = await newJob();
    const from = await imported(elsewhere, source, (archive) => archive);
    const again = await finished(elsewhere, config, from);
    expect(trained(elsewhere)).toEqual({});
    expect(weights(again)).toBe(weights(source));
    expect(again.logs).toEqual(source.logs);
  });

  it('is not taken over on other turns under the same settings', async () => {
    const job = await newJob();
    const source = await finished(job, config);
    trained(job);
    const from = await imported(job, source, otherTurns);
    const again = await finished(job, config, from);
    expect(trained(job)).toEqual({ rsft: config.steps });
    expect(weights(again)).not.toBe(weights(source));
    expect(again.datasets[0]?.traces.some(({ target }) => target.startsWith('So it is.'))).toBe(true);
  });

  it('is made again where its inputs are not recorded', async () => {
    const job = await newJob();
    const source = await finished(job, config);
    trained(job);
    const from = await imported(job, source, unhashed);
    const again = await finished(job, config, from);
    expect(trained(job)).toEqual({ rsft: config.steps });
    expect(weights(again)).toBe(weights(source));
  });

  it('is made again by a run resumed from a file with other turns, and so are its answers', async () => {
    const job = await newJob();
    const source = await finished(job, config);
    trained(job);
    const id = await imported(job, source, (archive) => ({
      ...otherTurns(archive),
      turns: otherTurns(archive).turns.map((turn) =>
        turn.protocol.startsWith('eval:distilled')
          ? { ...turn, reply: 'an answer of another student' }
          : turn,
      ),
      report: null,
    }));
    await job.coordinator.resume(id);
    await job.coordinator.ended();
    expect(trained(job)).toEqual({ rsft: config.steps });
    const { turns } = await job.api.runs.archive(id);
    expect(turns.some(({ reply }) => reply === 'an answer of another student')).toBe(false);
  });

  it('of PAD is taken over with its reward model, and neither is on other turns', async () => {
    const job = await newJob();
    const source = await finished(job, withPad);
    trained(job);
    const same = await finished(job, withPad, source.run.id);
    expect(trained(job)).toEqual({});
    expect(same.report?.pad).toEqual(source.report?.pad);
    // What the student's RL alone hangs on leaves the reward model as it is.
    await finished(job, withValues(withPad, { 'pad.rl.klWeight': 0.2 }), source.run.id);
    expect(Object.keys(trained(job))).toEqual(['pad']);
    const from = await imported(job, source, otherTurns);
    await finished(job, withPad, from);
    expect(Object.keys(trained(job)).sort()).toEqual(['pad', 'reward-model', 'rsft']);
  });
});

describe('the hash of a base', () => {
  const folder = 'public/models/student';
  const files = new Map(
    readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(`${folder}/${name}`))]),
  );
  const hash = (changed: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, name?: string): Promise<string> =>
    baseHash(new MemorySource(changed, name), new AbortController().signal);

  it('is of its bytes: another name is the same base, another weight or token is another one', async () => {
    const own = await hash(files);
    expect(await hash(files, 'renamed')).toBe(own);
    expect(await hash(new Map([...files].filter(([name]) => name !== 'README.md')))).toBe(own);
    for (const name of ['model.safetensors', 'tokenizer.json', 'generation_config.json']) {
      const bytes = files.get(name)!.slice();
      bytes[bytes.length - 2]! ^= name === 'model.safetensors' ? 1 : 0x2a;
      expect(await hash(new Map([...files, [name, bytes]])).catch(() => 'refused'), name).not.toBe(own);
    }
  });
});
