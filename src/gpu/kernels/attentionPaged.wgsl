// As attention.wgsl for row t = position positions[t] of sequence sequences[t]: keys and values of positions
// 0..positions[t] are read from the caches through blockTable; a slot is block * blockSize + offset.
// qkv [rows, (heads + 2 kvHeads) * headDim] (q rotated), kCache, vCache [slots, kvHeads * headDim],
// With HALF the caches are f16 pairs in u32. sequences, positions u32 [rows], blockTable u32 [*, maxBlocks], out [rows, heads * headDim].
// Grid: a thread per (row of [firstRow, endRow), head), no barrier; every row on its own. Assigns. HEAD4 as in attention.wgsl.
// With SPLIT rows that see many keys leave partials for attentionMerge.wgsl in place of out.
struct Sizes {
  rows: u32, heads: u32, kvHeads: u32, headDim: u32, scale: f32, maxBlocks: u32, blockSize: u32,
  firstRow: u32, endRow: u32,
//#if SPLIT
  parts: u32,
//#endif
//#include scoreSizes
}
@group(0) @binding(0) var<uniform> sizes: Sizes;
//#include load4 name=qkv binding=1 access=read flag=VEC4
//#if HALF
//#include load4half name=kCache binding=2
//#include load4half name=vCache binding=3
//#else
//#include load4 name=kCache binding=2 access=read flag=VEC4
//#include load4 name=vCache binding=3 access=read flag=VEC4
//#endif
@group(0) @binding(4) var<storage, read> sequences: array<u32>;
@group(0) @binding(5) var<storage, read> positions: array<u32>;
@group(0) @binding(6) var<storage, read> blockTable: array<u32>;
//#include load4 name=out binding=7 access=read_write flag=VEC4
//#include store4 name=out flag=VEC4
//#if SPLIT
@group(0) @binding(8) var<storage, read_write> partials: array<vec4<f32>>;
//#endif

fn slotOf(table: u32, position: u32) -> u32 {
  return blockTable[table + position / sizes.blockSize] * sizes.blockSize + position % sizes.blockSize;
}

//#if TILED
//#include attentionTilePaged
//#else
//#include scores type=vec4<f32>
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = sizes.firstRow * sizes.heads + id.x + id.y * groups.x * 32u;
  if (index >= sizes.endRow * sizes.heads) {
    return;
  }
  let row = index / sizes.heads;
  let head = index % sizes.heads;
  let query = (row * (sizes.heads + 2u * sizes.kvHeads) + head) * sizes.headDim;
  let cached = head * sizes.kvHeads / sizes.heads * sizes.headDim;
  let stride = sizes.kvHeads * sizes.headDim;
  let table = sequences[row] * sizes.maxBlocks;
  let last = positions[row];
  //#repeat i HEAD4
  let q$i = qkvAt(qkvBase(query), $iu, sizes.headDim) * sizes.scale;
  var sum0_$i = vec4<f32>();
  //#end
  var highest0 = -1e30;
  var total0 = 0.0;
  for (var j = firstSeen(last, 0u); j <= last; j += 4u) {
    let at = vec4<u32>(
      slotOf(table, j), slotOf(table, min(j + 1u, last)),
      slotOf(table, min(j + 2u, last)), slotOf(table, min(j + 3u, last))) * stride + cached;
    let k = vec4<u32>(kCacheBase(at.x), kCacheBase(at.y), kCacheBase(at.z), kCacheBase(at.w));
    let v = vec4<u32>(vCacheBase(at.x), vCacheBase(at.y), vCacheBase(at.z), vCacheBase(at.w));
    var score0 = vec4<f32>();
    //#repeat i HEAD4
    score0 += vec4<f32>(
      dot(q$i, kCacheAt(k.x, $iu, sizes.headDim)), dot(q$i, kCacheAt(k.y, $iu, sizes.headDim)),
      dot(q$i, kCacheAt(k.z, $iu, sizes.headDim)), dot(q$i, kCacheAt(k.w, $iu, sizes.headDim)));
    //#end
    //#if CAPPED
    score0 = capped(score0);
    //#endif
    let seen0 = j + vec4<u32>(0u, 1u, 2u, 3u) <= vec4<u32>(last);
    //#include onlineSoftmax t=0
    //#repeat i HEAD4
    sum0_$i += p0.x * vCacheAt(v.x, $iu, sizes.headDim) + p0.y * vCacheAt(v.y, $iu, sizes.headDim)
      + p0.z * vCacheAt(v.z, $iu, sizes.headDim) + p0.w * vCacheAt(v.w, $iu, sizes.headDim);
    //#end
  }
  let inverse = 1.0 / total0;
  //#repeat i HEAD4
  outStore(outBase(index * sizes.headDim), $iu, sizes.headDim, sum0_$i * inverse);
  //#end
}
//#endif
