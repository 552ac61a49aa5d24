import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BusyError, ConfigError } from '../../../src/core/errors';
import type { AskArm, AskRequest } from '../../../src/wire/playground';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import type { AskProgress } from '../../../src/wire/playground';
import { unpackArchive } from '../../../src/records/archiveFile';
import { openNodeJob } from '../../support/nodeJob';
import type { NodeJob } from '../../support/nodeJob';
import { makeTinyConfig } from '../../support/makeConfig';

const tiny = makeTinyConfig({ testQuestions: 4, steps: 6 });

let job: NodeJob;
let runId: string;
let adapted: AskArm;

beforeAll(async () => {
  job = await openNodeJob();
  ({ id: runId } = await job.coordinator.start(tiny, null));
  await job.coordinator.ended();
  adapted = { type: 'distilled', runId, strategy: 'rsft', seed: 0 };
}, 120_000);
afterAll(() => job.close());

function request(question: string, arms: readonly AskArm[], change: Partial<AskRequest> = {}): AskRequest {
  return { question, answerType: 'number', config: tiny, arms, ...change };
}

const [known] = examples();
function examples() {
  const list = generateQuestions({ seed: 7, split: 'test', count: 3 });
  return list.map(({ text }) => text) as [string, string, string];
}

describe('the playground', () => {
  it('asks a multiple choice with its options, and refuses one option alone', async () => {
    const choice = { answerType: 'choice', options: [' 12 ', '9', ''] } as const;
    const [result] = await job.api.playground.ask(request(known, [{ type: 'base' }], choice));
    expect(result!.answer === null || /^[AB]$/.test(result!.answer)).toBe(true);
    const alone = request(known, [{ type: 'base' }], { answerType: 'choice', options: ['9'] });
    await expect(job.api.playground.ask(alone)).rejects.toThrow('2 to 10 options; this one has 1');
    const unknown = request(known, [{ type: 'base' }], { answerType: 'choice', options: ['9', 'Wombat'] });
    await expect(job.api.playground.ask(unknown)).rejects.toThrow('Wombat');
  });

  it('asks the base, an adapter and the ensemble at once, and streams what each says', async () => {
    const asked = request(known, [{ type: 'base' }, adapted, { type: 'ensemble' }]);
    const said: AskProgress[] = [];
    job.events.length = 0;
    const results = await job.api.playground.ask(asked, { onProgress: (progress) => said.push(progress) });
    // Only whoever asked hears of it.
    expect(job.events).toEqual([]);
    expect(results.map(({ replies }) => replies.length)).toEqual([1, 1, tiny.nAgents * (tiny.rounds + 1)]);
    expect(results[2]!.votes?.total).toBe(tiny.nAgents);
    for (const arm of [0, 1, 2]) {
      const parts = said.filter((part) => part.type !== 'load' && part.arm === arm);
      expect(parts.filter(({ type }) => type === 'reply')).toHaveLength(results[arm]!.replies.length);
      expect(parts.at(-1)?.type).toBe('done');
    }
  });

  it('switches adapters without loading the base again', async () => {
    const said: AskProgress[] = [];
    const heard = { onProgress: (progress: AskProgress) => void said.push(progress) };
    // A training of a few steps changes some replies, not each.
    const replies = async (arm: AskArm): Promise<readonly string[]> => {
      const list: string[] = [];
      for (const text of examples()) {
        const [result] = await job.api.playground.ask(request(text, [arm]), heard);
        list.push(result!.replies[0]!.reply);
      }
      return list;
    };
    const base = await replies({ type: 'base' });
    const first = await replies(adapted);
    const again = await replies(adapted);
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter(({ type }) => type === 'load')).toEqual([]);
    expect(again).toEqual(first);
    expect(first).not.toEqual(base);
  });

  it('gives the answer that the evaluation gave to the same question', async () => {
    const { turns, questions } = await job.api.runs.archive(runId);
    for (const [arm, protocol] of [
      [{ type: 'base' }, 'eval:base'],
      [adapted, 'eval:distilled:rsft'],
    ] as const) {
      const turn = turns.find((one) => one.protocol === protocol && one.split === 'test')!;
      const { text } = questions.find(({ id }) => id === turn.questionId)!;
      const [result] = await job.api.playground.ask(request(text, [arm]));
      expect(result!.replies[0]!.reply, protocol).toBe(turn.reply);
    }
  });

  it('names the words that the bundled models do not know, and how a known one is written', async () => {
    const asked = job.api.playground.ask(request('anna has 3 giraffes. How many?', [{ type: 'base' }]));
    await expect(asked).rejects.toThrow(ConfigError);
    await expect(asked).rejects.toThrow('"anna" (write Anna) and "giraffes"');
    await expect(asked).rejects.toMatchObject({ details: { words: ['anna', 'giraffes'] } });
  });

  it('refuses an empty question, no arm, and an adapter that does not exist', async () => {
    await expect(job.api.playground.ask(request('  ', [{ type: 'base' }]))).rejects.toThrow('is empty');
    await expect(job.api.playground.ask(request(known, []))).rejects.toThrow('No arm is chosen');
    const nobody: AskArm = { type: 'distilled', runId, strategy: 'da', seed: 0 };
    await expect(job.api.playground.ask(request(known, [nobody]))).rejects.toThrow('no finished adapter da');
    await expect(job.api.playground.ask(request(known, [{ type: 'base' }]))).resolves.toHaveLength(1);
  });

  it('is refused while a run works, and a run that starts ends the question', async () => {
    const other = { ...tiny, seed: 5 };
    await job.coordinator.start(other, null);
    await expect(job.api.playground.ask(request(known, [{ type: 'base' }]))).rejects.toThrow(BusyError);
    await job.coordinator.stop();
    const asked = job.api.playground.ask(request(known, [{ type: 'ensemble' }]));
    const ending = expect(asked).rejects.toMatchObject({ code: 'interrupted' });
    await job.coordinator.resume((await job.api.runs.list()).find((run) => run.status === 'interrupted')!.id);
    await ending;
    await job.coordinator.stop();
  });

  it('is aborted by its caller, and the next question is answered', async () => {
    const controller = new AbortController();
    const asked = job.api.playground.ask(request(known, [{ type: 'ensemble' }]), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(asked).rejects.toMatchObject({ code: 'interrupted' });
    await expect(job.api.playground.ask(request(known, [{ type: 'base' }]))).resolves.toHaveLength(1);
  });

  it('lists the adapters of stored runs, and those that ship with the page', async () => {
    const listed = await job.api.playground.adapters();
    expect(listed[0]).toMatchObject({ runId, strategy: 'rsft', seed: 0, origin: 'run' });
    expect(listed.filter(({ origin }) => origin === 'recorded')).toHaveLength(1);
  });

  it('asks the recorded adapter, which gives the answers that the recorded run was judged by', async () => {
    const recorded = unpackArchive(readFileSync('public/recorded/run.json.gz'));
    const shipped = (await job.api.playground.adapters()).find(({ origin }) => origin === 'recorded')!;
    expect(shipped.runId).toBe(recorded.run.id);
    const { strategy, seed } = shipped;
    for (const item of recorded.report!.items.slice(0, 12)) {
      const arm: AskArm = { type: 'distilled', runId: recorded.run.id, strategy, seed };
      const asked = request(item.question, [arm], {
        config: { ...tiny, ...recorded.run.config, backend: 'cpu' },
      });
      const [result] = await job.api.playground.ask(asked);
      expect(result!.answer).toBe(item.verdicts['distilled:rsft']!.answer);
    }
  });

  it('asks an adapter that was imported, and answers as the one that it is a copy of', async () => {
    const files = await job.api.runs.adapter({ runId, strategy: 'rsft', seed: 0 });
    const first = await job.api.playground.importAdapter({ files, name: 'Mine', student: 'agent-a' });
    // Its config names the bundled student, which counts more than the model that was at hand.
    expect(first).toEqual({
      runId: 'imported',
      runName: 'Mine',
      strategy: 'mine',
      seed: 0,
      student: 'student',
      origin: 'imported',
    });
    const second = await job.api.playground.importAdapter({ files, name: 'Mine', student: 'student' });
    expect(second).toMatchObject({ runName: 'Mine (2)', strategy: 'mine-2' });
    const arm: AskArm = { type: 'distilled', runId: 'imported', strategy: 'mine', seed: 0 };
    const own: AskArm = { type: 'distilled', runId, strategy: 'rsft', seed: 0 };
    const [imported, trained] = await job.api.playground.ask(request(known, [arm, own]));
    expect(imported!.replies.map(({ reply }) => reply)).toEqual(trained!.replies.map(({ reply }) => reply));

    await job.api.playground.removeAdapter('mine');
    const left = (await job.api.playground.adapters()).filter(({ origin }) => origin === 'imported');
    expect(left).toEqual([second]);
    await expect(job.api.playground.ask(request(known, [arm]))).rejects.toThrow('no imported adapter mine');
    await job.api.playground.removeAdapter('mine-2');
  });

  it.each(['mlx', 'gguf-adapter'] as const)(
    'asks an adapter that left as %s and came back, and answers as before',
    async (format) => {
      const chosen = { runId, strategy: 'rsft', seed: 0, format };
      const files = await job.api.students.exportStudent({ chosen, budget: 0 });
      const back = await job.api.playground.importAdapter({ files, name: format, student: 'student' });
      expect(back.student).toBe('student');
      const arm: AskArm = { type: 'distilled', runId: 'imported', strategy: back.strategy, seed: 0 };
      const own: AskArm = { type: 'distilled', runId, strategy: 'rsft', seed: 0 };
      const [again, trained] = await job.api.playground.ask(request(known, [arm, own]));
      expect(again!.replies.map(({ reply }) => reply)).toEqual(trained!.replies.map(({ reply }) => reply));
      // mlx_lm's folder names its model, a GGUF does not.
      const far = job.api.playground.importAdapter({ files, name: 'far', student: 'nobody' });
      if (format === 'mlx') await job.api.playground.removeAdapter((await far).strategy);
      else await expect(far).rejects.toThrow('is read beside its model');
      await job.api.playground.removeAdapter(back.strategy);
    },
  );

  it('refuses adapters that are damaged, of another kind, or of another model', async () => {
    const files = await job.api.runs.adapter({ runId, strategy: 'rsft', seed: 0 });
    const config = JSON.parse(new TextDecoder().decode(files['adapter_config.json'])) as object;
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const refused = (change: Record<string, Uint8Array>) =>
      job.api.playground.importAdapter({ files: { ...files, ...change }, name: 'Other', student: 'student' });
    const weights = files['adapter_model.safetensors']!;
    await expect(refused({ 'adapter_model.safetensors': weights.slice(0, 900) })).rejects.toMatchObject({
      code: 'file-format',
    });
    await expect(refused({ 'adapter_config.json': bytes({ ...config, use_dora: true }) })).rejects.toThrow(
      'DoRA',
    );
    expect((await job.api.playground.adapters()).some(({ origin }) => origin === 'imported')).toBe(false);

    const stranger = bytes({ ...config, base_model_name_or_path: 'somebody/else' });
    const { student } = await job.api.playground.importAdapter({
      files: { ...files, 'adapter_config.json': stranger },
      name: 'Stranger',
      student: 'agent-a',
    });
    expect(student).toBe('agent-a');
    // Matrices of rank 16 under a config that says 8: as with another model, they do not fit.
    await expect(refused({ 'adapter_config.json': bytes({ ...config, r: 8 }) })).rejects.toThrow(
      /but this model needs \[8, /,
    );
    const odd = { 'adapter_config.json': bytes({ ...config, base_model_name_or_path: 'x', r: 8 }) };
    await expect(
      job.api.playground.importAdapter({ files: { ...files, ...odd }, name: 'Odd', student: 'bundled' }),
    ).rejects.toThrow(/but this model needs \[8, /);
    // A model that is not at hand says nothing before it is asked.
    const far = await job.api.playground.importAdapter({
      files: { ...files, ...odd },
      name: 'Far',
      student: 'nobody',
    });
    expect(far.student).toBe('nobody');
  });

  it('shows every kernel with its source, and none as compiled on the CPU', async () => {
    const kernels = await job.api.device.kernels();
    expect(kernels.length).toBeGreaterThan(20);
    for (const { source, compiled } of kernels) {
      expect(source).toMatch(/^\/\//);
      expect(compiled).toEqual([]);
    }
  });
});
