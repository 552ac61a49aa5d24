// The start of the workgroup forms with queries as slots: the tile of this workgroup, its head, and the row of this invocation's slot.
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  //#include headTile index=group.x+group.y*groups.x rows=TILE heads=heads name=head kv=head*sizes.kvHeads/sizes.heads
  let query = head * sizes.headDim;
  let row = min(first + local % TILE, last);
