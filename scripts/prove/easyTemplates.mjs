/**
 * Templates of easy word problems (numbers up to 20), by what they ask for: sums and differences, groups of a size, equal shares.
 * Of each kind six are for training and three are held out: the same operations in other sentences.
 */

/**
 * @typedef {'sums' | 'groups' | 'shares'} Kind
 *
 * @typedef {object} Words what a template is filled with
 * @property {string} who
 * @property {string} other
 * @property {string} thing
 * @property {(low: number, high: number) => number} n draws a number
 *
 * @typedef {object} Problem
 * @property {string} text
 * @property {string[]} steps
 * @property {number} answer
 *
 * @typedef {object} Template
 * @property {string} name
 * @property {Kind} kind
 * @property {boolean} heldOut
 * @property {(words: Words) => Problem} fill
 */

/** @param {number} a @param {number} b */
const plus = (a, b) => `${a} + ${b} = ${a + b}`;
/** @param {number} a @param {number} b */
const minus = (a, b) => `${a} - ${b} = ${a - b}`;
/** @param {number} a @param {number} b */
const times = (a, b) => `${a} * ${b} = ${a * b}`;
/** @param {number} a @param {number} b */
const over = (a, b) => `${a} / ${b} = ${a / b}`;

/** A whole that both numbers divide, at most 20. @param {Words['n']} n */
function shares(n) {
  const c = n(2, 5);
  const d = n(2, Math.floor(20 / c));
  return { c, d, whole: c * d };
}

/** @type {readonly Readonly<Omit<Template, 'name'>>[]} */
const sums = [
  {
    kind: 'sums',
    heldOut: false,
    fill({ who, thing, n }) {
      const [a, b] = [n(3, 20), n(2, 20)];
      const text = `${who} has ${a} ${thing} in a box and puts ${b} more ${thing} into it. How many ${thing} are in the box now?`;
      return { text, steps: [plus(a, b)], answer: a + b };
    },
  },
  {
    kind: 'sums',
    heldOut: false,
    fill({ who, thing, n }) {
      const a = n(5, 20);
      const b = n(2, a - 1);
      const text = `There were ${a} ${thing} on the table. ${who} took ${b} of them away. How many ${thing} are still on the table?`;
      return { text, steps: [minus(a, b)], answer: a - b };
    },
  },
  {
    kind: 'sums',
    heldOut: false,
    fill({ who, thing, n }) {
      const [a, b] = [n(3, 20), n(2, 20)];
      const text = `${who} found ${a} ${thing} in the morning and ${b} ${thing} in the evening. How many ${thing} did ${who} find that day?`;
      return { text, steps: [plus(a, b)], answer: a + b };
    },
  },
  {
    kind: 'sums',
    heldOut: false,
    fill({ who, other, thing, n }) {
      const a = n(5, 20);
      const b = n(2, a - 1);
      const text = `${who} owns ${a} ${thing}, and ${other} owns ${b} fewer than ${who}. How many ${thing} does ${other} own?`;
      return { text, steps: [minus(a, b)], answer: a - b };
    },
  },
  {
    kind: 'sums',
    heldOut: false,
    fill({ thing, n }) {
      const a = n(10, 20);
      const [b, c] = [n(2, 5), n(1, 4)];
      const text = `A shop had ${a} ${thing}. It sold ${b} of them on Monday and ${c} on Tuesday. How many ${thing} does the shop still have?`;
      return { text, steps: [minus(a, b), minus(a - b, c)], answer: a - b - c };
    },
  },
  {
    kind: 'sums',
    heldOut: false,
    fill({ who, thing, n }) {
      const a = n(6, 20);
      const b = n(2, a - 1);
      const c = n(2, 15);
      const text = `${who} had ${a} ${thing}, lost ${b} of them on the way home and then won ${c} others. How many ${thing} does ${who} have now?`;
      return { text, steps: [minus(a, b), plus(a - b, c)], answer: a - b + c };
    },
  },
  {
    kind: 'sums',
    heldOut: true,
    fill({ n }) {
      const [a, b] = [n(4, 20), n(2, 20)];
      const text = `${a} children ride on a bus. At the next stop ${b} more children get on. How many children are on the bus then?`;
      return { text, steps: [plus(a, b)], answer: a + b };
    },
  },
  {
    kind: 'sums',
    heldOut: true,
    fill({ who, n }) {
      const a = n(5, 20);
      const b = n(2, a - 1);
      const text = `A rope is ${a} metres long. ${who} cuts off a piece of ${b} metres. How many metres of rope remain?`;
      return { text, steps: [minus(a, b)], answer: a - b };
    },
  },
  {
    kind: 'sums',
    heldOut: true,
    fill({ who, other, n }) {
      const [a, b] = [n(4, 20), n(2, 12)];
      const text = `${who} is ${a} years old. ${other} is ${b} years older than ${who}. What do their two ages add up to?`;
      return { text, steps: [plus(a, b), plus(a, a + b)], answer: 2 * a + b };
    },
  },
];

/** @type {readonly Readonly<Omit<Template, 'name'>>[]} */
const groups = [
  {
    kind: 'groups',
    heldOut: false,
    fill({ who, thing, n }) {
      const [c, d] = [n(2, 6), n(2, 9)];
      const text = `${who} buys ${c} bags. Each bag holds ${d} ${thing}. How many ${thing} does ${who} buy?`;
      return { text, steps: [times(c, d)], answer: c * d };
    },
  },
  {
    kind: 'groups',
    heldOut: false,
    fill({ thing, n }) {
      const [c, d] = [n(2, 6), n(2, 9)];
      const text = `There are ${c} shelves on the wall, and ${d} ${thing} lie on each shelf. How many ${thing} are on the shelves?`;
      return { text, steps: [times(c, d)], answer: c * d };
    },
  },
  {
    kind: 'groups',
    heldOut: false,
    fill({ who, thing, n }) {
      const [c, d] = [n(2, 7), n(2, 9)];
      const text = `Every day ${who} collects ${d} ${thing}. How many ${thing} does ${who} collect in ${c} days?`;
      return { text, steps: [times(c, d)], answer: c * d };
    },
  },
  {
    kind: 'groups',
    heldOut: false,
    fill({ who, thing, n }) {
      const [c, d] = [n(2, 6), n(2, 9)];
      const text = `At the market ${who} pays ${d} dollars for each of ${c} sacks of ${thing}. How many dollars does ${who} spend?`;
      return { text, steps: [times(c, d)], answer: c * d };
    },
  },
  {
    kind: 'groups',
    heldOut: false,
    fill({ who, thing, n }) {
      const [a, c, d] = [n(2, 15), n(2, 5), n(2, 8)];
      const text = `${who} fills ${c} jars with ${d} ${thing} each, and ${a} ${thing} are left over. How many ${thing} does ${who} have in all?`;
      return { text, steps: [times(c, d), plus(c * d, a)], answer: c * d + a };
    },
  },
  {
    kind: 'groups',
    heldOut: false,
    fill({ who, other, thing, n }) {
      const [c, d] = [n(2, 5), n(3, 8)];
      const e = n(1, d);
      const text = `${who} makes ${c} packs of ${d} ${thing} each and gives ${e} of the ${thing} to ${other}. How many ${thing} does ${who} keep?`;
      return { text, steps: [times(c, d), minus(c * d, e)], answer: c * d - e };
    },
  },
  {
    kind: 'groups',
    heldOut: true,
    fill({ n }) {
      const [c, d] = [n(2, 7), n(3, 10)];
      const text = `A hall has ${c} rows of seats with ${d} seats in every row. How many people can sit in the hall?`;
      return { text, steps: [times(c, d)], answer: c * d };
    },
  },
  {
    kind: 'groups',
    heldOut: true,
    fill({ who, n }) {
      const [c, d] = [n(2, 7), n(2, 9)];
      const text = `${who} runs ${d} kilometres a day and trains on ${c} days of the week. How many kilometres does ${who} run in a week?`;
      return { text, steps: [times(c, d)], answer: c * d };
    },
  },
  {
    kind: 'groups',
    heldOut: true,
    fill({ who, n }) {
      const [a, c, d] = [n(2, 9), n(2, 5), n(3, 8)];
      const text = `A ticket costs ${d} dollars and a drink costs ${a} dollars. ${who} orders ${c} tickets and one drink. How many dollars is that?`;
      return { text, steps: [times(c, d), plus(c * d, a)], answer: c * d + a };
    },
  },
];

/** @type {readonly Readonly<Omit<Template, 'name'>>[]} */
const parts = [
  {
    kind: 'shares',
    heldOut: false,
    fill({ who, thing, n }) {
      const { c, d, whole } = shares(n);
      const text = `${who} shares ${whole} ${thing} equally among ${c} friends. How many ${thing} does each friend get?`;
      return { text, steps: [over(whole, c)], answer: d };
    },
  },
  {
    kind: 'shares',
    heldOut: false,
    fill({ who, thing, n }) {
      const { c, d, whole } = shares(n);
      const text = `${who} ties ${whole} ${thing} into bundles of ${d}. How many bundles does ${who} tie?`;
      return { text, steps: [over(whole, d)], answer: c };
    },
  },
  {
    kind: 'shares',
    heldOut: false,
    fill({ thing, n }) {
      const { c, d, whole } = shares(n);
      const text = `Together ${c} drawers hold ${whole} ${thing}, the same number in each drawer. How many ${thing} are in one drawer?`;
      return { text, steps: [over(whole, c)], answer: d };
    },
  },
  {
    kind: 'shares',
    heldOut: false,
    fill({ who, thing, n }) {
      const { c, d, whole } = shares(n);
      const text = `${who} uses up ${d} ${thing} a day. For how many days are ${whole} ${thing} enough?`;
      return { text, steps: [over(whole, d)], answer: c };
    },
  },
  {
    kind: 'shares',
    heldOut: false,
    fill({ who, thing, n }) {
      const { c, d, whole } = shares(n);
      const a = n(1, whole - 1);
      const text = `${who} gets ${a} ${thing} from one aunt and ${whole - a} from another. Then ${who} divides all of them equally among ${c} cousins. How many ${thing} does each cousin get?`;
      return { text, steps: [plus(a, whole - a), over(whole, c)], answer: d };
    },
  },
  {
    kind: 'shares',
    heldOut: false,
    fill({ who, thing, n }) {
      const c = n(2, 4);
      const d = n(2, Math.floor(16 / c));
      const b = n(1, 20 - c * d);
      const text = `Out of ${c * d + b} ${thing}, ${who} keeps ${b} and splits the others evenly between ${c} neighbours. How many ${thing} does each neighbour get?`;
      return { text, steps: [minus(c * d + b, b), over(c * d, c)], answer: d };
    },
  },
  {
    kind: 'shares',
    heldOut: true,
    fill({ n }) {
      const { c, d, whole } = shares(n);
      const text = `For a game ${whole} pupils form teams of ${d} pupils. How many teams play?`;
      return { text, steps: [over(whole, d)], answer: c };
    },
  },
  {
    kind: 'shares',
    heldOut: true,
    fill({ who, n }) {
      const { c, d, whole } = shares(n);
      const text = `${who} cuts a ribbon of ${whole} metres into ${c} pieces of one length. How many metres long is a piece?`;
      return { text, steps: [over(whole, c)], answer: d };
    },
  },
  {
    kind: 'shares',
    heldOut: true,
    fill({ n }) {
      const c = n(2, 4);
      const d = n(2, Math.floor(16 / c));
      const b = n(1, 20 - c * d);
      const text = `A baker made ${c * d + b} rolls and burnt ${b} of them. The good ones fill ${c} baskets evenly. How many rolls are in a basket?`;
      return { text, steps: [minus(c * d + b, b), over(c * d, c)], answer: d };
    },
  },
];

/** Named by kind and place. @type {readonly Template[]} */
export const templates = [sums, groups, parts].flatMap((list) =>
  list.map((template, i) => ({ name: `${template.kind}-${i + 1}`, ...template })),
);

/** @type {readonly Kind[]} */
export const kinds = ['sums', 'groups', 'shares'];
