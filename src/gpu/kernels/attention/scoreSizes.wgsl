// The fields of struct Sizes that attention/scores.wgsl reads.
//#if CAPPED
  cap: f32,
//#endif
//#if WINDOW
  window: u32,
//#endif
