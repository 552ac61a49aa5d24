// The head of this thread: the `slot` of q, k and v, its elements from `first` on. Heads of v have no norm: ${to} = ${from}.
  let index = id.x + id.y * groups.x * 64u;
  let slots = sizes.heads + 2u * sizes.kvHeads;
  if (index >= sizes.rows * slots) {
    return;
  }
  let slot = index % slots;
  let first = index * sizes.headDim;
  if (slot >= sizes.heads + sizes.kvHeads) {
    for (var i = 0u; i < sizes.headDim; i++) {
      ${to}[first + i] = ${from}[first + i];
    }
    return;
  }
