// A tile of attention by the number `index`: `rows` rows from `first` on of one of `heads` heads, `name`, and where its keys and
// values, those of the head `kv`, lie in a row.
  let index = ${index};
  let tiles = (sizes.endRow - sizes.firstRow + ${rows} - 1u) / ${rows};
  if (index >= tiles * sizes.${heads}) {
    return;
  }
  let ${name} = index / tiles;
  let first = sizes.firstRow + ${rows} * (index % tiles);
  let last = sizes.rows - 1u;
  let stride = (sizes.heads + 2u * sizes.kvHeads) * sizes.headDim;
  let keys = (sizes.heads + ${kv}) * sizes.headDim;
  let values = keys + sizes.kvHeads * sizes.headDim;
