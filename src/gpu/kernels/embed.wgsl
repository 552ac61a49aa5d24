// y[i] = table[ids[i]] for the ids inside this part of the table, rows [start, start + count).
// ids u32 [rows], table [count, inputs] in any weight format, y [rows, inputs].
// Grid: a thread per (row, four columns). Assigns; rows of other parts are left alone.
struct Sizes { rows: u32, inputs: u32, columns4: u32, start: u32, count: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= sizes.rows * sizes.columns4) {
    return;
  }
  let row = index / sizes.columns4;
  let column4 = index % sizes.columns4;
  let token = ids[row];
  if (token < sizes.start || token >= sizes.start + sizes.count) {
    return;
  }
  let value = weightAt(weightRow(token - sizes.start, sizes.columns4), column4);
  let first = 4u * column4;
  for (var i = 0u; i < 4u && first + i < sizes.inputs; i++) {
    y[row * sizes.inputs + first + i] = value[i];
  }
}
