// The weights of QK norm: one for all heads of q, one for all heads of k.
@group(0) @binding(2) var<storage, read> qWeight: array<f32>;
@group(0) @binding(3) var<storage, read> kWeight: array<f32>;
fn weightOf(slot: u32, i: u32) -> f32 {
  if (slot < sizes.heads) {
    return qWeight[i];
  }
  return kWeight[i];
}
