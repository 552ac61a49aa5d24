import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JobEvent } from '../../../src/wire/jobEvents';
import type { Turn } from '../../../src/records/records';
import { EventBatch } from '../../../src/coordinator/eventBatch';

const text = (agent: number, words: string): JobEvent => ({
  type: 'text',
  runId: 'r',
  questionId: 'q',
  round: 0,
  agent,
  text: words,
});
const turn = (agent: number): JobEvent => ({
  type: 'turn',
  runId: 'r',
  turn: { questionId: 'q', round: 0, agent, reply: 'whole' } as Turn,
});
const count = (
  done: number,
  phase: 'debate' | 'distil' = 'debate',
  status: 'running' | 'paused' = 'running',
) =>
  ({
    type: 'progress',
    runId: 'r',
    phase,
    status,
    done,
    total: 9,
    detail: null,
    secondsLeft: null,
    tokensPerSecond: null,
    bytes: null,
  }) satisfies JobEvent;

let sent: (readonly JobEvent[])[] = [];
let batch = new EventBatch((events) => sent.push(events));
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  batch = new EventBatch((events) => sent.push(events));
});
afterEach(() => void vi.useRealTimers());

it('sends what came within a moment as one message, in order', () => {
  batch.emit(turn(0));
  batch.emit(text(1, 'a'));
  batch.emit(turn(2));
  expect(sent).toEqual([]);
  vi.runAllTimers();
  expect(sent).toEqual([[turn(0), text(1, 'a'), turn(2)]]);
});

it('joins the text of a turn, and leaves it out once the turn holds it', () => {
  batch.emit(text(0, 'one '));
  batch.emit(text(1, 'x'));
  batch.emit(text(0, 'two'));
  batch.emit(turn(1));
  batch.flush();
  expect(sent).toEqual([[text(0, 'one two'), turn(1)]]);
  batch.emit(text(0, ' three'));
  batch.flush();
  expect(sent[1]).toEqual([text(0, ' three')]);
});

it('sends the newest count of a phase; another phase or status goes at once, after what waits', () => {
  batch.emit(count(0));
  expect(sent).toEqual([[count(0)]]);
  batch.emit(count(1));
  batch.emit(count(2));
  batch.emit(count(3, 'distil'));
  expect(sent[1]).toEqual([count(2), count(3, 'distil')]);
  batch.emit(count(3, 'distil', 'paused'));
  expect(sent[2]).toEqual([count(3, 'distil', 'paused')]);
});

it('holds back nothing else', () => {
  batch.emit(turn(0));
  batch.emit({ type: 'runs', runs: [] });
  expect(sent).toEqual([[turn(0), { type: 'runs', runs: [] }]]);
  vi.runAllTimers();
  expect(sent).toHaveLength(1);
});
