/** Everything that the host calls. */
export { heapBase, setPart, setScratch } from './state';
export { addTransposed, product } from './product';
export { gatherPacked, packRows, unpackRows } from './pack';
export {
  add,
  addBias,
  dropout,
  fill,
  gatherRows,
  qkNorm,
  qkNormBackward,
  rmsNorm,
  rmsNormBackward,
  rope,
  ropeAndCache,
  scatterRows,
} from './rows';
export { scale, softCap, softCapBackward, swiglu, swigluBackward } from './gates';
export { attention, attentionBackward, attentionScratch } from './attention';
export { attentionPaged, pagedScratch } from './paged';
export { adamw, crossEntropy, sumSquares } from './loss';
