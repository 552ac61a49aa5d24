/** One row against quantised panels, the quants converted in registers without moving them: see placeRow. */
import { madd } from './tile';
import { putBlock } from './quantTile';

/** Where a word's nibbles and bytes are, but for the highest: a load takes less than a constant of a vector. */
const NIBBLES = memory.data<u32>([0xf, 0xf0, 0xf00, 0xf000, 0xf0000, 0xf00000, 0xf000000]);
const BYTES = memory.data<u32>([0xff, 0xff00, 0xff0000]);

/** One placed row against three panels at w0, w1 and w2: C [1, 24] over `blocks` blocks. */
@inline
function singleFour(
  x: usize,
  xs: usize,
  w0: usize,
  w1: usize,
  w2: usize,
  blocks: i32,
  c: usize,
  accumulate: bool,
  fused: bool,
): void {
  let add = accumulate;
  let s: v128;
  let mask: v128;
  for (let block = 0; block < blocks; block++) {
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let c4 = c0;
    let c5 = c0;
    let at0 = w0 + 64;
    let at1 = w1 + 64;
    let at2 = w2 + 64;
    for (let group = 0; group < 4; group++) {
      const d0 = v128.load(at0);
      const d1 = v128.load(at0, 16);
      const d2 = v128.load(at1);
      const d3 = v128.load(at1, 16);
      const d4 = v128.load(at2);
      const d5 = v128.load(at2, 16);
      s = v128.load_splat<f32>(x);
      mask = v128.load_splat<u32>(NIBBLES);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 4);
      mask = v128.load_splat<u32>(NIBBLES, 4);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 8);
      mask = v128.load_splat<u32>(NIBBLES, 8);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 12);
      mask = v128.load_splat<u32>(NIBBLES, 12);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 16);
      mask = v128.load_splat<u32>(NIBBLES, 16);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 20);
      mask = v128.load_splat<u32>(NIBBLES, 20);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 24);
      mask = v128.load_splat<u32>(NIBBLES, 24);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 28);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(i32x4.shr_u(d0, 28)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(i32x4.shr_u(d1, 28)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(i32x4.shr_u(d2, 28)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(i32x4.shr_u(d3, 28)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(i32x4.shr_u(d4, 28)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(i32x4.shr_u(d5, 28)), fused);
      x += 32;
      at0 += 32;
      at1 += 32;
      at2 += 32;
    }
    const sum = load<f32>(xs);
    putBlock(c, c0, c1, w0, sum, true, add);
    putBlock(c + 32, c2, c3, w1, sum, true, add);
    putBlock(c + 64, c4, c5, w2, sum, true, add);
    add = true;
    xs += 4;
    w0 += 192;
    w1 += 192;
    w2 += 192;
  }
}

/** One placed row against three panels at w0, w1 and w2: C [1, 24] over `blocks` blocks. */
@inline
function singleEight(
  x: usize,
  xs: usize,
  w0: usize,
  w1: usize,
  w2: usize,
  blocks: i32,
  c: usize,
  accumulate: bool,
  fused: bool,
): void {
  let add = accumulate;
  let s: v128;
  let mask: v128;
  for (let block = 0; block < blocks; block++) {
    let c0 = f32x4.splat(0);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let c4 = c0;
    let c5 = c0;
    let at0 = w0 + 32;
    let at1 = w1 + 32;
    let at2 = w2 + 32;
    for (let group = 0; group < 8; group++) {
      const d0 = v128.load(at0);
      const d1 = v128.load(at0, 16);
      const d2 = v128.load(at1);
      const d3 = v128.load(at1, 16);
      const d4 = v128.load(at2);
      const d5 = v128.load(at2, 16);
      s = v128.load_splat<f32>(x);
      mask = v128.load_splat<u32>(BYTES);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 4);
      mask = v128.load_splat<u32>(BYTES, 4);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 8);
      mask = v128.load_splat<u32>(BYTES, 8);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(v128.and(d0, mask)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(v128.and(d1, mask)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(v128.and(d2, mask)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(v128.and(d3, mask)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(v128.and(d4, mask)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(v128.and(d5, mask)), fused);
      s = v128.load_splat<f32>(x, 12);
      c0 = madd(c0, s, f32x4.convert_i32x4_s(i32x4.shr_u(d0, 24)), fused);
      c1 = madd(c1, s, f32x4.convert_i32x4_s(i32x4.shr_u(d1, 24)), fused);
      c2 = madd(c2, s, f32x4.convert_i32x4_s(i32x4.shr_u(d2, 24)), fused);
      c3 = madd(c3, s, f32x4.convert_i32x4_s(i32x4.shr_u(d3, 24)), fused);
      c4 = madd(c4, s, f32x4.convert_i32x4_s(i32x4.shr_u(d4, 24)), fused);
      c5 = madd(c5, s, f32x4.convert_i32x4_s(i32x4.shr_u(d5, 24)), fused);
      x += 16;
      at0 += 32;
      at1 += 32;
      at2 += 32;
    }
    const sum = load<f32>(xs);
    putBlock(c, c0, c1, w0, sum, false, add);
    putBlock(c + 32, c2, c3, w1, sum, false, add);
    putBlock(c + 64, c4, c5, w2, sum, false, add);
    add = true;
    xs += 4;
    w0 += 288;
    w1 += 288;
    w2 += 288;
  }
}

/** The form for a width, with and without fused multiply-adds. */
export function quantSingle(
  x: usize,
  xs: usize,
  w0: usize,
  w1: usize,
  w2: usize,
  blocks: i32,
  c: usize,
  accumulate: bool,
  q4: bool,
  fused: bool,
): void {
  if (q4) {
    if (fused) singleFour(x, xs, w0, w1, w2, blocks, c, accumulate, true);
    else singleFour(x, xs, w0, w1, w2, blocks, c, accumulate, false);
  } else {
    if (fused) singleEight(x, xs, w0, w1, w2, blocks, c, accumulate, true);
    else singleEight(x, xs, w0, w1, w2, blocks, c, accumulate, false);
  }
}
