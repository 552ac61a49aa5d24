// d gate = dy * up * s * (1 + gate * (1 - s)), d up = dy * gate * s, with s = 1 / (1 + exp(-gate)).
// With GELU s is of the cubic of swiglu.wgsl, by whose slope gate (1 - s) is multiplied.
// gateUp, dGateUp [rows, 2 ffn] hold gate | up, dy [rows, ffn], in units of Value. Grid: a thread a Value of dy. Assigns.
//#if VEC4
alias Value = vec4<f32>;
//#else
alias Value = f32;
//#endif
struct Sizes { rows: u32, ffn: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> gateUp: array<Value>;
@group(0) @binding(2) var<storage, read> dy: array<Value>;
@group(0) @binding(3) var<storage, read_write> dGateUp: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= sizes.rows * sizes.ffn) {
    return;
  }
  let gateIndex = index + index / sizes.ffn * sizes.ffn;
  let gate = gateUp[gateIndex];
  let up = gateUp[gateIndex + sizes.ffn];
  let gradient = dy[index];
  //#if GELU
  let inner = 1.5957691 * gate * (1.0 + 0.044715 * gate * gate);
  let slope = 1.5957691 * (1.0 + 0.134145 * gate * gate);
  let sigmoid = 1.0 / (1.0 + exp(min(-inner, Value(80.0))));
  dGateUp[gateIndex] = gradient * up * sigmoid * (1.0 + gate * (1.0 - sigmoid) * slope);
  //#else
  let sigmoid = 1.0 / (1.0 + exp(min(-gate, Value(80.0))));
  dGateUp[gateIndex] = gradient * up * sigmoid * (1.0 + gate * (1.0 - sigmoid));
  //#endif
  dGateUp[gateIndex + sizes.ffn] = gradient * gate * sigmoid;
}
