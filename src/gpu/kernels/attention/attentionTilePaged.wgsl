// attentionPaged.wgsl by a workgroup for each (TOGETHER rows, kv head, TILE of its query heads): attention/tileShared.wgsl. Slots are the
// query heads of the rows, a row's side by side; the stream is the keys of one sequence after another. A row's tiles of 32 positions
// start at multiples of 32 and tiles that it does not see change nothing, so its bits do not depend on the rows beside it.
//#include tileShared
/** The sequence of a run of rows, where the run ends, and the first and last position that one of its rows sees. */
var<workgroup> bounds: vec4<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = group.x + group.y * groups.x;
  let heads = sizes.heads / sizes.kvHeads;
  let headTiles = (heads + TILE - 1u) / TILE;
  let across = headTiles * sizes.kvHeads;
  let first = sizes.firstRow + index / across * TOGETHER;
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
  let position = positions[min(row, end - 1u)];
  let earliest = firstSeen(position, 0u);
  var highest = -1e30;
  var total = 0.0;
  //#repeat r EACH c CHUNKS
  var sum$r_$c = vec4<f32>();
  //#end
  for (var begin = first; begin < end; ) {
    if (local == 0u) {
      let sequence = sequences[begin];
      var to = begin;
      var shortest = 0xffffffffu;
      var longest = 0u;
      while (to < end && sequences[to] == sequence) {
        shortest = min(shortest, firstSeen(positions[to], 0u));
        longest = max(longest, positions[to]);
        to++;
      }
      bounds = vec4<u32>(sequence, to, shortest, longest);
    }
    let run = workgroupUniformLoad(&bounds);
    let table = run.x * sizes.maxBlocks;
    for (var j = run.z / 32u * 32u; j <= run.w; j += 32u) {
      //#include tileDot to=score mine=qkvAt(qkvBase(min(first+slot/width,end-1u)*rowWidth+min(firstHead+slot%width,sizes.heads-1u)*sizes.headDim),at,sizes.headDim)*sizes.scale theirs=kCacheAt(kCacheBase(slotOf(table,min(j+slot,run.w))*stride+kvHead*sizes.headDim),at,sizes.headDim)
      //#include tileCap
      //#include tileSoftmax seen=(j+key<=position&&j+key>=earliest&&row>=begin&&row<run.y)
      //#include tileSum to=sum theirs=vCacheAt(vCacheBase(slotOf(table,min(j+slot,run.w))*stride+kvHead*sizes.headDim),at,sizes.headDim)
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
  if (row$r < end && head$r < (kvHead + 1u) * heads) {
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
}
