// A dense f32 tensor whose row length sizes.inputs does not divide by 4: weights [rows, inputs].
@group(0) @binding(1) var<storage, read> weights: array<f32>;

fn weightRow(row: u32, columns4: u32) -> u32 {
  return row * sizes.inputs;
}
fn weightAt(base: u32, column4: u32) -> vec4<f32> {
  let column = 4u * column4;
  let last = sizes.inputs - 1u;
  let value = vec4<f32>(
    weights[base + column], weights[base + min(column + 1u, last)],
    weights[base + min(column + 2u, last)], weights[base + min(column + 3u, last)]);
  return select(vec4<f32>(), value, vec4<u32>(column, column + 1u, column + 2u, column + 3u) <= vec4<u32>(last));
}
