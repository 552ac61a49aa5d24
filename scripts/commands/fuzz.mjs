/**
 * `npm run -s fuzz -- [--cases N] [--seed S] [--only IMPORTER[,IMPORTER]] [--case NUMBER] [--json]`: gives every importer N files that were
 * changed at random and says what it made of them. Exit code 1 where one answered with an error that no user can act on, took more
 * than 2 s, or more memory than 10 times the file. The same seed, the same cases; --case runs one of them alone.
 */
import { badArgument, readFlags } from '../lib/commandError.mjs';
import { fuzz } from '../fuzz/run.mjs';
/** @import {Fault, ImporterName} from '../fuzz/types' */

/** @type {readonly ImporterName[]} */
const all = [
  'questions',
  'trajectories',
  'reports',
  'archives',
  'adapters',
  'zips',
  'gguf',
  'safetensors',
  'tokenizers',
  'templates',
  'configs',
  'links',
  'endpoint',
  'hub',
];
const valued = ['cases', 'seed', 'only', 'case'];
/**
 * @param {string} name
 * @param {string} text
 * @param {number} least
 */
function whole(name, text, least) {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least && value <= 2 ** 31 - 1) return value;
  throw badArgument(`--${name} is "${text}".`, `Write a whole number from ${least}.`);
}

/** @param {string} list @returns {readonly ImporterName[]} */
function named(list) {
  const names = list.split(',');
  const odd = names.find((name) => !all.some((known) => known === name));
  if (odd !== undefined) throw badArgument(`"${odd}" is no importer.`, `Importers: ${all.join(', ')}.`);
  return all.filter((known) => names.includes(known));
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args, (name) => valued.includes(name));
  /** @type {Partial<Record<string, string>>} */
  const given = flags;
  const { cases = '1000', seed = '0', only = all.join(','), case: one, json, ...unknown } = given;
  const [odd] = [...rest, ...Object.keys(unknown)];
  if (odd !== undefined)
    throw badArgument(`"${odd}" is not known.`, 'Flags: --cases, --seed, --only, --case, --json.');
  const seedNumber = whole('seed', seed, 0);
  const each = one === undefined ? whole('cases', cases, 1) : 1;
  const first = one === undefined ? 0 : whole('case', one, 0);
  /** @type {Map<string, number>} */
  const told = new Map();
  /** @param {Fault} fault */
  const onFault = ({ importer, number, kind, what }) => {
    // The same fault, met again, has the same words but for its numbers and its input.
    const same = `${importer} ${kind} ${what.split('\n').slice(1, 3).join('') || what.slice(0, 30)}`.replace(
      /\d+/g,
      '0',
    );
    const before = told.get(same) ?? 0;
    told.set(same, before + 1);
    if (before === 0)
      console.error(
        `${importer} ${kind}: --seed ${seedNumber} --only ${importer} --case ${number}\n  ${what.slice(0, 1500)}`,
      );
  };
  const byImporter = await fuzz({ cases: each, seed: seedNumber, importers: named(only), first, onFault });
  for (const [same, count] of told) if (count > 1) console.error(`${count} times: ${same.slice(0, 160)}`);
  const rows = Object.entries(byImporter);
  if (json)
    console.log(
      JSON.stringify({ cases: rows.reduce((sum, [, row]) => sum + row.cases, 0), byImporter }, null, 1),
    );
  else
    for (const [name, { cases: ran, typed, untyped, hung, overMemory }] of rows)
      console.log(
        `${name.padEnd(13)} ${ran} cases: ${ran - typed - untyped - hung} taken, ${typed} refused, ${untyped} untyped, ${hung} hung, ${overMemory} over memory`,
      );
  return rows.every(([, { untyped, hung, overMemory }]) => untyped + hung + overMemory === 0) ? 0 : 1;
}
