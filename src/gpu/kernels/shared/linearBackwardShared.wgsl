// linearBackward.wgsl by workgroups, for many rows: K is the outputs, then the ranks of LoRA; see sharedTile.wgsl.
//#include sharedTile
fn dyOf(row: u32, at: u32) -> vec4<f32> {
  let base = dyBase(min(row, sizes.rows - 1u) * sizes.outputs + sizes.start);
  return dyAt(base, min(at, (sizes.count - 1u) / 4u), sizes.count);
}

@compute @workgroup_size(ACROSS, DOWN)
fn main(
  @builtin(local_invocation_index) local: u32, @builtin(local_invocation_id) place: vec3<u32>,
  @builtin(workgroup_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
) {
  let across = place.x;
  let down = place.y;
  let index = id.x + id.y * groups.x;
  let tiles = (sizes.span4 + RIGHT - 1u) / RIGHT;
  let column4 = sizes.first4 + RIGHT * (index % tiles);
  let row = 4u * LEFT * (index / tiles);
  if (row >= sizes.rows) {
    return;
  }
  //#repeat p TALL c 4 q QUADS
  var sum$p_$c_$q = vec4<f32>();
  //#end
  let outputs4 = (sizes.count + 3u) / 4u;
  for (var first = 0u; first < outputs4; first += 4u) {
    workgroupBarrier();
    //#include sharedLoad set=setLeft quads=LEFT value=dyOf(row+4u*quad+$cu,at)
    for (var i = local; i < 16u * RIGHT; i += THREADS) {
      let slot = i / RIGHT * (RIGHT + 1u) + i % RIGHT;
      let output = weightRow(min(4u * first + i / RIGHT, sizes.count - 1u), sizes.columns4);
      let at = min(column4 + i % RIGHT, sizes.columns4 - 1u);
      //#if HALF
      right[slot] = weights[output + at];
      //#else
      setRight(slot, weightAt(output, at));
      //#endif
    }
    workgroupBarrier();
    //#include sharedMultiply to=sum right=weightsAt count=min(4u,outputs4-first) also=NEVER
  }
  //#if LORA
  let ranks = (sizes.rank + 3u) / 4u;
  for (var s = 0u; s < sizes.segmentCount; s++) {
    //#if DROPOUT
    //#repeat p TALL c 4 q QUADS
    var part$p_$c_$q = vec4<f32>();
    //#end
    //#endif
    for (var first = 0u; first < ranks; first += 4u) {
      workgroupBarrier();
      //#include sharedLoad set=setLeft quads=LEFT value=duAt(duBase((min(row+4u*quad+$cu,sizes.rows-1u)*sizes.segmentCount+s)*sizes.rank),min(at,ranks-1u),sizes.rank)
      for (var i = local; i < 16u * RIGHT; i += THREADS) {
        let r = s * sizes.rank + min(4u * first + i / RIGHT, sizes.rank - 1u);
        let at = min(column4 + i % RIGHT, sizes.columns4 - 1u);
        setRight(i / RIGHT * (RIGHT + 1u) + i % RIGHT, aAt(aBase(r * sizes.inputs), at, sizes.inputs));
      }
      workgroupBarrier();
      //#if DROPOUT
      //#include sharedMultiply to=part right=rightAt count=min(4u,ranks-first) also=NEVER
      //#else
      //#include sharedMultiply to=sum right=rightAt count=min(4u,ranks-first) also=NEVER
      //#endif
    }
    //#if DROPOUT
    //#repeat q QUADS
    let masked$q = min(column4 + across + ACROSS * $qu, sizes.columns4 - 1u);
    //#repeat p TALL c 4
    sum$p_$c_$q += mask(sizes.firstRow + row + ROWS * down + $pu * 4u + $cu, 4u * masked$q, s) * part$p_$c_$q;
    //#end
    //#end
    //#endif
  }
  //#endif
  //#repeat p TALL c 4 q QUADS
  finish(row + ROWS * down + $pu * 4u + $cu, column4 + across + ACROSS * $qu, sum$p_$c_$q);
  //#end
}
