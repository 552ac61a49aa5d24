/** Reports of any outcome, the same for the same seed: which arms there are, what they got right, and how surely. */
import { wilson } from '../../src/eval/statistics';
import { pairNames } from '../../src/eval/pairs';
import { ensembleOf, bestStudent } from '../../src/eval/keyArms';
import { RandomStream } from '../../src/core/rng';
import type { ArmResult, PairResult, Report } from '../../src/records/records';
import { presets } from '../../src/settings/config';
import { controls, strategies } from '../../src/settings/table';

class Draw {
  readonly #random: RandomStream;
  constructor(seed: number) {
    this.#random = new RandomStream(seed);
  }
  share(): number {
    return this.#random.next();
  }
  chance(p: number): boolean {
    return this.share() < p;
  }
  of<T>(list: readonly T[]): T {
    return list[Math.floor(this.share() * list.length)]!;
  }
  some<T>(list: readonly T[], p: number): T[] {
    return list.filter(() => this.chance(p));
  }
}

function makeArm(draw: Draw, name: string, n: number): ArmResult {
  const correct = draw.chance(0.1) ? n : Math.round(draw.share() * n);
  const share = { correct, accuracy: n === 0 ? 0 : correct / n };
  return {
    name,
    n,
    ...share,
    ci: wilson(correct, n),
    strict: share,
    flexible: share,
    tokensPerQuestion: draw.chance(0.1) ? 0 : 5 + 300 * draw.share(),
    promptTokensPerQuestion: 40,
    secondsPerQuestion: draw.chance(0.3) ? 0 : 0.01,
    ...(name.includes('equal') && {
      budget: { wanted: 300, reached: draw.of([300, 290, 120]), samples: 4.2 },
    }),
  };
}

/** Often close to a tie, sometimes without one differing answer: the cases in which words matter. */
function makePair(draw: Draw, a: string, b: string, n: number): PairResult {
  const differ = draw.chance(0.2) ? 0 : Math.round(draw.share() * n);
  const aOnly = Math.round(differ * draw.of([0.5, draw.share(), 0.9, 0.9, 0.1]));
  const bOnly = differ - aOnly;
  const difference = n === 0 ? 0 : (aOnly - bOnly) / n;
  const detectable = n === 0 ? 1 : 2.8 * Math.sqrt(differ / n / n);
  const half = 0.7 * detectable * (0.2 + draw.share());
  const mcnemarP = draw.chance(0.7) ? 0.0001 : draw.share();
  return {
    a,
    b,
    difference,
    ci: [difference - half, difference + half],
    mcnemarP,
    ...(draw.chance(0.5) && { adjusted: Math.min(1, 3 * mcnemarP) }),
    aOnly,
    bOnly,
    detectable,
  };
}

function withoutAdjusted({ adjusted: _, ...pair }: PairResult): PairResult {
  return pair;
}

function compared(draw: Draw, names: readonly string[], n: number) {
  return {
    arms: names.map((name) => makeArm(draw, name, n)),
    pairs: pairNames(names).map(([a, b]) => makePair(draw, a, b, n)),
  };
}

export function randomReport(seed: number): Report {
  const draw = new Draw(seed);
  const n = draw.of([0, 1, 12, 48, 149, 150, 299, 300, 1319]);
  const students = draw.some(strategies, 0.3).map((name) => `distilled:${name}`);
  const agents = [
    'single',
    ...draw.some(['single-greedy'], 0.7),
    ...draw.some(['vote:3', 'vote:16', 'vote-greedy:3'], 0.7),
  ];
  const others = draw.some(
    ['vote-zero-shot:8', 'debate', 'vote-equal-tokens', 'vote-equal-total-tokens', 'summariser'],
    0.6,
  );
  const trained = [...students, ...draw.some(controls, 0.4).map((name) => `control:${name}`)];
  const names = [...draw.some(['base'], 0.9), ...draw.some(['base-shots'], 0.3), ...agents, ...others];
  const { arms, pairs: all } = compared(draw, [...names, ...trained], n);
  const chosen = students.length > 1 && draw.chance(0.5) ? draw.of(students) : null;
  const student = chosen ?? bestStudent(arms)?.name;
  const contrast = all.length > 0 && draw.chance(0.5) ? draw.of(all) : null;
  const unmeasured = { a: 'distilled:da', b: 'control:self-consistency' };
  const pairs = all.map((pair) => (pair === contrast ? withoutAdjusted(pair) : pair));
  const ensemble = ensembleOf(names);
  const low = 1.4 * draw.share() - 0.4;
  return {
    config: presets.quick,
    seed,
    environment: { arklet: '0.1.0', device: 'test', backend: 'cpu', userAgent: 'node', threads: 1 },
    repeatable: draw.of(['bytes', 'forms', 'settings'] as const),
    splits: { train: 10, test: n },
    dataset: { kept: 8, dropped: {} },
    datasets: Object.fromEntries(
      draw.some(controls, 0.3).map((name) => [`control:${name}`, { kept: draw.of([0, 0, 40]), dropped: {} }]),
    ),
    arms,
    pairs,
    gainKept:
      student !== undefined && ensemble !== null && draw.chance(0.7)
        ? { strategy: student, ensemble, value: low + 0.2, ci: [low, low + 0.4] }
        : null,
    ...(chosen !== null && {
      chosen: { strategy: chosen, by: draw.of(['validation', 'test'] as const), validation: [] },
    }),
    ...(draw.chance(0.6) && {
      primary: { ...(contrast ? { a: contrast.a, b: contrast.b } : unmeasured), hash: '0'.repeat(64) },
    }),
    items: [],
    trainQuestions: [],
    ood: draw.chance(0.5) ? compared(draw, names, 200) : null,
    robust: draw.chance(0.5) ? compared(draw, names, 150) : null,
    selfCorrection: [],
    seeds: draw.chance(0.4)
      ? [1, 2].map((other) => ({
          seed: other,
          arms: trained.map((name) => makeArm(draw, name, n)),
          pairs: pairNames([...names, ...trained]).map(([a, b]) => makePair(draw, a, b, n)),
        }))
      : [],
    pad: null,
    timings: {},
  };
}
