/** The words of the problems: entities and sentence templates, those of training and those kept unseen. */
import type { RandomStream } from '../core/rng';
import type { Operation, Skeleton } from './skeleton';

interface Entity {
  readonly name: string;
  readonly subject: 'She' | 'He';
  readonly object: 'her' | 'him';
}

const she = (name: string): Entity => ({ name, subject: 'She', object: 'her' });
const he = (name: string): Entity => ({ name, subject: 'He', object: 'him' });

/** Names and things of one family of splits. */
interface Entities {
  readonly people: readonly Entity[];
  readonly items: readonly string[];
}

const seenEntities: Entities = {
  people: [she('Anna'), she('Mia'), she('Lena'), she('Zoe'), he('Ben'), he('Tom'), he('Max'), he('Leo')],
  items: ['apples', 'books', 'coins', 'shells', 'cards', 'pens'],
};

/** Never in training, validation or test. */
const unseenEntities: Entities = {
  people: [she('Ida'), she('Nora'), he('Finn'), he('Paul')],
  items: ['stamps', 'stones', 'rings', 'keys'],
};

/** Templates: {N} name, {P} pronoun, {O} another person, {p} her/him, {n} the number, {k} and {m} factors, {i} the things. */
interface Templates {
  readonly start: readonly string[];
  readonly product: readonly string[];
  readonly sentences: Readonly<Record<Exclude<Operation, '*'>, readonly string[]>>;
  readonly question: readonly string[];
}

const seenTemplates: Templates = {
  start: ['{N} has {n} {i}.', '{N} owns {n} {i}.'],
  product: ['{N} buys {k} bags with {m} {i} each.', '{N} has {k} boxes with {m} {i} each.'],
  sentences: {
    '+': ['{P} finds {n} more.', '{P} buys {n} more.', '{O} gives {p} {n} more.'],
    '-': ['{P} gives {n} to {O}.', '{P} loses {n}.', '{P} sells {n}.'],
    '/': ['{P} splits them into {n} equal piles and keeps one.', '{P} keeps one of {n} equal shares.'],
  },
  question: ['How many {i} does {N} have now?', 'How many {i} does {N} have in the end?'],
};

/** New sentences made of known words: a word-level model cannot know what a word means that it never saw. */
const unseenTemplates: Templates = {
  start: ['{N} now has {n} {i}.'],
  product: ['{N} owns {k} boxes with {m} {i} each.'],
  sentences: {
    '+': ['{P} now buys {n} more.'],
    '-': ['{P} sells {n} to {O}.'],
    '/': ['{P} keeps one of {n} equal piles.'],
  },
  question: ['In the end how many {i} does {N} have?'],
};

const irrelevant = '{O} has {n} {j}.';

/** Which words a split uses. */
export interface Wording {
  readonly unseenEntities: boolean;
  readonly unseenTemplates: boolean;
  /** Adds one sentence with a number that has nothing to do with the question. */
  readonly distractor: boolean;
}

/** The problem in words, one sentence per step. */
export function wordProblem(skeleton: Skeleton, wording: Wording, random: RandomStream): string {
  const entities = wording.unseenEntities ? unseenEntities : seenEntities;
  const templates = wording.unseenTemplates ? unseenTemplates : seenTemplates;
  const hero = random.pick(entities.people);
  const item = random.pick(entities.items);
  const fill = (template: string, numbers: Readonly<Record<string, number>>) => {
    const other = random.pick(entities.people.filter((person) => person !== hero));
    const values: Readonly<Record<string, string | number>> = {
      N: hero.name,
      P: hero.subject,
      p: hero.object,
      O: other.name,
      i: item,
      j: random.pick(entities.items.filter((thing) => thing !== item)),
      ...numbers,
    };
    return template.replace(/\{(\w)\}/g, (_, name: string) => String(values[name]));
  };
  const sentences = skeleton.steps.map((step) =>
    step.operation === '*'
      ? fill(random.pick(templates.product), { k: step.left, m: step.right })
      : fill(random.pick(templates.sentences[step.operation]), { n: step.right }),
  );
  if (skeleton.start !== null) {
    sentences.unshift(fill(random.pick(templates.start), { n: skeleton.start }));
  }
  if (wording.distractor) {
    const at = random.integer(1, sentences.length);
    sentences.splice(at, 0, fill(irrelevant, { n: random.integer(2, 20) }));
  }
  return [...sentences, fill(random.pick(templates.question), {})].join(' ');
}

/** Every word that a question can hold, sorted: what the bundled models' vocabulary is made of. */
export function problemWords(): readonly string[] {
  const words = new Set<string>();
  for (const entities of [seenEntities, unseenEntities]) {
    for (const person of entities.people) for (const word of Object.values(person)) words.add(word as string);
    for (const item of entities.items) words.add(item);
  }
  for (const templates of [seenTemplates, unseenTemplates]) {
    const texts = [
      ...templates.start,
      ...templates.product,
      ...templates.question,
      ...Object.values(templates.sentences).flat(),
    ];
    for (const word of texts
      .join(' ')
      .replace(/\{\w\}/g, ' ')
      .match(/[A-Za-z]+/g) ?? [])
      words.add(word);
  }
  return [...words].sort();
}
