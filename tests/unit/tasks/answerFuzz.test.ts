import { describe, expect, it } from 'vitest';
import { ArkletError } from '../../../src/core/errors';
import { isCorrect, normalAnswer, parseAnswer } from '../../../src/tasks/answers';
import { importQuestionFile } from '../../../src/tasks/importers';

/** mulberry32: the same draws on every machine. */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const shells = [
  '\\boxed{#}',
  'The answer is #.',
  'so\n#### #',
  '**Answer:** #',
  'First 99. Then the answer is $#$.',
];

it('a number written in any form, in any place, is read back', () => {
  const draw = draws(1);
  for (let i = 0; i < 1500; i++) {
    const whole = draw(1e7);
    const below = 2 + draw(98);
    const above = 1 + draw(below - 1);
    const negative = draw(3) === 0;
    const grouped = whole.toLocaleString('en-US');
    const tens = draw(7);
    const [form, top, bottom] = [
      () => [grouped, whole, 1] as const,
      () => [grouped.replaceAll(',', '{,}'), whole, 1] as const,
      () => [grouped.replaceAll(',', '\u202f'), whole, 1] as const,
      () => [`\\frac{${above}}{${below}}`, above, below] as const,
      () => [`\\dfrac{${above}}{${below}}`, above, below] as const,
      () => [`${above}/${below}`, above, below] as const,
      () => [`${whole} ${above}/${below}`, whole * below + above, below] as const,
      () => [`${whole}\\frac{${above}}{${below}}`, whole * below + above, below] as const,
      () => [`${whole}.${String(above).padStart(2, '0')}`, whole * 100 + above, 100] as const,
      () => [`${above}e${tens}`, above * 10 ** tens, 1] as const,
      () => [`${above} \\times 10^{${tens}}`, above * 10 ** tens, 1] as const,
      () => [`${above}.5 million`, above * 1e6 + 5e5, 1] as const,
      () => [`${whole} + ${above} = ${whole + above}`, whole + above, 1] as const,
    ][draw(13)]!();
    const sum = form.includes('=');
    const sign = negative && !sum ? ['-', '\u2212'][draw(2)]! : '';
    const reply = shells[draw(shells.length)]!.replace('#', () => sign + form);
    const gold = `${sign === '' ? '' : '-'}${top}/${bottom}`;
    expect(isCorrect(parseAnswer(reply, 'number'), gold, 'number'), `${reply} against ${gold}`).toBe(true);
    expect(isCorrect(parseAnswer(reply, 'number'), `${top + 1}/${bottom + 1000}`, 'number'), reply).toBe(
      false,
    );
  }
});

it('no text ends in an error, and every normal form stays as it is', () => {
  const draw = draws(2);
  const parts =
    '\\boxed{|}|{|\\frac|\\sqrt|\\text{|####|answer is|=|,|.|-|\u2014|\u2212|12|3|0|1/2|\u00bd|10^|^|_|(|)|[|]|\\{|\\}|\\pm|\\cup|\\le|<think>|</think>|A|B|(C)|I|option|$|%|\n|\n\nQuestion:| |e5|million|\\infty|x|\ud800|\u0000|\\begin{pmatrix}|\\\\|&|\\end{pmatrix}|!|\\binom|\\log_|\\left|:'.split(
      '|',
    );
  for (let i = 0; i < 1500; i++) {
    const text = Array.from({ length: 1 + draw(14) }, () => parts[draw(parts.length)]).join('');
    for (const type of ['number', 'choice', 'text'] as const) {
      const answer = parseAnswer(text, type, draw(2) === 0 ? ['x', '12', 'z'] : undefined);
      if (answer === null) continue;
      const normal = normalAnswer(answer, type);
      expect(normalAnswer(normal, type), JSON.stringify([text, answer, normal])).toBe(normal);
      expect(isCorrect(answer, answer, type), text).toBe(true);
    }
  }
});

it('long replies take time in proportion to their length', () => {
  for (const part of [
    '9',
    '1,',
    '(',
    '\\frac{',
    '\\boxed{',
    '<think>',
    ' the answer is ',
    '#### ',
    '1 ',
    '-',
    'A. ',
  ]) {
    const start = performance.now();
    for (const type of ['number', 'choice', 'text'] as const)
      parseAnswer(part.repeat(10_000), type, ['x', 'y']);
    expect(performance.now() - start, part).toBeLessThan(2000);
  }
});

describe('question files', () => {
  const separators = [',', ';', '\t', '|'];
  const ends = ['\n', '\r\n', '\r'];
  const encode = {
    'utf-8': (text: string) => new TextEncoder().encode(text),
    'utf-8 with a mark': (text: string) => new TextEncoder().encode(`\ufeff${text}`),
    'utf-16le': (text: string) => new Uint8Array(Buffer.from(text, 'utf16le')),
    'utf-16le with a mark': (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le')),
    'utf-16be': (text: string) => new Uint8Array(Buffer.from(text, 'utf16le').swap16()),
    'utf-16be with a mark': (text: string) =>
      new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le').swap16()),
    'windows-1252': (text: string) => Uint8Array.from(text, (sign) => sign.charCodeAt(0)),
  };

  it.each(Object.entries(encode))('come back from a table in %s, whatever its signs', (_, bytes) => {
    const draw = draws(3);
    const signs = [...'abc e\u00e9\u00fc\u00df?!.,;|"\t\n\'1'];
    for (let i = 0; i < 25; i++) {
      const separator = separators[draw(4)]!;
      const end = ends[draw(3)]!;
      const rows = Array.from({ length: 5 }, (_, row) => {
        const asked = Array.from({ length: draw(20) }, () => signs[draw(signs.length)]).join('');
        return [`Frage \u00e9 ${i} ${row} ${asked} x`, String(row)] as const;
      });
      const cell = (text: string): string =>
        /["\n\r,;|\t]/.test(text) || draw(4) === 0 ? `"${text.replaceAll('"', '""')}"` : text;
      const table = [['Question', 'Answer'] as const, ...rows]
        .map((row) => row.map(cell).join(separator))
        .join(end);
      const { questions } = importQuestionFile(bytes(table), { fileName: 'f', seed: 0 });
      expect(questions.map(({ text, gold }) => [text, gold])).toEqual(rows);
    }
  });

  it('random bytes give rows or a named error', () => {
    const draw = draws(4);
    const heads = [
      '',
      '{',
      '[',
      'question,answer\n',
      '{"question":"q","answer":',
      'sep=;\nquestion;answer\n',
      'question,A,B,answer\n',
    ];
    for (let i = 0; i < 1000; i++) {
      const head = new TextEncoder().encode(heads[draw(heads.length)]);
      const tail = Uint8Array.from({ length: draw(60) }, () => (draw(3) === 0 ? draw(256) : 32 + draw(95)));
      try {
        importQuestionFile(Uint8Array.from([...head, ...tail]), { fileName: 'f', seed: 0 });
      } catch (error) {
        expect(error).toBeInstanceOf(ArkletError);
      }
    }
  });

  it('of 50,000 rows take at most five times as long as of 12,500, and little', () => {
    const time = (count: number): number => {
      const rows = Array.from(
        { length: count },
        (_, i) => `{"question":"What is ${i} plus 1?","answer":"so\\n#### ${i + 1} pens"}`,
      );
      const file = new TextEncoder().encode(rows.join('\n'));
      const start = performance.now();
      expect(importQuestionFile(file, { fileName: 'f', seed: 0 }).counts.altered).toBe(count);
      return performance.now() - start;
    };
    time(1000);
    // Four times the rows; the rest is for a machine that is busy.
    expect(time(50_000)).toBeLessThan(3 * 4 * time(12_500));
  });
});
