import { expect, it, vi } from 'vitest';
import { RunView } from '../../src/ui/state/runView.svelte';
import { makeArchive } from './fixtures/archive';

it('tells those who read a question when it changed, and of no other', async () => {
  const { run, questions, turns } = makeArchive(8);
  const view = new RunView(run, 'live');
  view.addQuestions(questions);
  const [first, second] = [questions[0]!.id, questions[1]!.id];
  const told: string[] = [];
  let batches = 0;
  const stop = $effect.root(() => {
    for (const id of [first, second])
      $effect(() => void told.push(`${id} ${view.summary(id).rounds.length}`));
    $effect(() => void (batches += view.version >= 0 ? 1 : 0));
  });
  await vi.waitFor(() => expect(batches).toBe(2));
  told.length = 0;
  view.addTurn(turns.find(({ questionId }) => questionId === first)!);
  await vi.waitFor(() => expect(batches).toBe(3));
  expect(told).toEqual([`${first} 1`]);
  stop();
});
