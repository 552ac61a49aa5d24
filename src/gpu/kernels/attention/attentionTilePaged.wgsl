// attentionPaged.wgsl by a workgroup for each (TOGETHER rows, kv head, TILE of its query heads): attention/tileShared.wgsl. Slots are the
// query heads of the rows, a row's side by side; the stream is the keys of one sequence after another. A row's tiles of 32 positions
// start at multiples of 32 and tiles that it does not see change nothing, so its bits do not depend on the rows beside it.
// With SPLIT there is a workgroup for each part of the rows as well (split.wgsl): what a part knows goes to partials.
//#include tileShared
//#include split
//#if SPLIT
/** Where what `part` knows of a head of a row begins. */
fn partialBase(row: u32, part: u32, head: u32) -> u32 {
  return (((row - sizes.firstRow) * sizes.parts + part) * sizes.heads + head) * (HEAD4 + 1u);
}
//#endif
/** The sequence of a run of rows, where the run ends, and the first position that one of its rows sees, and the end. */
var<workgroup> bounds: vec4<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = group.x + group.y * groups.x;
  let heads = sizes.heads / sizes.kvHeads;
  let headTiles = (heads + TILE - 1u) / TILE;
  let across = headTiles * sizes.kvHeads;
  //#if SPLIT
  let part = index / across % sizes.parts;
  let first = sizes.firstRow + index / across / sizes.parts * TOGETHER;
  //#else
  let part = 0u;
  let first = sizes.firstRow + index / across * TOGETHER;
  //#endif
  if (first >= sizes.endRow) {
    return;
  }
  let kvHead = index % across / headTiles;
  let width = min(heads, TILE);
  let firstHead = kvHead * heads + index % headTiles * TILE;
  let stride = sizes.kvHeads * sizes.headDim;
  let rowWidth = (sizes.heads + 2u * sizes.kvHeads) * sizes.headDim;
  let end = min(first + TOGETHER, sizes.endRow);
  let row = first + local % TILE / width;
  let own = partOf(positions[min(row, end - 1u)], part);
  var highest = -1e30;
  var total = 0.0;
  //#repeat r EACH c CHUNKS
  var sum$r_$c = vec4<f32>();
  //#end
  for (var begin = first; begin < end; ) {
    if (local == 0u) {
      let sequence = sequences[begin];
      var to = begin;
      var earliest = 0xffffffffu;
      var past = 0u;
      while (to < end && sequences[to] == sequence) {
        let other = partOf(positions[to], part);
        if (other.x < other.y) {
          earliest = min(earliest, other.x);
          past = max(past, other.y);
        }
        to++;
      }
      bounds = vec4<u32>(sequence, to, earliest, past);
    }
    let run = workgroupUniformLoad(&bounds);
    let table = run.x * sizes.maxBlocks;
    for (var j = run.z / 32u * 32u; j < run.w; j += 32u) {
      //#include tileDot to=score mine=qkvAt(qkvBase(min(first+slot/width,end-1u)*rowWidth+min(firstHead+slot%width,sizes.heads-1u)*sizes.headDim),at,sizes.headDim)*sizes.scale theirs=kCacheAt(kCacheBase(slotOf(table,min(j+slot,run.w-1u))*stride+kvHead*sizes.headDim),at,sizes.headDim)
      //#include tileCap
      //#include tileSoftmax seen=(j+key<own.y&&j+key>=own.x&&row>=begin&&row<run.y)
      //#include tileSum to=sum theirs=vCacheAt(vCacheBase(slotOf(table,min(j+slot,run.w-1u))*stride+kvHead*sizes.headDim),at,sizes.headDim)
    }
    begin = run.y;
  }
  workgroupBarrier();
  shares[local] = total;
  workgroupBarrier();
  //#repeat r EACH
  let slot$r = local / LANES * EACH + $ru;
  let row$r = first + slot$r / width;
  let head$r = firstHead + slot$r % width;
  //#if SPLIT
  let split$r = !isWhole(positions[min(row$r, end - 1u)]);
  if (split$r && row$r < end && head$r < (kvHead + 1u) * heads) {
    let base = partialBase(row$r, part, head$r);
    //#repeat c CHUNKS
    if ($cu * LANES + local % LANES < HEAD4) {
      partials[base + $cu * LANES + local % LANES] = sum$r_$c;
    }
    //#end
  }
  if (!split$r && part == 0u && row$r < end && head$r < (kvHead + 1u) * heads) {
  //#else
  if (row$r < end && head$r < (kvHead + 1u) * heads) {
  //#endif
    var whole = 0.0;
    for (var part = slot$r; part < 64u; part += TILE) {
      whole += shares[part];
    }
    let inverse = 1.0 / whole;
    let base = outBase((row$r * sizes.heads + head$r) * sizes.headDim);
    //#repeat c CHUNKS
    if ($cu * LANES + local % LANES < HEAD4) {
      outStore(base, $cu * LANES + local % LANES, sizes.headDim, sum$r_$c * inverse);
    }
    //#end
  }
  //#end
  //#if SPLIT
  let ownHead = firstHead + local % TILE % width;
  if (local < TILE && row < end && ownHead < (kvHead + 1u) * heads && !isWhole(positions[row])) {
    var whole = 0.0;
    for (var i = local; i < 64u; i += TILE) {
      whole += shares[i];
    }
    partials[partialBase(row, part, ownHead) + HEAD4] = vec4<f32>(highest, whole, 0.0, 0.0);
  }
  //#endif
}
