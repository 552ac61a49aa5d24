// The tile of a thread of attention: QUERIES rows from `first` on of one head, and where its keys and values lie in a row.
  let index = id.x + id.y * groups.x * 32u;
  let tiles = (sizes.endRow - sizes.firstRow + QUERIES - 1u) / QUERIES;
  if (index >= tiles * sizes.heads) {
    return;
  }
  let head = index / tiles;
  let first = sizes.firstRow + QUERIES * (index % tiles);
  let last = sizes.rows - 1u;
  let stride = (sizes.heads + 2u * sizes.kvHeads) * sizes.headDim;
  let keys = (sizes.heads + head * sizes.kvHeads / sizes.heads) * sizes.headDim;
  let values = keys + sizes.kvHeads * sizes.headDim;
