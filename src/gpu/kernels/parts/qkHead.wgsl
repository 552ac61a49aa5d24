// What this thread norms: the `slot` of q, k and v, its `length` elements from `first` on. v has no norm: ${to} = ${from}.
  let index = id.x + id.y * groups.x * 64u;
  //#if WHOLE
  let slots = 3u;
  //#else
  let slots = sizes.heads + 2u * sizes.kvHeads;
  //#endif
  if (index >= sizes.rows * slots) {
    return;
  }
  let slot = index % slots;
  //#if WHOLE
  let before = select(select(sizes.heads + sizes.kvHeads, sizes.heads, slot == 1u), 0u, slot == 0u);
  let first = (index / slots * (sizes.heads + 2u * sizes.kvHeads) + before) * sizes.headDim;
  let length = select(sizes.kvHeads, sizes.heads, slot == 0u) * sizes.headDim;
  let normed = slot < 2u;
  //#else
  let first = index * sizes.headDim;
  let length = sizes.headDim;
  let normed = slot < sizes.heads + sizes.kvHeads;
  //#endif
  if (!normed) {
    for (var i = 0u; i < length; i++) {
      ${to}[first + i] = ${from}[first + i];
    }
    return;
  }
