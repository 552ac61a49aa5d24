import { describe, expect, it } from 'vitest';
import { joinThoughts, splitThoughts, ThoughtStream, withThoughtsApart } from '../../../src/records/thoughts';

/** What was said, whether the prompt opened the thoughts, and what is thought, answered and left open. */
const shapes: readonly [string, string, boolean, string | null, string, boolean][] = [
  ['no thoughts', ' The answer is 4.\n', false, null, ' The answer is 4.\n', false],
  ['a block before the answer', '<think>\n2 + 2\n</think>\n\n#### 4', false, '2 + 2', '#### 4', false],
  ['an empty block', '<think>\n\n</think>\n\n#### 4', false, '', '#### 4', false],
  [
    'a lone end, as the prompt opened the block',
    '2 + 2\n</think>\n\n#### 4',
    false,
    '2 + 2',
    '#### 4',
    false,
  ],
  ['the same where the prompt is known', '2 + 2\n</think>\n\n#### 4', true, '2 + 2', '#### 4', false],
  ['a beginning that is said twice', '<think>2 + 2</think>#### 4', true, '2 + 2', '#### 4', false],
  ['a block cut by the limit', '<think>\n2 + 2 is 5, no', false, '2 + 2 is 5, no', '', true],
  ['the same where the prompt opened it', '2 + 2 is 5, no', true, '2 + 2 is 5, no', '', true],
  ['half a closing tag at the end', '<think>2 + 2</thi', false, '2 + 2</thi', '', true],
  ['two blocks', '<think>a</think>so <think>b</think>4', false, 'a\nb', 'so \n4', false],
  ['a block after words', 'Well <think>a</think>4', false, 'a', 'Well \n4', false],
  ['a lone end after a block', '<think>a</think>b</think>4', false, 'a\nb', '4', false],
  ['other names', '<thinking>a</thinking>4', false, 'a', '4', false],
  ['capitals', '<THINK>a</Think>4', false, 'a', '4', false],
  ['Kimi', '◁think▷a◁/think▷4', false, 'a', '4', false],
  ['Mistral', '[THINK]a[/THINK]4', false, 'a', '4', false],
  ['Command', '<|START_THINKING|>a<|END_THINKING|>4', false, 'a', '4', false],
  ['Seed', '<seed:think>a</seed:think>4', false, 'a', '4', false],
  ['signs that begin no tag', 'a < b, [x] and <b>4</b> <', false, null, 'a < b, [x] and <b>4</b> <', false],
];

describe('a reply is its thoughts and its answer', () => {
  it.each(shapes)('%s', (_, text, opened, thoughts, answer, open) => {
    expect(splitThoughts(text, opened)).toMatchObject({ thoughts, answer, open });
  });

  it.each(shapes)('%s: the same in pieces of any size', (_, text, opened, thoughts, answer) => {
    for (let size = 1; size <= text.length; size++) {
      const stream = new ThoughtStream(opened);
      for (let at = 0; at < text.length; at += size) stream.push(text.slice(at, at + size));
      stream.end();
      expect(stream.thought ? stream.thoughts : null, `${size}`).toBe(thoughts);
      expect(stream.answer, `${size}`).toBe(answer);
    }
  });

  it('hands out the answer as it comes, and never a piece of a tag', () => {
    const stream = new ThoughtStream();
    const told = ['<thi', 'nk>a </', 'think>', '\n\nfo', 'ur <', ' five'].map((piece) => stream.push(piece));
    expect(told).toEqual(['', '', '', 'fo', 'ur ', '< five']);
  });

  it('knows while it is thinking', () => {
    const stream = new ThoughtStream();
    const states = ['<think>', 'a', '</think>', '4'].map((piece) => {
      stream.push(piece);
      return stream.thinking;
    });
    expect(states).toEqual([true, true, false, false]);
  });
});

it('the end of the thoughts is a place in the text, whatever follows', () => {
  const end = (text: string, opened = false): string =>
    text.slice(0, splitThoughts(text, opened).thoughtsEnd);
  expect(end('#### 4')).toBe('');
  expect(end('<think>a</think>\n\n#### 4')).toBe('<think>a</think>');
  expect(end('a</think>4', true)).toBe('a</think>');
  expect(end('a</think>4')).toBe('a</think>');
  expect(end('<think>a</thi')).toBe('<think>a</thi');
});

it('joined, they are split the same again', () => {
  expect(splitThoughts(joinThoughts('2 + 2', '#### 4'))).toMatchObject({
    thoughts: '2 + 2',
    answer: '#### 4',
    open: false,
  });
});

it('a turn of an older version has its thoughts apart, one of this version is left alone', () => {
  const old = { reply: '<think>a</think>4', round: 1 };
  expect(withThoughtsApart(old)).toEqual({ reply: '4', thoughts: 'a', round: 1 });
  const plain = { reply: '4' };
  expect(withThoughtsApart(plain)).toBe(plain);
  const apart = { reply: 'the tag </think> ends thoughts', thoughts: 'b' };
  expect(withThoughtsApart(apart)).toBe(apart);
});
