// What flags do to scores: with WINDOW row i sees keys i - window < j <= i only; with CAPPED a score is cap tanh(score / cap).
/** The first key that `row` of a document from `start` on sees. */
fn firstSeen(row: u32, start: u32) -> u32 {
//#if WINDOW
  return max(start, row + 1u - min(sizes.window, row + 1u));
//#else
  return start;
//#endif
}

/** The end of the rows that see key `row` of a document up to `end`. */
fn pastSeeing(row: u32, end: u32) -> u32 {
//#if WINDOW
  return min(end, row + sizes.window);
//#else
  return end;
//#endif
}

//#if CAPPED
/** By Cephes' tanhf: WGSL's own may be off by 1e-5, and overflows on some drivers. */
fn capped(score: ${type}) -> ${type} {
  let x = score * (1.0 / sizes.cap);
  let z = x * x;
  let near = x + x * z * ((((-5.70498872745e-3 * z + 2.06390887954e-2) * z - 5.37397155531e-2) * z + 1.33314422036e-1) * z - 3.33332819422e-1);
  let far = 1.0 - 2.0 / (exp(min(2.0 * abs(x), ${type}(20.0))) + 1.0);
  return sizes.cap * select(select(far, -far, x < ${type}()), near, abs(x) < ${type}(0.625));
}

/** The derivative of a capped score by the score. */
fn slope(score: ${type}) -> ${type} {
  let share = score * (1.0 / sizes.cap);
  return 1.0 - share * share;
}
//#endif
