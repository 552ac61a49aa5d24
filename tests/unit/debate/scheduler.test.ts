import { describe, expect, test } from 'vitest';
import type { AgentBackend } from '../../../src/agents/agent';
import { AgentError, DeviceLostError, ModelError, StorageError, TokenError } from '../../../src/core/errors';
import { Gate } from '../../../src/core/gate';
import type { Turn } from '../../../src/records/records';
import { hashKey } from '../../../src/core/rng';
import { debate, type DebateOptions } from '../../../src/debate/debate';
import type { TurnProgress } from '../../../src/debate/rate';
import { runTurns, type TurnsJob } from '../../../src/debate/scheduler';
import { greedy, singlePass } from '../../../src/debate/singlePass';
import { makeQuestions, prompt, Recorder, rightAnswer, ScriptedAgent, seededReply } from './scriptedAgent';

const options: DebateOptions = {
  agents: 3,
  rounds: 1,
  consensusStop: false,
  visibility: 'all',
  randomPeers: 1,
  seed: 7,
  prompt,
};

/** The same agent where all are loaded. */
const plain = ({ model }: AgentBackend): ScriptedAgent => new ScriptedAgent(seededReply, { model });

const failing = (message: string): Error => new AgentError(message, 'Try again.');

function job(change: Partial<TurnsJob> & Pick<TurnsJob, 'record' | 'agents'>): TurnsJob {
  return {
    runId: 'run',
    seed: 7,
    protocol: debate(options),
    questions: makeQuestions(10),
    sampling: { temperature: 0.7, topP: 1, maxTokens: 32 },
    retryDelay: 0,
    ...change,
  };
}

/** Three agents of which one is loaded at a time; asking another one fails the test. */
class ResolvedModels {
  readonly log: string[] = [];
  readonly agents: readonly ScriptedAgent[];
  loaded: AgentBackend | null = null;

  constructor(delay = 1) {
    this.agents = ['a', 'b', 'c'].map(
      (model) =>
        new ScriptedAgent(
          (request) => {
            expect(this.loaded?.model).toBe(model);
            return seededReply(request);
          },
          { model, delay: () => delay },
        ),
    );
  }

  readonly only = async (backend: AgentBackend): Promise<void> => {
    expect(this.agents.every(({ inFlight }) => inFlight === 0)).toBe(true);
    this.loaded = null;
    await sleep(1);
    this.loaded = backend;
    this.log.push(backend.model);
  };
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('the scheduler', () => {
  test('records every turn of every agent and round once, judged and seeded by place', async () => {
    const agent = new ScriptedAgent(seededReply);
    const { record, turns, timings } = new Recorder();
    const result = await runTurns(job({ agents: [agent], record }));
    expect(result).toHaveLength(10 * 3 * 2);
    expect(turns).toHaveLength(60);
    expect(timings.every((timing) => timing.seconds >= 0 && timing.startedAt > 1e9)).toBe(true);
    const turn = result[4]!;
    expect([turn.questionId, turn.round, turn.agent]).toEqual(['q000', 1, 1]);
    expect(turn.sampling.seed).toBe(hashKey(7, 'q000', 1, 1, 0));
    expect(turn.answer).toBe(turn.sampling.seed % 3 === 0 ? '2' : '1');
    expect(turn.correct).toBe(turn.answer === '1');
    expect(turn.strictCorrect).toBe(turn.correct);
  });

  test('shows an agent in round 1 its own reply and its peers’ replies of round 0', async () => {
    const agent = new ScriptedAgent((request) => `reply ${request.sampling.seed}`);
    const result = await runTurns(
      job({ agents: [agent], record: new Recorder().record, questions: makeQuestions(1) }),
    );
    const said = (round: number, who: number): Turn =>
      result.find((t) => t.round === round && t.agent === who)!;
    const seen = said(1, 2);
    const text = seen.messages.map((message) => message.content).join('\n');
    for (const who of [0, 1, 2]) expect(text).toContain(said(0, who).reply);
    expect(seen.messages.find((message) => message.role === 'assistant')?.content).toBe(said(0, 2).reply);
  });

  test('keeps each backend full but never above its concurrency', async () => {
    const wide = new ScriptedAgent(seededReply, { concurrency: 8, delay: () => 2 });
    const narrow = new ScriptedAgent(seededReply, { concurrency: 1, delay: () => 1 });
    await runTurns(
      job({ agents: [wide, narrow], record: new Recorder().record, questions: makeQuestions(30) }),
    );
    expect(wide.mostInFlight).toBe(8);
    expect(narrow.mostInFlight).toBe(1);
    expect(wide.calls + narrow.calls).toBe(30 * 6);
    expect(narrow.calls).toBe(30 * 2);
  });

  test('gives the same turns whatever the order in which replies come', async () => {
    const run = (concurrency: number, delay: (call: number) => number) =>
      runTurns(
        job({
          agents: [new ScriptedAgent(seededReply, { concurrency, delay })],
          record: new Recorder().record,
        }),
      );
    const orderly = await run(1, () => 0);
    const wild = await run(16, (call) => (call * 7919) % 11);
    expect(wild).toEqual(orderly);
  });

  test('resumes where a cancelled job stopped and ends with the same turns', async () => {
    const whole = await runTurns(
      job({ agents: [new ScriptedAgent(seededReply)], record: new Recorder().record }),
    );
    const stop = new AbortController();
    const first = new Recorder();
    const agent = new ScriptedAgent(seededReply, { delay: () => 1 });
    const cut = runTurns(
      job({
        agents: [agent],
        signal: stop.signal,
        record: async (turn, timing) => {
          await first.record(turn, timing);
          if (first.turns.length === 20) stop.abort();
        },
      }),
    );
    await expect(cut).rejects.toMatchObject({ code: 'interrupted' });
    expect(agent.inFlight).toBe(0);
    const kept = first.turns.length;
    expect(kept).toBeGreaterThanOrEqual(20);
    expect(kept).toBeLessThan(60);
    expect(first.turns.every((turn) => turn.finishReason === 'stop')).toBe(true);

    const second = new Recorder();
    const again = new ScriptedAgent(seededReply);
    const result = await runTurns(job({ agents: [again], record: second.record, stored: first.turns }));
    expect(again.calls).toBe(60 - kept);
    expect(second.turns).toHaveLength(60 - kept);
    expect(result).toEqual(whole);
  });

  test('a paused job starts nothing, and a step lets one exchange of one question pass', async () => {
    const gate = new Gate();
    gate.pause();
    const { record, turns } = new Recorder();
    const done = runTurns(
      job({ agents: [new ScriptedAgent(seededReply)], record, gate, questions: makeQuestions(4) }),
    );
    await sleep(20);
    expect(turns).toHaveLength(0);
    gate.step();
    await sleep(20);
    expect(turns.map((turn) => [turn.questionId, turn.round])).toEqual(Array(3).fill(['q000', 0]));
    gate.step();
    await sleep(20);
    expect(turns.slice(3).map((turn) => [turn.questionId, turn.round])).toEqual(Array(3).fill(['q000', 1]));
    gate.unpause();
    expect(await done).toHaveLength(24);
  });

  test('a paused job can be cancelled', async () => {
    const gate = new Gate();
    gate.pause();
    const stop = new AbortController();
    const done = runTurns(
      job({
        agents: [new ScriptedAgent(seededReply)],
        record: new Recorder().record,
        gate,
        signal: stop.signal,
      }),
    );
    setTimeout(() => stop.abort(), 5);
    await expect(done).rejects.toMatchObject({ code: 'interrupted' });
  });

  test('a failing turn is tried again and then recorded once as an error, while the others go on', async () => {
    const bad = new ScriptedAgent(() => failing('503'), { model: 'bad', concurrency: 1 });
    const good = new ScriptedAgent(seededReply, { model: 'good' });
    const problems: string[] = [];
    const { record, turns } = new Recorder();
    const result = await runTurns(
      job({
        agents: [good, bad],
        record,
        questions: makeQuestions(3),
        onProblem: (place, error) => problems.push(`${place.questionId} ${error.code}`),
      }),
    );
    const errors = turns.filter((turn) => turn.finishReason === 'error');
    expect(errors).toHaveLength(3 * 2);
    expect(errors.every((turn) => turn.model === 'bad' && turn.answer === null && !turn.correct)).toBe(true);
    expect(result.filter((turn) => turn.model === 'good')).toHaveLength(3 * 4);
    expect(problems[0]).toBe('q000 agent');
    expect(bad.calls).toBeGreaterThan(6);
    // A failed turn is shown to nobody: agent 0's round 1 sees itself and agent 2 only.
    const seen = result.find((turn) => turn.round === 1 && turn.agent === 0)!;
    expect(seen.messages.at(-1)?.content.match(/One agent's solution/g)).toHaveLength(1);
  });

  test('a turn that succeeds at the second attempt leaves no error', async () => {
    let calls = 0;
    const shaky = new ScriptedAgent((request) => (calls++ % 2 === 0 ? failing('429') : seededReply(request)));
    const result = await runTurns(
      job({ agents: [shaky], record: new Recorder().record, questions: makeQuestions(2), retries: 8 }),
    );
    expect(result.every((turn) => turn.finishReason === 'stop')).toBe(true);
  });

  test('rejects with AgentError when no backend answers, and records nothing that a resume would replay', async () => {
    const dead = new ScriptedAgent(() => failing('connection refused'), { model: 'dead' });
    const { record, turns } = new Recorder();
    const done = runTurns(job({ agents: [dead], record }));
    await expect(done).rejects.toBeInstanceOf(AgentError);
    await expect(done).rejects.toThrow(/dead/);
    expect(turns).toHaveLength(0);
    const few = runTurns(
      job({
        agents: [dead],
        record,
        questions: makeQuestions(1),
        protocol: singlePass({ name: 's', messages: () => [] }),
      }),
    );
    await expect(few).rejects.toBeInstanceOf(AgentError);
    expect(turns).toHaveLength(0);
  });

  test('a prompt that does not fit is an error turn at once, without retries', async () => {
    const agent = new ScriptedAgent((request) =>
      rightAnswer(request) === 1
        ? new TokenError('9000 tokens, 4096 fit.', 'Shorten it.')
        : seededReply(request),
    );
    const protocol = singlePass({
      name: 'eval:base',
      messages: (question) => prompt({ question, agent: 0, round: 0, own: [], peers: [] }),
    });
    const result = await runTurns(
      job({
        agents: [agent],
        record: new Recorder().record,
        protocol,
        sampling: greedy(32),
        questions: makeQuestions(3),
      }),
    );
    expect(result.map((turn) => turn.finishReason)).toEqual(['error', 'stop', 'stop']);
    expect(agent.calls).toBe(3);
    expect(result[1]).toMatchObject({ protocol: 'eval:base', sampling: { temperature: 0, maxTokens: 32 } });
  });

  test('a fault that is not an agent’s ends the job with that very error, after what is in flight has ended', async () => {
    const lost = new DeviceLostError('The device was lost.', 'Resume.');
    const agent = new ScriptedAgent((request) => (rightAnswer(request) === 3 ? lost : seededReply(request)), {
      delay: () => 1,
    });
    await expect(runTurns(job({ agents: [agent], record: new Recorder().record }))).rejects.toBe(lost);
    expect(agent.inFlight).toBe(0);

    const full = new StorageError('Disk full.', 'Delete runs.');
    const done = runTurns(
      job({ agents: [new ScriptedAgent(seededReply)], record: () => Promise.reject(full) }),
    );
    await expect(done).rejects.toBe(full);
  });

  test('loads one agent at a time, generates an exchange of every question with it, and gives the same turns', async () => {
    const all = await runTurns(
      job({ agents: new ResolvedModels().agents.map(plain), record: new Recorder().record }),
    );
    const cast = new ResolvedModels();
    const { record, turns } = new Recorder();
    const alone = await runTurns(job({ agents: cast.agents, only: cast.only, record }));
    expect(alone).toEqual(all);
    // The model that ends an exchange begins the next one.
    expect(cast.log).toEqual(['a', 'b', 'c', 'a', 'b']);
    expect(turns.slice(0, 10).map(({ round, agent }) => [round, agent])).toEqual(Array(10).fill([0, 0]));
    expect(cast.agents.map(({ mostInFlight }) => mostInFlight)).toEqual([4, 4, 4]);
  });

  test('with one agent at a time resumes where a cancelled job stopped, also one stopped while it loads', async () => {
    const whole = await runTurns(
      job({ agents: new ResolvedModels().agents.map(plain), record: new Recorder().record }),
    );
    const stop = new AbortController();
    const cut = new ResolvedModels();
    const first = new Recorder();
    const only = async (backend: AgentBackend): Promise<void> => {
      if (backend.model === 'b') stop.abort();
      await cut.only(backend);
    };
    const stopped = runTurns(job({ agents: cut.agents, only, signal: stop.signal, record: first.record }));
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    // What was being loaded is there before the job has ended, so that whoever frees it finds it.
    expect(cut.log).toEqual(['a', 'b']);
    expect(first.turns).toHaveLength(10);
    const again = new ResolvedModels();
    const result = await runTurns(
      job({ agents: again.agents, only: again.only, record: new Recorder().record, stored: first.turns }),
    );
    expect(result).toEqual(whole);
    expect(again.log[0]).toBe('b');
  });

  test('with one agent at a time a model that cannot be loaded ends the job with its error', async () => {
    const cast = new ResolvedModels();
    const error = new ModelError('c does not load.', 'Use another.');
    const only = (backend: AgentBackend): Promise<void> =>
      backend.model === 'c' ? Promise.reject(error) : cast.only(backend);
    const done = runTurns(job({ agents: cast.agents, only, record: new Recorder().record }));
    await expect(done).rejects.toBe(error);
  });

  test('with one agent at a time a step lets one exchange of one question pass', async () => {
    const gate = new Gate();
    gate.pause();
    const cast = new ResolvedModels(0);
    const { record, turns } = new Recorder();
    const done = runTurns(
      job({ agents: cast.agents, only: cast.only, record, gate, questions: makeQuestions(3) }),
    );
    await sleep(20);
    expect(cast.log).toEqual([]);
    gate.step();
    await sleep(60);
    expect(turns.map(({ questionId, round, agent }) => [questionId, round, agent])).toEqual([
      ['q000', 0, 0],
      ['q000', 0, 1],
      ['q000', 0, 2],
    ]);
    gate.unpause();
    expect(await done).toHaveLength(18);
  });

  test('reports progress that ends at all questions and turns', async () => {
    const seen: TurnProgress[] = [];
    await runTurns(
      job({
        // So slow that one turn's end is told from the next one's.
        agents: [new ScriptedAgent(seededReply, { delay: () => 60 })],
        record: new Recorder().record,
        onProgress: (progress) => seen.push(progress),
      }),
    );
    expect(seen[0]).toMatchObject({
      questionsDone: 0,
      questions: 10,
      turnsDone: 0,
      turns: 60,
      secondsLeft: null,
    });
    expect(seen[30]?.secondsLeft).toBeGreaterThan(0);
    expect(seen[30]?.tokensPerSecond).toBeGreaterThan(0);
    expect(seen.at(-1)).toMatchObject({ questionsDone: 10, turnsDone: 60, turns: 60, secondsLeft: 0 });
  });
});
