import { beforeEach, describe, expect, it, vi } from 'vitest';
import { BusyError } from '../../src/core/errors';
import type { JobEvent } from '../../src/wire/jobEvents';
import { Session } from '../../src/ui/state/session.svelte';
import { makeArchive } from './fixtures/archive';
import { ScriptedClient } from './fixtures/scriptedClient';

let client: ScriptedClient;
let session: Session;

function progress(change: Partial<Extract<JobEvent, { type: 'progress' }>>): JobEvent {
  return {
    type: 'progress',
    runId: 'new',
    phase: 'debate',
    status: 'running',
    done: 1,
    total: 10,
    detail: null,
    secondsLeft: 5,
    tokensPerSecond: 100,
    bytes: null,
    ...change,
  };
}

beforeEach(() => {
  client = new ScriptedClient();
  session = new Session({ connect: async () => client, recorded: async () => makeArchive(8) });
});

describe('opening the page', () => {
  it('shows the recorded run without starting the engine', async () => {
    const connect = vi.fn(async () => client);
    const fresh = new Session({ connect, recorded: async () => makeArchive(8) });
    await fresh.screen.showRecorded();
    expect(fresh.screen.view?.source).toBe('recorded');
    expect(fresh.screen.view?.debateFacts.questions).toBe(8);
    expect(connect).not.toHaveBeenCalled();
  });

  it('says that there is no recorded run where the build has none', async () => {
    const bare = new Session({ connect: async () => client, recorded: async () => null });
    await bare.screen.showRecorded();
    expect(bare.screen.view).toBeNull();
    expect(bare.screen.looked).toBe(true);
    expect(bare.notices.list).toEqual([]);
  });

  it('offers the newest interrupted run, until it is declined', async () => {
    client.store({ id: 'a', name: 'older', status: 'interrupted', createdAt: 1 });
    client.store({ id: 'b', name: 'newer', status: 'interrupted', createdAt: 2 });
    client.store({ id: 'c', name: 'finished', status: 'done', createdAt: 3 });
    await session.connect();
    expect(session.controls.interrupted?.name).toBe('newer');
    session.controls.declined = 'b';
    expect(session.controls.interrupted).toBeNull();
  });

  it('turns a coordinator that does not start into a notice, and tries again on the next action', async () => {
    let tries = 0;
    const flaky = new Session({
      connect: async () => {
        tries += 1;
        if (tries === 1) throw new Error('worker blocked');
        return client;
      },
      recorded: async () => null,
    });
    await flaky.connect();
    expect(flaky.notices.list.map((notice) => notice.message)).toEqual(['The engine did not start.']);
    await flaky.controls.start();
    expect(client.names()).toContain('start');
  });
});

describe('running', () => {
  it('starts with the settings, shows the run and grows it by its events', async () => {
    session.settings.readHash('#n-agents=4', []);
    await session.controls.start();
    expect(client.calls.find(([name]) => name === 'start')?.[1]).toMatchObject({
      nAgents: 4,
      preset: 'custom',
    });
    expect(session.screen.view?.source).toBe('live');
    expect(session.controls.active).toBe(true);
    for (const turn of makeArchive(8).turns.slice(0, 6)) client.emit({ type: 'turn', runId: 'new', turn });
    await vi.waitFor(() => expect(session.screen.view?.debateFacts.questions).toBe(1));
  });

  it('is told of questions and turns once, and asks for the whole run only where a turn is missing', async () => {
    const { questions, turns } = makeArchive(8);
    const timings = turns.map((turn) => ({ ...turn, startedAt: 0, seconds: 1 }));
    const fetched = () => client.names().filter((name) => name === 'archive' || name === 'outcome');
    await session.controls.start();
    await vi.waitFor(() => expect(session.screen.view?.question(questions[0]!.id)).toBeDefined());
    expect(fetched()).toEqual([]);
    for (const turn of turns.slice(0, 2)) client.emit({ type: 'turn', runId: 'new', turn });
    const end = (known: number): void => {
      const archive = client.archives.get('new')!;
      client.archives.set('new', { ...archive, turns, timings: timings.slice(0, known) });
      for (const status of ['running', 'done'] as const)
        client.emit({
          type: 'progress',
          runId: 'new',
          phase: status === 'done' ? 'done' : 'report',
          status,
          done: 1,
          total: 1,
          detail: null,
          secondsLeft: null,
          tokensPerSecond: null,
          bytes: null,
        });
    };
    end(2);
    await vi.waitFor(() => expect(fetched()).toEqual(['outcome']));
    end(3);
    await vi.waitFor(() => expect(fetched()).toEqual(['outcome', 'outcome', 'archive']));
    expect(session.screen.view?.turns).toBe(turns.length);
  });

  it('keeps events that come before the answer to start', async () => {
    const [turn] = makeArchive(8).turns;
    const { start } = client.api.control;
    Object.assign(client.api.control, {
      start: async (...args: Parameters<typeof start>) => {
        const run = await start(...args);
        client.emit({ type: 'turn', runId: 'new', turn: turn! });
        return run;
      },
    });
    await session.controls.start();
    await vi.waitFor(() => expect(session.screen.view?.debateFacts.turns).toBe(1));
  });

  it('follows the phases until somebody picks a step', async () => {
    await session.controls.start();
    client.emit(progress({ phase: 'distil' }));
    expect(session.screen.step).toBe('distil');
    session.screen.chooseStep('debate');
    client.emit(progress({ phase: 'evaluate' }));
    expect(session.screen.step).toBe('debate');
  });

  it('pauses, steps, resumes and stops, and offers the stopped run again', async () => {
    await session.controls.start();
    client.emit(progress({}));
    await session.controls.pause();
    expect(session.controls.job?.status).toBe('paused');
    await session.controls.stepOnce();
    await session.controls.unpause();
    expect(session.controls.job?.status).toBe('running');
    await session.controls.stop();
    expect(client.names().filter((name) => ['pause', 'step', 'unpause', 'stop'].includes(name))).toEqual([
      'pause',
      'step',
      'unpause',
      'stop',
    ]);
    expect(session.controls.active).toBe(false);
    expect(session.controls.interrupted?.id).toBe('new');
  });

  it('ends when the run is recorded as failed, and keeps what was made', async () => {
    await session.controls.start();
    const [turn] = makeArchive(8).turns;
    client.emit({ type: 'turn', runId: 'new', turn: turn! });
    client.emit({
      type: 'error',
      runId: 'new',
      error: { code: 'device-lost', message: 'gone', hint: 'again' },
    });
    client.emit({ type: 'runs', runs: client.runs.map((run) => ({ ...run, status: 'failed' as const })) });
    expect(session.controls.active).toBe(false);
    expect(session.notices.list[0]?.code).toBe('device-lost');
    await vi.waitFor(() => expect(session.screen.view?.debateFacts.turns).toBe(1));
  });

  it('reads the stored run when it is done, so that traces and report are there', async () => {
    await session.controls.start();
    client.archives.set('new', { ...makeArchive(8), run: { ...makeArchive(1).run, id: 'new' } });
    client.emit(progress({ phase: 'done', status: 'done' }));
    await vi.waitFor(() => expect(session.screen.view?.report).not.toBeNull());
    expect(session.screen.view?.datasets[0]?.traces?.length).toBeGreaterThan(0);
  });

  it('shows a run that another tab started', async () => {
    client.store({ id: 'elsewhere', name: 'far-tern', status: 'running', phase: 'debate' });
    await session.connect();
    client.emit(progress({ runId: 'elsewhere' }));
    await vi.waitFor(() => expect(session.screen.live?.run.name).toBe('far-tern'));
    expect(session.controls.active).toBe(true);
  });

  it('shows a refusal and stays where it was', async () => {
    await session.screen.showRecorded();
    client.failures.set('start', new BusyError('A run is in progress already.', 'Stop it.'));
    await session.controls.start();
    expect(session.notices.list[0]).toMatchObject({ code: 'busy', hint: 'Stop it.' });
    expect(session.screen.view?.source).toBe('recorded');
    expect(session.controls.busy).toBe(false);
  });

  it('goes on with an interrupted run from what is stored', async () => {
    client.store({ id: 'cut', name: 'cut-off', status: 'interrupted', phase: 'distil' });
    await session.controls.resume('cut');
    expect(client.names().slice(-2)).toEqual(['archive', 'resume']);
    expect(session.screen.view?.run.name).toBe('cut-off');
    expect(session.screen.step).toBe('distil');
  });

  it('drops the steps that a resumed training repeats', async () => {
    await session.controls.start();
    const log = (step: number, loss: number): JobEvent => ({
      type: 'train',
      runId: 'new',
      strategy: 'rsft',
      seed: 0,
      log: { step, loss, grad_norm: 1, learning_rate: 1e-3, num_tokens: step, epoch: 0 },
    });
    for (const [step, loss] of [
      [1, 3],
      [2, 2],
      [3, 9],
      [2, 2.5],
      [3, 1],
    ] as const)
      client.emit(log(step, loss));
    await vi.waitFor(() =>
      expect(session.screen.view?.logs[0]?.steps.map((s) => s.loss)).toEqual([3, 2.5, 1]),
    );
  });
});

describe('streamed text', () => {
  it('is joined as it comes and gives way to the finished turn', async () => {
    await session.controls.start();
    const turn = makeArchive(8).turns[0]!;
    const text = (part: string): JobEvent => ({
      type: 'text',
      runId: 'new',
      questionId: turn.questionId,
      round: 0,
      agent: 0,
      text: part,
    });
    client.emit(text('3 * '));
    client.emit(text('4'));
    expect(session.screen.view?.text(turn.questionId, 0, 0)).toBe('3 * 4');
    client.emit({ type: 'turn', runId: 'new', turn });
    expect(session.screen.view?.text(turn.questionId, 0, 0)).toBeUndefined();
  });
});

describe('counts of a phase', () => {
  it('are shown a few times a second, another phase at once, and a count that waited not after a pause', async () => {
    await session.controls.start();
    client.emit(progress({ done: 1 }));
    client.emit(progress({ done: 2 }));
    client.emit(progress({ done: 3 }));
    expect(session.controls.job?.done).toBe(1);
    await vi.waitFor(() => expect(session.controls.job?.done).toBe(3));
    client.emit(progress({ done: 4 }));
    client.emit(progress({ phase: 'distil', done: 1 }));
    expect(session.controls.job).toMatchObject({ phase: 'distil', done: 1 });

    client.emit(progress({ phase: 'distil', done: 2 }));
    await session.controls.pause();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(session.controls.job).toMatchObject({ status: 'paused', done: 1 });
  });
});

describe('a run of another tab', () => {
  it('is known from the list alone, also while it waits there', async () => {
    client.store({ id: 'far', name: 'far-off', status: 'paused' });
    await session.connect();
    expect([session.controls.active, session.controls.job?.runId, session.controls.job?.status]).toEqual([
      true,
      'far',
      'paused',
    ]);
  });

  it('that was deleted, or whose end could not be stored, is not shown as running for ever', async () => {
    const run = client.store({ id: 'far', name: 'far-off', status: 'running' });
    await session.connect();
    client.emit({ type: 'runs', runs: [] });
    expect(session.controls.active).toBe(false);
    client.emit({ type: 'runs', runs: [{ ...run, id: 'other' }] });
    expect(session.controls.job?.runId).toBe('other');
    const error = { code: 'storage', message: 'The disk is full.', hint: 'Free space.' };
    client.emit({ type: 'ended', runId: 'other', status: 'interrupted', error });
    expect([session.controls.active, session.controls.interrupted?.error?.message]).toEqual([
      false,
      'The disk is full.',
    ]);
  });
});

describe('a change of a run', () => {
  it('is shown at once, each field by itself, and comes back where it is refused', async () => {
    client.store({ id: 'a', name: 'older', status: 'done', note: '' });
    await session.connect();
    const noted = session.runHistory.update('a', { note: 'mine' });
    const pinned = session.runHistory.update('a', { pinned: true });
    expect(session.stored.runs.map(({ note, pinned }) => [note, pinned])).toEqual([['mine', true]]);
    await Promise.all([noted, pinned]);
    expect(session.stored.runs.map(({ note, pinned }) => [note, pinned])).toEqual([['mine', true]]);
    client.failures.set('update', new BusyError('No.', 'Wait.'));
    await session.runHistory.update('a', { name: 'taken' });
    expect(session.stored.runs.map(({ name }) => name)).toEqual(['older']);
  });
});
