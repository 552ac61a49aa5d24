// linear.wgsl by workgroups, for many rows; see sharedTile.wgsl. Every sum has the order of the form of few rows.
//#include sharedTile
//#if QUANTS
/** Scale and min of the columns in a block of K. */
var<workgroup> affines: array<vec2<f32>, 4u * RIGHT>;
//#endif
fn xOf(row: u32, at: u32) -> vec4<f32> {
  return xAt(xBase(min(row, sizes.rows - 1u) * sizes.inputs), min(at, sizes.columns4 - 1u), sizes.inputs);
}
fn wRow(column: u32) -> u32 { return weightRow(min(column, sizes.count - 1u), sizes.columns4); }
fn wOf(column: u32, at: u32) -> vec4<f32> {
  //#if QUANTS
  return quantAt(wRow(column), min(at, sizes.columns4 - 1u));
  //#else
  return weightAt(wRow(column), min(at, sizes.columns4 - 1u));
  //#endif
}

@compute @workgroup_size(ACROSS, DOWN)
fn main(
  @builtin(local_invocation_index) local: u32, @builtin(local_invocation_id) place: vec3<u32>,
  @builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
) {
  let across = place.x;
  let down = place.y;
  let index = id.x + id.y * groups.x;
  let tiles = (sizes.count + 4u * RIGHT - 1u) / (4u * RIGHT);
  let column = 4u * RIGHT * (index % tiles);
  let row = 4u * LEFT * (index / tiles);
  if (row >= sizes.rows) {
    return;
  }
  //#repeat p TALL c 4 q QUADS
  var sum$p_$c_$q = vec4<f32>();
  //#end
  //#if CHAINS
  //#include sharedChains
  //#else
  for (var first = 0u; first < sizes.columns4; first += 4u) {
    //#include sharedFactors
    //#include sharedMultiply to=sum right=weightsAt count=min(4u,sizes.columns4-first) also=NEVER
  }
  //#endif
  //#if LORA
  let output = sizes.start + column;
  let ranks = (sizes.rank + 3u) / 4u;
  for (var s = 0u; s < sizes.segmentCount; s++) {
    let segment = sizes.segments[s];
    if (output + 4u * RIGHT <= segment.x || output >= segment.x + segment.y) {
      continue;
    }
    for (var first = 0u; first < ranks; first += 4u) {
      workgroupBarrier();
      //#include sharedLoad set=setLeft quads=LEFT value=sizes.scale*uAt(uBase((min(row+4u*quad+$cu,sizes.rows-1u)*sizes.segmentCount+s)*sizes.rank),min(at,ranks-1u),sizes.rank)
      //#include sharedLoad set=setRight quads=RIGHT value=bOf(bRow(segment,output+4u*quad+$cu),min(at,ranks-1u),bIn(segment,output+4u*quad+$cu))
      workgroupBarrier();
      //#include sharedMultiply to=sum right=rightAt count=min(4u,ranks-first) also=NEVER
    }
  }
  //#endif
  //#repeat p TALL c 4 q QUADS
  if (row + ROWS * down + $pu * 4u + $cu < sizes.rows && column + 4u * (across + ACROSS * $qu) < sizes.count) {
    finish(row + ROWS * down + $pu * 4u + $cu, column + 4u * (across + ACROSS * $qu), sum$p_$c_$q);
  }
  //#end
}
