/** The one table of kernels: every .wgsl file, what several of them share, and the storage formats of frozen weights. */
import scale from './kernels/scalars/scale.wgsl?raw';
import softCap from './kernels/scalars/softCap.wgsl?raw';
import softCapBackward from './kernels/scalars/softCapBackward.wgsl?raw';
import adamw from './kernels/adamw.wgsl?raw';
import attention from './kernels/attention.wgsl?raw';
import attentionBackwardKey from './kernels/attentionBackwardKey.wgsl?raw';
import attentionBackwardQuery from './kernels/attentionBackwardQuery.wgsl?raw';
import attentionMerge from './kernels/attention/attentionMerge.wgsl?raw';
import attentionPaged from './kernels/attentionPaged.wgsl?raw';
import copy from './kernels/copy.wgsl?raw';
import crossEntropy from './kernels/crossEntropy.wgsl?raw';
import embed from './kernels/embed.wgsl?raw';
import fill from './kernels/fill.wgsl?raw';
import gatherRows from './kernels/gatherRows.wgsl?raw';
import qkNorm from './kernels/qkNorm.wgsl?raw';
import qkNormBackward from './kernels/qkNormBackward.wgsl?raw';
import linear from './kernels/linear.wgsl?raw';
import linearBackward from './kernels/linearBackward.wgsl?raw';
import loraDown from './kernels/loraDown.wgsl?raw';
import logitChunks from './kernels/logitChunks.wgsl?raw';
import loraDownDropout from './kernels/loraDownDropout.wgsl?raw';
import loraGradAB from './kernels/loraGradAB.wgsl?raw';
import loraGradU from './kernels/loraGradU.wgsl?raw';
import attentionTile from './kernels/attention/attentionTile.wgsl?raw';
import attentionTileKey from './kernels/attention/attentionTileKey.wgsl?raw';
import attentionTilePaged from './kernels/attention/attentionTilePaged.wgsl?raw';
import attentionTileQuery from './kernels/attention/attentionTileQuery.wgsl?raw';
import crossEntropyRow from './kernels/parts/crossEntropyRow.wgsl?raw';
import dropout from './kernels/parts/dropout.wgsl?raw';
import headTile from './kernels/attention/headTile.wgsl?raw';
import exactWeights from './kernels/sampling/exactWeights.wgsl?raw';
import lanesChains from './kernels/parts/lanesChains.wgsl?raw';
import linearChains from './kernels/parts/linearChains.wgsl?raw';
import linearLanes from './kernels/parts/linearLanes.wgsl?raw';
import linearRows from './kernels/parts/linearRows.wgsl?raw';
import load4 from './kernels/parts/load4.wgsl?raw';
import load4half from './kernels/parts/load4half.wgsl?raw';
import loraLinear from './kernels/parts/loraLinear.wgsl?raw';
import onlineSoftmax from './kernels/attention/onlineSoftmax.wgsl?raw';
import nucleus from './kernels/sampling/nucleus.wgsl?raw';
import outerProduct from './kernels/parts/outerProduct.wgsl?raw';
import qkHead from './kernels/parts/qkHead.wgsl?raw';
import qkWeights from './kernels/parts/qkWeights.wgsl?raw';
import quarter from './kernels/parts/quarter.wgsl?raw';
import queryTile from './kernels/attention/queryTile.wgsl?raw';
import rmsNormRow from './kernels/parts/rmsNormRow.wgsl?raw';
import rowScales from './kernels/parts/rowScales.wgsl?raw';
import scores from './kernels/attention/scores.wgsl?raw';
import scoreSizes from './kernels/attention/scoreSizes.wgsl?raw';
import split from './kernels/attention/split.wgsl?raw';
import store4 from './kernels/parts/store4.wgsl?raw';
import sumLanes from './kernels/parts/sumLanes.wgsl?raw';
import sumWorkgroup from './kernels/parts/sumWorkgroup.wgsl?raw';
import tanh from './kernels/parts/tanh.wgsl?raw';
import tileCap from './kernels/attention/tileCap.wgsl?raw';
import tileDot from './kernels/attention/tileDot.wgsl?raw';
import tileQueries from './kernels/attention/tileQueries.wgsl?raw';
import tileShared from './kernels/attention/tileShared.wgsl?raw';
import tileSoftmax from './kernels/attention/tileSoftmax.wgsl?raw';
import tileSum from './kernels/attention/tileSum.wgsl?raw';
import wholeRow from './kernels/sampling/wholeRow.wgsl?raw';
import rmsNorm from './kernels/rmsNorm.wgsl?raw';
import rmsNormBackward from './kernels/rmsNormBackward.wgsl?raw';
import rope from './kernels/rope.wgsl?raw';
import ropeAndCache from './kernels/ropeAndCache.wgsl?raw';
import sampleRows from './kernels/sampleRows.wgsl?raw';
import scatterRows from './kernels/scatterRows.wgsl?raw';
import linearBackwardShared from './kernels/shared/linearBackwardShared.wgsl?raw';
import linearShared from './kernels/shared/linearShared.wgsl?raw';
import sharedChains from './kernels/shared/sharedChains.wgsl?raw';
import sharedFactors from './kernels/shared/sharedFactors.wgsl?raw';
import sharedLoad from './kernels/shared/sharedLoad.wgsl?raw';
import sharedLoadHalf from './kernels/shared/sharedLoadHalf.wgsl?raw';
import sharedMultiply from './kernels/shared/sharedMultiply.wgsl?raw';
import sharedTile from './kernels/shared/sharedTile.wgsl?raw';
import sumSquares from './kernels/sumSquares.wgsl?raw';
import swiglu from './kernels/swiglu.wgsl?raw';
import swigluBackward from './kernels/swigluBackward.wgsl?raw';
import weightsBf16 from './kernels/weights/bf16.wgsl?raw';
import weightsF16 from './kernels/weights/f16.wgsl?raw';
import weightsF32 from './kernels/weights/f32.wgsl?raw';
import weightsQ4 from './kernels/weights/q4.wgsl?raw';
import weightsQ8 from './kernels/weights/q8.wgsl?raw';
import weightsRagged from './kernels/weights/ragged.wgsl?raw';

/** WGSL by kernel name. */
export const kernelSources = {
  adamw,
  attention,
  attentionBackwardKey,
  attentionBackwardQuery,
  attentionMerge,
  attentionPaged,
  copy,
  crossEntropy,
  embed,
  fill,
  gatherRows,
  qkNorm,
  qkNormBackward,
  linear,
  linearBackward,
  loraDown,
  logitChunks,
  loraDownDropout,
  loraGradAB,
  loraGradU,
  rmsNorm,
  rmsNormBackward,
  rope,
  ropeAndCache,
  sampleRows,
  scale,
  scatterRows,
  softCap,
  softCapBackward,
  sumSquares,
  swiglu,
  swigluBackward,
} as const;

export type KernelName = keyof typeof kernelSources;

/** What kernels include. */
export const kernelParts = {
  attentionTile,
  attentionTileKey,
  attentionTilePaged,
  attentionTileQuery,
  crossEntropyRow,
  dropout,
  exactWeights,
  headTile,
  lanesChains,
  linearBackwardShared,
  linearChains,
  linearLanes,
  linearRows,
  linearShared,
  load4,
  load4half,
  loraLinear,
  nucleus,
  onlineSoftmax,
  outerProduct,
  qkHead,
  qkWeights,
  quarter,
  queryTile,
  rmsNormRow,
  rowScales,
  scores,
  scoreSizes,
  sharedChains,
  sharedFactors,
  sharedLoad,
  sharedLoadHalf,
  sharedMultiply,
  sharedTile,
  split,
  store4,
  sumWorkgroup,
  sumLanes,
  tanh,
  tileCap,
  tileDot,
  tileQueries,
  tileShared,
  tileSoftmax,
  tileSum,
  wholeRow,
} as const;

/** How a kernel reads W in each storage: parts that come before it; `ragged` is a dense tensor of any row length. */
export const weightSources = {
  f32: weightsF32,
  f16: weightsF16,
  bf16: weightsBf16,
  q8: weightsQ8,
  q4: weightsQ4,
  ragged: weightsRagged,
} as const;

export type WeightStorage = keyof typeof weightSources;

/** One compiled variant of a kernel. */
export interface KernelSpec {
  readonly name: KernelName;
  readonly weights?: WeightStorage;
  readonly flags?: readonly (string | false)[];
  readonly constants?: Readonly<Record<string, number>>;
}

/** A stable text key, also the pipeline's label. */
export function kernelKey(spec: KernelSpec): string {
  const flags = (spec.flags ?? []).filter((flag) => flag !== false);
  const constants = Object.entries(spec.constants ?? {}).map(([name, value]) => `${name}=${value}`);
  return [spec.name, ...(spec.weights === undefined ? [] : [spec.weights]), ...flags, ...constants].join(' ');
}
