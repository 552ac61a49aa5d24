/** The words of the problems: families of sentence templates with their entities. Runs learn from the taught family alone. */
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
  /** Where a family's things are. */
  readonly places: readonly string[];
}

const taughtEntities: Entities = {
  people: [she('Anna'), she('Mia'), she('Lena'), she('Zoe'), he('Ben'), he('Tom'), he('Max'), he('Leo')],
  items: ['apples', 'books', 'coins', 'shells', 'cards', 'pens'],
  places: [],
};

/** Never in train, validation or test. */
const renamedEntities: Entities = {
  people: [she('Ida'), she('Nora'), he('Finn'), he('Paul')],
  items: ['stamps', 'stones', 'rings', 'keys'],
  places: [],
};

const vehicleEntities: Entities = {
  people: taughtEntities.people,
  items: ['riders', 'children', 'guests'],
  places: ['bus', 'boat', 'train'],
};

const moneyEntities: Entities = {
  people: renamedEntities.people,
  items: ['toys', 'shoes', 'lamps'],
  places: [],
};

/**
 * Templates: {N} name, {P} pronoun, {O} another person, {p} her/him, {n} the number, {k} and {m} factors, {i} the things,
 * {c} the place.
 */
interface Templates {
  readonly start: readonly string[];
  readonly product: readonly string[];
  readonly sentences: Readonly<Record<Exclude<Operation, '*'>, readonly string[]>>;
  readonly question: readonly string[];
}

const taughtTemplates: Templates = {
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
const newTemplates: Templates = {
  start: ['{N} now has {n} {i}.'],
  product: ['{N} owns {k} boxes with {m} {i} each.'],
  sentences: {
    '+': ['{P} now buys {n} more.'],
    '-': ['{P} sells {n} to {O}.'],
    '/': ['{P} keeps one of {n} equal piles.'],
  },
  question: ['How many {i} does {N} now have in the end?'],
};

/** Family B: people who get on and off. */
const vehicleTemplates: Templates = {
  start: ['A {c} leaves with {n} {i}.', '{n} {i} are on a {c}.'],
  product: ['A {c} has {k} rows with {m} {i} each.', '{k} groups of {m} {i} are on a {c}.'],
  sentences: {
    '+': ['{n} more get on.', 'At a stop {n} join them.'],
    '-': ['{n} get off.', 'At a stop {n} leave.'],
    '/': ['Only one of {n} equal groups stays.', 'All get off but one of {n} equal groups.'],
  },
  question: ['How many {i} are on the {c} now?', 'How many {i} arrive in the end?'],
};

/** Family C: money. */
const moneyTemplates: Templates = {
  start: ['{N} earns {n} dollars.', '{N} saved {n} dollars.'],
  product: ['{N} works {k} hours for {m} dollars each.', '{N} sells {k} old {i} for {m} dollars each.'],
  sentences: {
    '+': ['{O} pays {p} {n} dollars.', '{P} earns {n} dollars more.'],
    '-': ['{P} spends {n} dollars on {i}.', '{P} pays {O} {n} dollars.'],
    '/': ['{P} saves one of {n} equal parts and spends the rest.', 'One of {n} equal parts is left.'],
  },
  question: ['How many dollars are left?', 'How much money does {N} have?'],
};

const irrelevant = '{O} has {n} {j}.';

/** Sentences and the names and things in them. */
interface Family {
  readonly entities: Entities;
  readonly templates: Templates;
}

const families = {
  /** What runs learn from and are tested on. */
  taught: { entities: taughtEntities, templates: taughtTemplates },
  renamed: { entities: renamedEntities, templates: taughtTemplates },
  'new-sentences': { entities: renamedEntities, templates: newTemplates },
  vehicles: { entities: vehicleEntities, templates: vehicleTemplates },
  money: { entities: moneyEntities, templates: moneyTemplates },
} satisfies Readonly<Record<string, Family>>;

export type FamilyName = keyof typeof families;

/** Which words a split uses. */
export interface Wording {
  readonly family: FamilyName;
  /** Adds one sentence with a number that has nothing to do with the question. */
  readonly distractor: boolean;
}

/** The problem in words, one sentence per step. */
export function wordProblem(skeleton: Skeleton, wording: Wording, random: RandomStream): string {
  const { entities, templates } = families[wording.family];
  const hero = random.pick(entities.people);
  const item = random.pick(entities.items);
  const place = entities.places.length > 0 ? random.pick(entities.places) : '';
  const fill = (template: string, numbers: Readonly<Record<string, number>>) => {
    const other = random.pick(entities.people.filter((person) => person !== hero));
    const values: Readonly<Record<string, string | number>> = {
      N: hero.name,
      P: hero.subject,
      p: hero.object,
      O: other.name,
      i: item,
      c: place,
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
  for (const { entities, templates } of Object.values<Family>(families)) {
    for (const person of entities.people) for (const word of Object.values(person)) words.add(word as string);
    for (const word of [...entities.items, ...entities.places]) words.add(word);
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
