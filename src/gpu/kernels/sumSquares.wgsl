// partial[t] = sum of x[i]^2 over i = t, t + threads, ...; a second dispatch with SUM adds the partials in order.
// x [size] -> y [threads]; with SUM x [size] -> y [1]. Grid: `threads` threads. Assigns; a fixed order.
struct Sizes { size: u32, threads: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= sizes.threads) {
    return;
  }
  var sum = 0.0;
  for (var i = id.x; i < sizes.size; i += sizes.threads) {
    let value = x[i];
    //#if SUM
    sum += value;
    //#else
    sum += value * value;
    //#endif
  }
  y[id.x] = sum;
}
