import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Question } from '../../../src/records/records';
import { loadTokenizer } from '../../../src/lm/tokenizer';
import { checkQuestions } from '../../../src/coordinator/checkQuestions';
import { Readers, type Reader } from '../../../src/coordinator/questionReaders';
import { readModelConfig } from '../../../src/models/modelSource';
import { parseConfig, presets } from '../../../src/settings/config';
import { generateQuestions } from '../../../src/tasks/wordProblems';
import { NodeSource } from '../../../scripts/nodeSource';

const bundled: Reader[] = [];

beforeAll(async () => {
  for (const model of ['agent-a', 'agent-b', 'agent-c', 'student']) {
    const source = await NodeSource.open(`public/models/${model}`);
    const { maxPosition: context, eosIds } = await readModelConfig(source);
    const tokenizer = await loadTokenizer(source, { eosIds });
    const student = model === 'student';
    bundled.push({ model, style: 'compact', tokenizer, context, agent: !student, student });
  }
});

const asked = (id: string, text: string): Question => ({
  id,
  split: 'train',
  text,
  gold: '1',
  answerType: 'number',
});

describe('the words of a question file', () => {
  it('are all known to the bundled models where they are the generator’s own', () => {
    const questions = generateQuestions({ seed: 3, split: 'train', count: 60 });
    const check = checkQuestions(questions, bundled);
    expect(check).toMatchObject({ unreadable: 0, questions: 60, lacking: [], models: [], long: [] });
    expect(check.known).toBe(check.words);
    expect(check.words).toBeGreaterThan(20);
  });

  it('that they lack are counted, with the questions that use them', () => {
    const check = checkQuestions(
      [
        asked('a', 'Anna has 2 apples. How many apples does Anna have now?'),
        asked('b', 'A giraffe eats 3 apples each day. How many apples does the giraffe eat in a week?'),
        asked('c', 'Anna has 2 giraffes. How many giraffes does Anna have now?'),
      ],
      bundled,
    );
    // Of "Anna has apples How many does have now" and "A giraffe eats each day the eat in a week giraffes" the bundled
    // vocabulary (public/models/student/tokenizer.json) holds the first eight, "A", "each", "the", "in" and "a".
    expect(check).toMatchObject({ words: 19, known: 13, unreadable: 2, questions: 3 });
    expect(check.models).toEqual(['agent-a', 'agent-b', 'agent-c', 'student']);
    expect(check.lacking).toContain('giraffe');
    expect(check.lacking).not.toContain('Anna');
  });

  it('may be known where a sign is not', () => {
    const check = checkQuestions([asked('a', 'Anna has $ 2. How many apples does Anna have now?')], bundled);
    expect(check).toMatchObject({ unreadable: 1, lacking: ['$'] });
    expect(check.known).toBe(check.words);
  });

  it('may stand in its options', () => {
    const question = { ...asked('a', 'How many apples does Anna have now?'), options: ['zebras', '2'] };
    expect(checkQuestions([question], bundled)).toMatchObject({ unreadable: 1, lacking: ['zebras'] });
  });
});

describe('a question that is longer than a model reads', () => {
  it('is named once, with its tokens and the context', () => {
    const clause = 'Anna has 2 apples. ';
    const check = checkQuestions([asked('short', clause), asked('long', clause.repeat(400))], bundled);
    expect(check.long).toHaveLength(1);
    const [long] = check.long;
    expect(long).toMatchObject({ questionId: 'long', context: 512 });
    // The tokenizer's own count: the words of the clauses, and what the template puts round them.
    const { tokenizer } = bundled[0]!;
    const ids = tokenizer.chatIds([{ role: 'user', content: clause.repeat(400) }], {
      addGenerationPrompt: true,
    });
    expect(long?.tokens).toBe(ids.length);
  });

  it('is exact at the edge: a prompt that leaves one token of an answer fits', () => {
    const reader = { ...bundled[0]!, context: 0 };
    const question = asked('a', 'Anna has 2 apples. How many apples does Anna have now?');
    const tokens = checkQuestions([question], [reader]).long[0]!.tokens;
    expect(checkQuestions([question], [{ ...reader, context: tokens }]).long).toHaveLength(1);
    expect(checkQuestions([question], [{ ...reader, context: tokens + 1 }]).long).toEqual([]);
  });
});

describe('room for an answer', () => {
  const question = asked('a', 'Anna has 2 apples. How many apples does Anna have now?');
  const none = { unchecked: [], otherAgents: false };
  const promptOf = (reader: Reader): number =>
    reader.tokenizer.chatIds([{ role: 'user', content: question.text }], { addGenerationPrompt: true })
      .length;

  it('is what the prompt leaves of the context, and is held against the tokens that an answer may take', () => {
    const reader = { ...bundled[0]!, context: promptOf(bundled[0]!) + 10 };
    expect(checkQuestions([question], [reader], { ...none, maxTokens: 10 }).tight).toBeNull();
    const check = checkQuestions([question], [reader], { ...none, maxTokens: 11 });
    expect(check.tight).toEqual({ questions: 1, room: 10, asked: 11 });
    expect(check.long).toEqual([]);
    expect(check.hopeless).toBeNull();
  });

  it('is less with examples, for agents alone', () => {
    const solved = { question: 'How many apples?', solution: '1 + 1 = 2. #### 2' };
    const shots = [solved, solved, solved];
    const natural = { ...bundled[0]!, style: 'natural' as const };
    const tokens = (reader: Reader, more = {}): number =>
      checkQuestions([question], [{ ...reader, context: 0 }], { ...none, ...more }).long[0]!.tokens;
    // Each message is in the template's frame: more than the words of the examples alone.
    expect(tokens(natural, { shots })).toBeGreaterThan(tokens(natural) + 3 * 10);
    const student = { ...natural, agent: false, student: true };
    expect(tokens(student, { shots })).toBe(tokens(student));
  });

  it('is less with a system prompt', () => {
    const natural = { ...bundled[0]!, style: 'natural' as const, context: 0 };
    const persona = { ...natural, persona: 'How many apples does Anna have now?' };
    const [plain, longer] = [natural, persona].map(
      (reader) => checkQuestions([question], [reader], none).long[0]!.tokens,
    );
    expect(longer).toBeGreaterThan(plain!);
  });
});

describe('a right answer', () => {
  const answered = (gold: string): Question => ({ ...asked(gold, 'How many apples does Anna have?'), gold });

  it('that the bundled models have no words for is counted', () => {
    // "Paris", "," and "%" are in no bundled vocabulary; digits, "/", "." and "-" are.
    const check = checkQuestions(['12', '-3.5', '1/2', 'Paris', '1,2'].map(answered), bundled);
    expect(check.unsayable).toEqual({ questions: 2, words: ['Paris', ','] });
    expect(check.unreadable).toBe(0);
  });

  it('is nothing to say about agents that cannot be looked into', () => {
    const agents = bundled.filter(({ student }) => !student);
    const options = { unchecked: ['x'], otherAgents: true };
    expect(checkQuestions([answered('Paris')], agents, options).unsayable).toBeNull();
    expect(checkQuestions([answered('Paris')], bundled, options).unsayable?.questions).toBe(1);
  });
});

describe('nothing can be learnt', () => {
  const known = asked('a', 'Anna has 2 apples. How many apples does Anna have now?');
  const unknown = asked('b', 'A giraffe eats 3 apples each day.');
  const long = asked('c', 'Anna has 2 apples. '.repeat(400));
  const hopelessOf = (questions: readonly Question[], readers: readonly Reader[], more = {}) =>
    checkQuestions(questions, readers, { unchecked: [], otherAgents: false, ...more }).hopeless;

  it('where no agent reads a single question', () => {
    expect(hopelessOf([unknown], bundled)).toEqual({ who: 'agents', why: 'words', questions: 1 });
    expect(hopelessOf([unknown, known], bundled)).toBeNull();
  });

  it('where all are too long', () => {
    expect(hopelessOf([long], bundled)).toEqual({ who: 'agents', why: 'long', questions: 1 });
    expect(hopelessOf([long, unknown], bundled)).toEqual({ who: 'agents', why: 'words', questions: 2 });
  });

  it('where agents could, but the student cannot', () => {
    const others = { unchecked: ['a server'], otherAgents: true };
    expect(hopelessOf([unknown], bundled, others)).toEqual({ who: 'student', why: 'words', questions: 1 });
  });

  it('is not said where a single agent reads them, or may, for a student that does', () => {
    const agents = bundled.filter(({ student }) => !student);
    const tokenizer = {
      unknownWords: () => [],
      encode: (text: string) => agents[0]!.tokenizer.encode(text),
      chatIds: () => [1],
    };
    const reader = { ...agents[0]!, tokenizer };
    const learner = { ...reader, agent: false, student: true };
    expect(hopelessOf([unknown], [...agents, learner])?.who).toBe('agents');
    expect(hopelessOf([unknown], [...agents, reader, learner])).toBeNull();
    expect(
      hopelessOf([unknown], [...agents, learner], { unchecked: ['a server'], otherAgents: true }),
    ).toBeNull();
  });

  it('is decided by the questions that are trained on', () => {
    expect(hopelessOf([unknown, known], bundled, { train: [unknown] })).toEqual({
      who: 'agents',
      why: 'words',
      questions: 1,
    });
  });
});

it('says nothing where no model can be looked into', () => {
  const check = checkQuestions([asked('a', 'giraffes')], []);
  expect(check).toEqual({
    words: 1,
    known: 1,
    unreadable: 0,
    questions: 1,
    lacking: [],
    models: [],
    long: [],
    tight: null,
    unsayable: null,
    unchecked: [],
    hopeless: null,
  });
});

describe('the models of a config', () => {
  const base = 'http://app.test/';
  const served = async (input: string | URL | Request): Promise<Response> => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const bytes = await readFile(`public${pathname}`).catch(() => null);
    return bytes ? new Response(new Uint8Array(bytes)) : new Response(null, { status: 404 });
  };

  it('are read by their roles, and those that are not here are named', async () => {
    vi.stubGlobal('fetch', served);
    const config = parseConfig({
      ...presets.quick,
      preset: 'custom',
      agents: ['agent-a', 'endpoint:http://localhost:1/v1#qwen', 'hf:a/b'],
      nAgents: 3,
    });
    const chosen = await new Readers().of(config, base);
    expect(chosen.readers.map(({ model, agent, student }) => [model, agent, student])).toEqual([
      ['agent-a', true, false],
      ['student', false, true],
    ]);
    expect(chosen.unchecked).toHaveLength(2);
    expect(chosen.otherAgents).toBe(true);
    vi.unstubAllGlobals();
  });
});
