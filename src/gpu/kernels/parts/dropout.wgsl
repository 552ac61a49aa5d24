// The dropout mask of x [*, sizes.inputs] before LoRA segment s, 0 or sizes.keep: see compute/dropout.ts.
fn mixed(index: u32, key: u32) -> u32 {
  var hash = (index * 0x9e3779b9u) ^ key;
  hash = (hash ^ (hash >> 16u)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13u)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16u);
}
/** Of four columns from `column` on. */
fn mask(row: u32, column: u32, s: u32) -> vec4<f32> {
  let index = row * sizes.inputs + column;
  let key = sizes.key + s;
  let hash = vec4<u32>(mixed(index, key), mixed(index + 1u, key), mixed(index + 2u, key), mixed(index + 3u, key));
  return select(vec4<f32>(), vec4<f32>(sizes.keep), hash >= vec4<u32>(sizes.threshold));
}
