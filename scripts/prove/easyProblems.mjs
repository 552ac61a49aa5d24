/**
 * Easy one- and two-step word problems (numbers up to 20) in GSM8K's format, for demonstrations with real language models.
 * Every problem is drawn once: no two share their text.
 */
import { templates as splitTemplates } from './easyTemplates.mjs';
/** @import {Template} from './easyTemplates.mjs' */

/**
 * @typedef {{question: string, answer: string}} Row
 *
 * @typedef {object} Values what a template is filled with
 * @property {string} who
 * @property {string} other
 * @property {string} thing
 * @property {number} a
 * @property {number} b
 * @property {number} c
 * @property {number} d
 * @property {number} e
 */

const names = [
  'Anna',
  'Ben',
  'Carla',
  'David',
  'Ella',
  'Felix',
  'Grace',
  'Hugo',
  'Ivy',
  'Jonas',
  'Kira',
  'Leo',
  'Mona',
  'Nils',
];
const things = [
  'apples',
  'books',
  'coins',
  'cards',
  'pens',
  'shells',
  'stamps',
  'marbles',
  'stickers',
  'pears',
  'cookies',
  'balls',
];

/**
 * mulberry32: a small seeded generator, enough for drawing templates.
 * @param {number} seed
 */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  };
}

/** Of the demonstrations before `specialists`. @type {((values: Values) => {question: string, steps: string[], answer: number})[]} */
const templates = [
  ({ who, thing, a, b }) => ({
    question: `${who} has ${a} ${thing}. ${who} gets ${b} more ${thing}. How many ${thing} does ${who} have now?`,
    steps: [`${a} + ${b} = ${a + b}`],
    answer: a + b,
  }),
  ({ who, thing, a, b }) => ({
    question: `${who} has ${a + b} ${thing} and gives away ${b} of them. How many ${thing} are left?`,
    steps: [`${a + b} - ${b} = ${a}`],
    answer: a,
  }),
  ({ who, thing, c, d }) => ({
    question: `${who} buys ${c} bags with ${d} ${thing} in each bag. How many ${thing} does ${who} buy?`,
    steps: [`${c} * ${d} = ${c * d}`],
    answer: c * d,
  }),
  ({ who, other, thing, a, b, e }) => ({
    question: `${who} has ${a} ${thing}. ${other} gives ${who} ${b} more. Then ${who} loses ${e}. How many ${thing} does ${who} have?`,
    steps: [`${a} + ${b} = ${a + b}`, `${a + b} - ${e} = ${a + b - e}`],
    answer: a + b - e,
  }),
  ({ who, thing, a, c, d }) => ({
    question: `${who} has ${a} ${thing} and buys ${c} boxes with ${d} ${thing} each. How many ${thing} does ${who} have in all?`,
    steps: [`${c} * ${d} = ${c * d}`, `${a} + ${c * d} = ${a + c * d}`],
    answer: a + c * d,
  }),
];

/**
 * `count` distinct problems as {question, answer} rows; the answer ends with "#### N".
 * @param {number} count
 * @param {number} seed
 */
export function easyProblems(count, seed) {
  const next = random(seed);
  /** @param {number} low @param {number} high */
  const integer = (low, high) => low + Math.floor(next() * (high - low + 1));
  /**
   * @template T
   * @param {readonly T[]} list
   */
  const pick = (list) => /** @type {T} */ (list[integer(0, list.length - 1)]);
  /** @type {Map<string, Row>} */
  const rows = new Map();
  while (rows.size < count) {
    const who = pick(names);
    const other = pick(names.filter((name) => name !== who));
    const a = integer(3, 20);
    const b = integer(2, 15);
    const values = {
      who,
      other,
      thing: pick(things),
      a,
      b,
      c: integer(2, 5),
      d: integer(2, 6),
      e: integer(1, a),
    };
    const { question, steps, answer } = pick(templates)(values);
    rows.set(question, { question, answer: `${steps.join('\n')}\n#### ${answer}` });
  }
  return [...rows.values()];
}

/**
 * A problem whose template is known: `numbers` are those of its text, sorted.
 * @typedef {Row & {template: string, numbers: string}} TemplateRow
 */

/**
 * Sets of problems that share no text, and no numbers in one template. `sets` says from which templates and how many problems a
 * set has, the same number of each template as far as that goes.
 * @template {string} Name
 * @param {Readonly<Record<Name, {count: number, of: (template: Template) => boolean}>>} sets
 * @param {number} seed
 * @returns {Record<Name, TemplateRow[]>}
 */
export function templateSets(sets, seed) {
  const next = random(seed);
  /** @param {number} low @param {number} high */
  const n = (low, high) => low + Math.floor(next() * (high - low + 1));
  /**
   * @template T
   * @param {readonly T[]} list
   */
  const pick = (list) => /** @type {T} */ (list[n(0, list.length - 1)]);
  /** @type {Set<string>} */
  const seen = new Set();
  /** @param {Template} template @returns {TemplateRow} */
  const fresh = (template) => {
    const who = pick(names);
    const other = pick(names.filter((name) => name !== who));
    const { text, steps, answer } = template.fill({ who, other, thing: pick(things), n });
    const numbers = (text.match(/\d+/g) ?? []).sort().join(' ');
    const key = `${template.name}: ${numbers}`;
    if (seen.has(key)) return fresh(template);
    seen.add(key);
    return {
      question: text,
      answer: `${steps.join('\n')}\n#### ${answer}`,
      template: template.name,
      numbers,
    };
  };
  const result = /** @type {Record<Name, TemplateRow[]>} */ ({});
  for (const name of /** @type {Name[]} */ (Object.keys(sets))) {
    const { count, of } = sets[name];
    const own = splitTemplates.filter(of);
    // Where the count is no multiple of the templates, the seed says which ones have one more.
    const from = n(0, own.length - 1);
    result[name] = Array.from({ length: count }, (_, i) =>
      fresh(/** @type {Template} */ (own[(from + i) % own.length])),
    );
  }
  return result;
}
