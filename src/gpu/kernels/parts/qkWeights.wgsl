// The weights of QK norm: one for all heads of q, one for all heads of k; with WHOLE of all of q and of all of k.
@group(0) @binding(2) var<storage, read> qWeight: array<f32>;
@group(0) @binding(3) var<storage, read> kWeight: array<f32>;
fn weightOf(slot: u32, i: u32) -> f32 {
  //#if WHOLE
  if (slot == 0u) {
  //#else
  if (slot < sizes.heads) {
  //#endif
    return qWeight[i];
  }
  return kWeight[i];
}
