// What the products by workgroups share. A workgroup of ACROSS x DOWN invocations has a tile of ROWS DOWN rows and 4 QUADS ACROSS columns;
// an invocation has ROWS = 4 TALL rows of it that follow each other, and every ACROSS-th quad of its columns, as sum$p_$c_$q: row 4 p + c,
// quad q. 16 columns of K at a time lie in workgroup memory, as vec4 of four rows (left) and of four columns (right) for each k. Rows of k
// are one vec4 apart so that banks differ. HALF keeps weights in the 16 bits in which they are stored.
const LEFT = TALL * DOWN;
const RIGHT = QUADS * ACROSS;
const THREADS = ACROSS * DOWN;
var<workgroup> left: array<vec4<f32>, 16u * (LEFT + 1u)>;
fn setLeft(i: u32, value: vec4<f32>) { left[i] = value; }
//#if HALF
//#if LORA
// Two for each vec4 of LoRA's own f32.
var<workgroup> right: array<vec2<u32>, 32u * (RIGHT + 1u)>;
fn rightAt(i: u32) -> vec4<f32> { return bitcast<vec4<f32>>(vec4<u32>(right[2u * i], right[2u * i + 1u])); }
fn setRight(i: u32, value: vec4<f32>) {
  let bits = bitcast<vec4<u32>>(value);
  right[2u * i] = bits.xy;
  right[2u * i + 1u] = bits.zw;
}
//#else
var<workgroup> right: array<vec2<u32>, 16u * (RIGHT + 1u)>;
//#endif
fn weightsAt(i: u32) -> vec4<f32> { return halves(right[i]); }
//#else
var<workgroup> right: array<vec4<f32>, 16u * (RIGHT + 1u)>;
fn rightAt(i: u32) -> vec4<f32> { return right[i]; }
fn weightsAt(i: u32) -> vec4<f32> { return right[i]; }
fn setRight(i: u32, value: vec4<f32>) { right[i] = value; }
//#endif
