import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AgentBackend } from '../../../src/agents/agent';
import { debate } from '../../../src/debate/debate';
import { turnMessages } from '../../../src/debate/prompts';
import { styled } from '../../../src/debate/protocol';
import { askedQuestion, withFacts } from '../../../src/debate/readPrompt';
import { runTurns } from '../../../src/debate/scheduler';
import type { Visibility } from '../../../src/debate/visibility';
import { unpackArchive } from '../../../src/records/archiveFile';
import type { PromptStyle, Turn } from '../../../src/records/records';
import { makeQuestions } from '../eval/turns';

describe('the question of a turn', () => {
  const number = { text: 'Anna has 3 apples.\nHow many?', answerType: 'number' } as const;
  const choice = {
    text: 'Which is A. even?',
    answerType: 'choice',
    options: ['one', 'two', 'A. three'],
  } as const;
  const text = { text: 'Who wrote it?', answerType: 'text' } as const;

  test.each([number, choice, text])('is read back from a natural prompt: $answerType', (question) => {
    const messages = turnMessages({
      style: 'natural',
      question,
      own: [],
      peers: [],
      persona: 'You are a poet.',
      shots: [{ question: 'What is 1 + 1?', solution: '#### 2' }],
    });
    expect(askedQuestion(messages, 'whatever')).toEqual(question);
  });

  test.each([
    [number, '3', 'compact'],
    [choice, 'B', 'compact'],
    [text, 'Ada', 'compact'],
  ] as const)(
    'is read back from a compact prompt, its kind from the right answer',
    (question, gold, style) => {
      const messages = turnMessages({ style: style satisfies PromptStyle, question, own: [], peers: [] });
      expect(askedQuestion(messages, gold)).toEqual(question);
    },
  );

  test('is the last message as it stands where another program wrote the prompt', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Q: 2 + 2?' },
    ] as const;
    expect(askedQuestion(messages, '4')).toEqual({ text: 'Q: 2 + 2?', answerType: 'number' });
  });
});

const styles = ['natural', 'compact'] as const;
const words = (text: string): number => text.split(/\s+/).filter(Boolean).length;

/**
 * A debate of five agents with two exchanges, in which agent 3 fails in round 0. Replies are of 12 words and end alike;
 * `tokens` is the agents' context. Some agents answer the same, word for word, so that only their places tell them apart.
 */
async function held(
  style: PromptStyle,
  visibility: Visibility,
  tokens: number | null,
): Promise<readonly Turn[]> {
  const agents = Array.from({ length: visibility.agents }, (_, agent): AgentBackend => ({
    model: `m${agent}`,
    kind: 'scripted',
    concurrency: 4,
    ...(tokens !== null && {
      context: { tokens, count: async (texts: readonly string[]) => texts.map(words) },
    }),
    load: async () => undefined,
    unload: async () => undefined,
    generate: async ({ place }) => {
      const failed = agent === 3 && place?.round === 0;
      return {
        text: failed ? '' : `round ${place?.round} agent ${agent % 4} says that it is 1 #### 1`,
        finishReason: failed ? 'error' : 'stop',
        usage: { prompt: 1, completion: 1 },
        logprobKind: null,
      };
    },
  }));
  const protocol = debate({
    ...visibility,
    rounds: 2,
    consensusStop: false,
    prompt: ({ question, own, peers }) => turnMessages({ style, question, own, peers }),
  });
  return runTurns({
    runId: 'r',
    seed: 0,
    protocol: styled(protocol, () => style),
    questions: makeQuestions(6),
    agents,
    sampling: { temperature: 1, topP: 1, maxTokens: 8 },
    retries: 0,
    record: async () => undefined,
  });
}

/** What stands of each peer in the messages: the reply, or its end. */
function quoted(turn: Turn, all: readonly Turn[]): number {
  const said = all.filter(
    ({ questionId, round, agent }) =>
      questionId === turn.questionId && round === turn.round - 1 && agent !== turn.agent,
  );
  const last = turn.messages.at(-1)?.content ?? '';
  return said.length === 0 ? 0 : last.split('#### 1').length - 1;
}

const bare = ({ read: _, style: __, ...turn }: Turn): Turn => turn;

describe('a turn says how it was prompted and whom it read', () => {
  test.each(
    styles.flatMap((style) =>
      (['all', 'ring', 'random'] as const).flatMap((visibility) =>
        [null, 220, 190].map((tokens) => [style, visibility, tokens] as const),
      ),
    ),
  )(
    '%s, %s, context %s: as many as its prompt quotes, and older turns are filled with the same',
    async (style, visibility, tokens) => {
      const options: Visibility = { agents: 5, visibility, randomPeers: 2, seed: 11 };
      const turns = await held(style, options, tokens);
      expect(turns).toHaveLength(6 * 5 * 3);
      for (const turn of turns) {
        expect(turn.style).toBe(style);
        if (turn.round === 0) expect(turn).not.toHaveProperty('read');
        else expect(turn.read).toHaveLength(quoted(turn, turns));
        expect(turn.read ?? []).not.toContain(turn.agent);
        if (turn.round === 1) expect(turn.read).not.toContain(3);
      }
      // Nothing to fill: the very same turns.
      expect(withFacts(turns, options)).toBe(turns);
      expect(withFacts(turns.map(bare), options)).toEqual(turns);
    },
  );

  test('without the settings of the debate the prompts alone tell whom a turn read', async () => {
    const options: Visibility = { agents: 4, visibility: 'ring', randomPeers: 2, seed: 11 };
    for (const style of styles) {
      const turns = await held(style, options, null);
      expect(withFacts(turns.map(bare), null)).toEqual(turns);
    }
  });

  test('the recorded run, of a version without these facts, is filled', () => {
    const file = resolve(import.meta.dirname, '../../../public', join('recorded', 'run.json.gz'));
    const { run, turns } = unpackArchive(new Uint8Array(readFileSync(file)));
    const filled = withFacts(turns, { ...run.config, agents: run.config.nAgents });
    const later = filled.filter(({ protocol, round }) => protocol === 'debate' && round > 0);
    expect(later.length).toBeGreaterThan(1000);
    expect(later.every(({ read }) => read?.length === run.config.nAgents - 1)).toBe(true);
    expect(new Set(filled.map(({ style }) => style))).toEqual(new Set(['compact']));
  });
});
