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
//#include tanh type=${type}
fn capped(score: ${type}) -> ${type} {
  return sizes.cap * tanhOf(score * (1.0 / sizes.cap));
}

/** The derivative of a capped score by the score. */
fn slope(score: ${type}) -> ${type} {
  let share = score * (1.0 / sizes.cap);
  return 1.0 - share * share;
}
//#endif
