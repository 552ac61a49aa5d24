/**
 * The arms of a comparison: what each is called in report.json (`distilled:rsft`, `vote:3`), which family it belongs to, and how a
 * table and a sentence name it. An id is written and taken apart here alone. To add an arm, add an entry.
 */
import { controlNames, strategyNames } from '../settings/table';

/** Its sign and colour, and what it is compared with. */
export type ArmFamily = 'base' | 'single' | 'ensemble' | 'distilled' | 'control';

/** What follows the colon of an id. */
interface Details {
  readonly none: object;
  readonly count: { readonly k: number };
  readonly strategy: { readonly strategy: string };
  readonly control: { readonly control: string };
}

interface ArmEntry {
  readonly family: ArmFamily;
  readonly detail: keyof Details;
  /** As a table names it; `detail` is the number, the strategy or the control in words. */
  readonly label: (detail: string) => string;
  /** As a sentence names it. */
  readonly phrase: (detail: string) => string;
}

const plain = <F extends ArmFamily>(family: F, label: string, phrase: string) =>
  ({ family, detail: 'none', label: () => label, phrase: () => phrase }) as const;
const counted = <F extends ArmFamily>(
  family: F,
  label: (k: string) => string,
  phrase: (k: string) => string,
) => ({ family, detail: 'count', label, phrase }) as const;

/** In the order in which students are compared with them. */
export const armTable = {
  base: plain('base', 'Base student', 'the base student'),
  'base-shots': plain('base', 'Base student with examples', 'the base student with examples'),
  single: plain('single', 'Best single agent', 'the best single agent'),
  'single-greedy': plain(
    'single',
    'Best single agent, greedy',
    'the best single agent (greedy, as the student is decoded)',
  ),
  vote: counted(
    'ensemble',
    (k) => `Vote of ${k}`,
    (k) => `the vote of ${k} independent answers`,
  ),
  'vote-zero-shot': counted(
    'ensemble',
    (k) => `Vote of ${k} without examples`,
    (k) => `the vote of ${k} independent answers without examples`,
  ),
  'vote-greedy': counted(
    'ensemble',
    (k) => `Vote of ${k}, greedy`,
    (k) => `the vote of ${k} agents decoded greedily`,
  ),
  'vote-equal-tokens': plain(
    'ensemble',
    'Vote at equal generated tokens',
    'the vote of independent answers at the same generated tokens',
  ),
  'vote-equal-total-tokens': plain(
    'ensemble',
    'Vote at equal total tokens',
    'the vote of independent answers at the same total tokens (prompt and generated)',
  ),
  debate: plain('ensemble', 'Vote after the debate', 'the debate'),
  summariser: plain('ensemble', 'Summariser', 'the summariser'),
  distilled: {
    family: 'distilled',
    detail: 'strategy',
    label: (strategy) => `Distilled: ${strategy}`,
    phrase: (strategy) => `the student (${strategy})`,
  },
  control: {
    family: 'control',
    detail: 'control',
    label: (control) => `Control: ${control}`,
    phrase: (control) => `the control "${control}"`,
  },
} as const satisfies Readonly<Record<string, ArmEntry>>;

type Table = typeof armTable;
export type ArmKind = keyof Table;
type Known = { [K in ArmKind]: { readonly kind: K } & Details[Table[K]['detail']] }[ArmKind];

/** `unknown`: an imported report may hold arms that this version does not make. */
export type Arm = Known | { readonly kind: 'unknown'; readonly id: string };

export const armKinds = Object.keys(armTable) as readonly ArmKind[];

/** What follows the colon; null where nothing does. */
function detailOf(arm: Known): string | null {
  if ('k' in arm) return String(arm.k);
  if ('strategy' in arm) return arm.strategy;
  return 'control' in arm ? arm.control : null;
}

/** As report.json names it. */
export function armId(arm: Arm): string {
  if (arm.kind === 'unknown') return arm.id;
  const detail = detailOf(arm);
  return detail === null ? arm.kind : `${arm.kind}:${detail}`;
}

function isKind(text: string): text is ArmKind {
  return Object.hasOwn(armTable, text);
}

/** `armId` backwards, for any text. */
export function parseArm(id: string): Arm {
  const [, kind = '', detail] = /^([^:]*)(?::(.*))?$/s.exec(id) ?? [];
  const unknown: Arm = { kind: 'unknown', id };
  if (!isKind(kind)) return unknown;
  const wanted: keyof Details = armTable[kind].detail;
  if (wanted === 'none') return detail === undefined ? ({ kind } as Arm) : unknown;
  if (detail === undefined || detail === '') return unknown;
  if (wanted === 'count') {
    const k = Number(detail);
    return Number.isSafeInteger(k) && k > 0 && String(k) === detail ? ({ kind, k } as Arm) : unknown;
  }
  return { kind, [wanted]: detail } as Arm;
}

export function familyOf(id: string): ArmFamily {
  const { kind } = parseArm(id);
  return kind === 'unknown' ? 'ensemble' : armTable[kind].family;
}

/** Name under which the training of a student or control is stored; null for an arm that was not trained. */
export function trainingOf(id: string): string | null {
  const arm = parseArm(id);
  if (arm.kind === 'distilled') return arm.strategy;
  return arm.kind === 'control' ? arm.control : null;
}

/** A strategy or control in words; one of another version by its name. */
function trainingName(names: Readonly<Record<string, string>>, name: string): string {
  return (Object.hasOwn(names, name) ? names[name] : undefined) ?? name;
}

function named(id: string, form: 'label' | 'phrase'): string {
  const arm = parseArm(id);
  if (arm.kind === 'unknown') return id;
  const entry: ArmEntry = armTable[arm.kind];
  const detail = detailOf(arm) ?? '';
  if (entry.detail === 'strategy') return entry[form](trainingName(strategyNames, detail));
  return entry[form](entry.detail === 'control' ? trainingName(controlNames, detail) : detail);
}

/** "Vote of 3", as a table says it. */
export function armLabel(id: string): string {
  return named(id, 'label');
}

/** "the vote of 3 independent answers", as a sentence says it. */
export function armPhrase(id: string): string {
  return named(id, 'phrase');
}
