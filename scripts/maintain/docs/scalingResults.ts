/** The section of docs/results.md on scaling, and its pictures: one dial of the demonstration `scaling` at a time. */
import type { ArmResult, Environment } from '../../../src/records/records';
import { placing } from '../../../src/eval/scaling';
import type { Result, Results } from './results';
import { drawPicture } from './scalingPicture';
import { count, deviceOf, duration, interval, origin, percent, table } from './words';

interface Point {
  /** The dial's value. */
  readonly at: number;
  readonly command: string;
  readonly seconds: number;
  readonly seed: number;
  readonly arms: readonly Pick<ArmResult, 'name' | 'n' | 'correct' | 'accuracy' | 'ci'>[];
}

const dials = {
  agents: { title: 'Agents', axis: 'agents' },
  exchanges: { title: 'Exchanges', axis: 'exchanges after the first answers' },
  questions: { title: 'Training questions', axis: 'training questions' },
  overlap: { title: 'Overlap of the gaps', axis: 'shared part of the agents’ gaps, %' },
} as const;
type Dial = keyof typeof dials;
const dialNames = Object.keys(dials) as readonly Dial[];

type Scaling = Readonly<Record<Dial, readonly Point[]>> & { readonly environment: Environment };

/** In the order of the table's columns. */
const arms = {
  debate: 'debate',
  'distilled:rsft': 'student, RSFT',
  'control:self-consistency': 'control, self-consistency',
  'vote-equal-total-tokens': 'vote at equal total tokens',
  'single-greedy': 'best agent, greedy',
} as const;
const armNames = Object.entries(arms);

const armOf = ({ arms: all }: Point, name: string) => all.find((one) => one.name === name);
const sorted = (points: readonly Point[]): readonly Point[] => [...points].sort((a, b) => a.at - b.at);

function dialTable(dial: Dial, points: readonly Point[]): string {
  const rows = points.map((point) => [
    count(point.at),
    ...armNames.map(([name]) => {
      const found = armOf(point, name);
      return found ? `${percent(found.accuracy)} ${interval(found.ci)}` : '';
    }),
  ]);
  return table([dials[dial].axis, ...armNames.map(([, label]) => label)], rows);
}

/** From the first value to the last, arms that both have. */
function ends(points: readonly Point[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return '';
  const parts = armNames.flatMap(([name, label]) => {
    const [from, to] = [armOf(first, name), armOf(last, name)];
    return from && to ? [`${label} ${percent(from.accuracy)} to ${percent(to.accuracy)}`] : [];
  });
  return `From ${count(first.at)} to ${count(last.at)}: ${parts.join('; ')}.`;
}

const fileOf = (dial: Dial): string => `scaling-${dial}.svg`;

function pictureOf(dial: Dial, points: readonly Point[]): string {
  const place = placing(points.map(({ at }) => at));
  const lines = armNames.flatMap(([name, label]) => {
    const own = points.flatMap((point) => {
      const found = armOf(point, name);
      if (!found) return [];
      const [low, high] = found.ci;
      return [{ at: place(point.at), value: 100 * found.accuracy, low: 100 * low, high: 100 * high }];
    });
    return own.length > 0 ? [{ name: label, points: own }] : [];
  });
  const ticks = points.map(({ at }) => ({ at: place(at), label: count(at) }));
  return drawPicture({ ...dials[dial], title: `Accuracy in percent: ${dials[dial].axis}`, ticks, lines });
}

/** The pictures by their file in docs/pictures; none until it was measured. */
export function scalingPictures(results: Results): ReadonlyMap<string, string> {
  if (!results.has('scaling')) return new Map();
  const { result } = results.read<Scaling>('scaling');
  return new Map(dialNames.map((dial) => [fileOf(dial), pictureOf(dial, sorted(result[dial]))]));
}

/** Nothing until it was measured. */
export function scalingSection(results: Results): string[] {
  if (!results.has('scaling')) return [];
  const whole: Result<Scaling> = results.read('scaling');
  const { result } = whole;
  const all = dialNames.flatMap((dial) => result[dial]);
  const [first] = all;
  const seconds = all.reduce((sum, point) => sum + point.seconds, 0);
  return [
    '## Scaling',
    origin(whole, {
      command: first?.command ?? '',
      what: `one dial at a time around 3 agents, 2 exchanges and 800 training questions; ${count(first?.arms[0]?.n ?? 0)} test questions; seed ${first?.seed ?? 0}; ${all.length} runs in ${duration(seconds)}`,
      device: deviceOf(result.environment),
    }),
    'Accuracies with Wilson intervals, one seed a point. The agents are the bundled ones, whose gaps are systematic and, but for the last dial, complementary.',
    ...dialNames.flatMap((dial) => {
      const points = sorted(result[dial]);
      const { title, axis } = dials[dial];
      return [
        `### ${title}`,
        `![Accuracy by ${axis}: the figures of the table below](pictures/${fileOf(dial)})`,
        dialTable(dial, points),
        ends(points),
      ];
    }),
  ];
}
