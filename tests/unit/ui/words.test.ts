/** One word for one thing, in one spelling; and errors in words, not in the names of the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rejectedIn } from './rejectedWords';
import { errorTextsOf, textsOf } from './writtenTexts';

const root = resolve(import.meta.dirname, '../../../src/ui', '..');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => /\.(ts|svelte)$/.test(file));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** What is read on the page, in the settings and in report.md. */
const shown = files.filter(
  (file) =>
    /^ui\/strings(\/|\.ts$)/.test(file) ||
    /^eval\/\w*[mM]arkdown\w*\.ts$/.test(file) ||
    file === 'settings/table.ts',
);
/** Identifiers among the literals: keys of splits, arms and settings. */
const isText = (text: string): boolean => / /.test(text.trim()) || /^[A-Z]/.test(text);

/** Files whose errors may name flags: they end in the terminal, where flags are what the user wrote. */
const terminal = /^(commands\/|lm\/commands\.ts$|train\/commands\.ts$|settings\/flags\.ts$)/;

const codeIn = (text: string): string[] =>
  [
    [/--(?=[a-z]|$)/, 'a flag'],
    [/[{}]/, 'JSON'],
    [/\bundefined\b/, 'undefined'],
    [/\b[a-z]+[A-Z]\w*/, 'a name of the code'],
  ].flatMap(([pattern, what]) => ((pattern as RegExp).test(text) ? [what as string] : []));

const errorTexts = files.flatMap((file) => errorTextsOf(file, read(file)).map((text) => ({ file, text })));

describe('texts', () => {
  it('are seen with their rejected words, and not in the names of keys', () => {
    const source = `import x from './the bin'; const a = { 'the bin': \`Take \${n} back, told anew\` };`;
    expect(textsOf('a.ts', source)).toEqual(['Take ', ' back, told anew']);
    expect(rejectedIn('Taken anew, and told')).toHaveLength(2);
    expect(rejectedIn('The optimizer')).toHaveLength(1);
    expect(rejectedIn('They cannot be told apart; the tokenizer and the optimiser')).toEqual([]);
  });

  it('of the page, the settings and the report hold no rejected word', () => {
    expect(shown.length).toBeGreaterThan(20);
    const held = shown.flatMap((file) =>
      textsOf(file, read(file))
        .filter((text) => file.startsWith('ui/strings') || isText(text))
        .flatMap((text) => rejectedIn(text).map((found) => `${file}: "${text}": ${found}`)),
    );
    expect(held).toEqual([]);
  });
});

describe('errors', () => {
  it('are seen with their texts, by constants and by functions that hand them on', () => {
    const source = `
      const hint = 'See --out';
      function fail(what: string) { return new FileError(what, hint); }
      const one = fail('maxTokens is undefined');
      const two = new OtherError(\`\${n === 'no text' ? 'Give {"a": 1}' : ''} of \${list.join('--x')}\`, long ? 'Plain' : '');`;
    expect(errorTextsOf('a.ts', source).filter((text) => text !== '')).toEqual(
      expect.arrayContaining(['See --out', 'maxTokens is undefined', 'Give {"a": 1}', ' of ', 'Plain']),
    );
    expect(errorTextsOf('a.ts', source)).not.toContain('no text');
    expect(errorTextsOf('a.ts', source)).not.toContain('--x');
    expect(codeIn('maxTokens is undefined')).toEqual(['undefined', 'a name of the code']);
    expect(codeIn('See --out and {"a": 1}')).toEqual(['a flag', 'JSON']);
    expect(codeIn('Use WebGPU, IndexedDB or llama.cpp - or an .mjs file')).toEqual([]);
  });

  it('name no flag, no JSON, no undefined and no name of the code', () => {
    expect(errorTexts.length).toBeGreaterThan(600);
    const held = errorTexts
      .filter(({ file }) => !terminal.test(file))
      .flatMap(({ file, text }) => codeIn(text).map((what) => `${file}: "${text}" has ${what}`));
    expect(held).toEqual([]);
  });

  it('hold no rejected word', () => {
    const held = errorTexts.flatMap(({ file, text }) =>
      rejectedIn(text).map((found) => `${file}: "${text}": ${found}`),
    );
    expect(held).toEqual([]);
  });
});
