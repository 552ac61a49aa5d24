/** An arm's id, a strategy's stages and an evaluation's protocol each have one reader and writer. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { armId, armKinds, armLabel, armPhrase, familyOf, parseArm, trainingOf } from '../../../src/eval/arm';
import { controls, strategies } from '../../../src/settings/table';

const root = resolve(import.meta.dirname, '../../..');

/** Every arm of docs/contracts.md. */
const ids = [
  'base',
  'base-shots',
  'single',
  'single-greedy',
  'vote:3',
  'vote:64',
  'vote-zero-shot:8',
  'debate',
  'vote-greedy:3',
  'vote-equal-tokens',
  'vote-equal-total-tokens',
  'summariser',
  ...strategies.map((name) => `distilled:${name}`),
  ...controls.map((name) => `control:${name}`),
];

describe('an arm', () => {
  it.each(ids)('%s is read and written back, and has words', (id) => {
    const arm = parseArm(id);
    expect(arm.kind).not.toBe('unknown');
    expect(armId(arm)).toBe(id);
    expect(armLabel(id)).toMatch(/^\p{Lu}/u);
    expect(armPhrase(id)).toMatch(/^the /);
    expect(`${armLabel(id)} ${armPhrase(id)}`).not.toMatch(/undefined|\bfunction\b/);
  });

  it('holds what its id names', () => {
    expect(parseArm('vote:3')).toEqual({ kind: 'vote', k: 3 });
    expect(parseArm('distilled:rsft+pad')).toEqual({ kind: 'distilled', strategy: 'rsft+pad' });
    expect(parseArm('control:gold-sft')).toEqual({ kind: 'control', control: 'gold-sft' });
    expect(ids.map((id) => parseArm(id).kind)).toEqual(expect.arrayContaining([...armKinds]));
  });

  it('is called what it was called where it comes from a report of another version', () => {
    for (const id of ['distilled:grpo', 'control:shuffled']) expect(armId(parseArm(id))).toBe(id);
    expect(armLabel('distilled:grpo')).toBe('Distilled: grpo');
    for (const id of [
      '',
      'oracle',
      'oracle:3',
      'base:x',
      'vote',
      'vote:',
      'vote:03',
      'vote:0',
      'vote:-1',
      'vote:3.5',
    ]) {
      expect(parseArm(id)).toEqual({ kind: 'unknown', id });
      expect([armId(parseArm(id)), armLabel(id), armPhrase(id)]).toEqual([id, id, id]);
    }
    // Names of every object's own.
    for (const id of ['constructor', 'toString', '__proto__', 'distilled:constructor', 'control:toString'])
      expect(armLabel(id)).toMatch(/(constructor|toString|__proto__)$/);
  });

  it('has a family, and the training behind a student or control', () => {
    expect(
      ['base-shots', 'single-greedy', 'summariser', 'distilled:da', 'control:wrong'].map(familyOf),
    ).toEqual(['base', 'single', 'ensemble', 'distilled', 'control']);
    expect(['distilled:pad+da', 'control:wrong', 'debate', 'vote:3'].map(trainingOf)).toEqual([
      'pad+da',
      'wrong',
      null,
      null,
    ]);
  });
});

function files(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.(ts|svelte|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.mts'),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/build/'));
}

/** How an id, a strategy or a protocol is taken apart by hand, and the files that may. */
const byHand: readonly (readonly [RegExp, readonly string[]])[] = [
  [
    /(?:startsWith|endsWith|includes|indexOf|replace|split|slice)\(\s*['"`/^(]*(?:distilled|control|vote|vote-zero-shot|base|single)(?::|\b['"])/,
    // Looks for a cell of the page's table.
    ['scripts/commands/checkWebllm.mjs'],
  ],
  [/\/\^\(?(?:distilled|control|vote|single|base)\b/, []],
  // A demonstration in plain JavaScript names the arms that it looks up.
  [/['"`](?:distilled|control|vote|vote-zero-shot):\$\{/, ['scripts/prove/pad.mjs']],
  [/['"`]\^?eval:/, ['src/records/evalProtocol.ts']],
  [/split\(\s*['"`/]\\?\+/, ['src/settings/strategy.ts']],
  [/(?:endsWith|startsWith|includes)\(\s*['"`](?:\+?pad\+?|\+?da|\+?rsft)['"`]\s*\)/, []],
  [/\.at\(-1\)\s*===\s*['"]pad['"]/, []],
  [/['"](?:reward-model|reward-start)['"]/, ['src/records/trainings.ts']],
];

function takenApart(text: string, path: string): string[] {
  return byHand.flatMap(([pattern, allowed]) => {
    const found = pattern.exec(text);
    return found && !allowed.includes(path) ? [`${path}: ${found[0]}`] : [];
  });
}

describe('no other file takes an id, a strategy or a protocol apart', () => {
  it.each([
    `name.startsWith('distilled:')`,
    `b.startsWith("vote")`,
    `/^(distilled|control):/.test(name)`,
    'arm.replace(/^distilled:/, "")',
    'arms.set(strategy, `distilled:${strategy}`)',
    `turn.protocol.startsWith('eval:')`,
    'const name = `eval:${arm}`',
    `strategy.split('+')`,
    `name.endsWith('pad')`,
    `one.includes('pad')`,
    `names.at(-1) === 'pad'`,
    `const rewardModelName = 'reward-model';`,
  ])('would see %s', (text) => {
    expect(takenApart(text, 'src/x.ts')).not.toEqual([]);
  });

  it('in src and scripts', () => {
    const all = ['src', 'scripts'].flatMap(files);
    expect(all.length).toBeGreaterThan(300);
    expect(all.flatMap((path) => takenApart(readFileSync(path, 'utf8'), relative(root, path)))).toEqual([]);
  });
});
