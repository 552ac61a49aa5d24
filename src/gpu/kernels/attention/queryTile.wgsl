// The tile of a thread of attention: QUERIES rows from `first` on of one head, and where its keys and values lie in a row.
  //#include headTile index=id.x+id.y*groups.x*32u rows=QUERIES heads=heads name=head kv=head*sizes.kvHeads/sizes.heads
