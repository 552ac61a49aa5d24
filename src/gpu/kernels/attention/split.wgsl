// How the keys of a row are split over workgroups: with SPLIT a row that sees more than WHOLE keys has a part for every CHUNK
// positions that hold some of them, any other row is one part. Its own position alone decides.
//#if SPLIT
/** Whether the row at `position` is one part. */
fn isWhole(position: u32) -> bool {
  return position + 1u - firstSeen(position, 0u) <= WHOLE;
}
//#endif

/** The first position of part `part` of the row at `position`, and the end; they are equal where there is no such part. */
fn partOf(position: u32, part: u32) -> vec2<u32> {
  let earliest = firstSeen(position, 0u);
//#if SPLIT
  if (!isWhole(position)) {
    let chunk = earliest / CHUNK + part;
    let end = min(position + 1u, (chunk + 1u) * CHUNK);
    return vec2<u32>(min(max(earliest, chunk * CHUNK), end), end);
  }
  if (part > 0u) {
    return vec2<u32>();
  }
//#endif
  return vec2<u32>(earliest, position + 1u);
}
