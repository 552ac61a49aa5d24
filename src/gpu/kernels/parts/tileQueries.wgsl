// The start of the workgroup forms with queries as slots: the tile of this workgroup, its head, and the row of this invocation's slot.
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = group.x + group.y * groups.x;
  let tiles = (sizes.endRow - sizes.firstRow + TILE - 1u) / TILE;
  if (index >= tiles * sizes.heads) {
    return;
  }
  let head = index / tiles;
  let first = sizes.firstRow + TILE * (index % tiles);
  let last = sizes.rows - 1u;
  let stride = (sizes.heads + 2u * sizes.kvHeads) * sizes.headDim;
  let query = head * sizes.headDim;
  let keys = (sizes.heads + head * sizes.kvHeads / sizes.heads) * sizes.headDim;
  let values = keys + sizes.kvHeads * sizes.headDim;
  let row = min(first + local % TILE, last);
