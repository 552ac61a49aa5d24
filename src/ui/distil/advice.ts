/** What a training log says about memorising, and which sentence a student that fell deserves. */
import { trainingOf } from '../../eval/arm';
import type { StrategyLog } from '../../records/runRecords';
import type { Report } from '../../records/records';
import type { TrainLog } from '../../records/trainLog';
import type { RunConfig } from '../../settings/config';
import type { DatasetView } from '../state/runView.svelte';
import { boundedSteps } from '../../settings/boundedSteps';
import { findPair, keyArms } from '../../eval/keyArms';
import { standing } from '../../eval/verdict';
import { findArm } from '../../eval/keyArms';
import { datasetOf, taughtBy } from './pad/padLog';

/** Fewer traces than this teach themselves rather than how to solve. */
export const fewTraces = 32;

/** How far the held-out loss rises over its lowest before it is called memorising. */
const rise = 1.05;

export interface HeldOutPoint {
  readonly step: number;
  readonly loss: number;
}

export interface Overfit {
  readonly best: HeldOutPoint;
  readonly last: HeldOutPoint;
}

function heldOutOf(steps: readonly TrainLog[]): HeldOutPoint[] {
  return steps.flatMap(({ step, eval_loss: loss }): HeldOutPoint[] =>
    loss === undefined || !Number.isFinite(loss) ? [] : [{ step, loss }],
  );
}

/** Held-out loss that fell and rose again; null where it did not, or was measured too rarely. */
export function overfitOf(steps: readonly TrainLog[]): Overfit | null {
  const points = heldOutOf(steps);
  const last = points.at(-1);
  if (!last || points.length < 3) return null;
  const best = points.reduce((least, point) => (point.loss < least.loss ? point : least));
  // Two measurements after the best one, so that a single bump is no verdict.
  const after = points.filter(({ step }) => step > best.step);
  if (after.length < 2 || after.some(({ loss }) => loss <= best.loss)) return null;
  return last.loss > rise * best.loss ? { best, last } : null;
}

export interface Shortened {
  /** Steps by the settings. */
  readonly planned: number;
  /** What the traces allow. */
  readonly allowed: number;
  /** Last step of a training that ended before that by its held-out loss; null where it did not. */
  readonly stoppedAt: number | null;
  /** The step whose adapter is kept, where that is not the last one's. */
  readonly keptFrom: number | null;
}

/** Why a finished supervised training has fewer steps than its settings, and which adapter it kept. */
export function shortenedOf(
  config: Pick<RunConfig, 'steps' | 'batch' | 'maxEpochs' | 'patience'>,
  steps: readonly TrainLog[],
  traces: number,
): Shortened {
  const allowed = boundedSteps(config.steps, config, traces);
  const last = steps.at(-1)?.step ?? 0;
  const early = config.patience > 0 && last < allowed;
  const held = heldOutOf(steps);
  const best = held.reduce<HeldOutPoint | null>(
    (least, point) => (least === null || point.loss < least.loss ? point : least),
    null,
  );
  return {
    planned: config.steps,
    allowed,
    stoppedAt: early ? last : null,
    keptFrom: config.patience > 0 && best !== null && best.step < last ? best.step : null,
  };
}

export type Fall = { readonly type: 'few'; readonly kept: number } | { readonly type: 'overfit' | 'other' };

/** Why the student of the headline gets fewer questions right than before: few traces, or beyond chance; else null. */
export function fallOf(
  report: Report,
  datasets: readonly DatasetView[],
  logs: readonly StrategyLog[],
): Fall | null {
  const keys = keyArms(report);
  const pair = keys && findPair(report.pairs, keys.distilled, keys.base);
  if (!keys || !pair || pair.difference >= 0) return null;
  const strategy = trainingOf(keys.distilled);
  const kept = datasetOf(datasets, taughtBy(strategy))?.kept;
  if (kept !== undefined && kept < fewTraces) return { type: 'few', kept };
  if (standing(pair, findArm(report, keys.base)?.n ?? 0) !== 'below') return null;
  const log = logs.find((one) => one.strategy === strategy);
  return { type: log && overfitOf(log.steps) ? 'overfit' : 'other' };
}
