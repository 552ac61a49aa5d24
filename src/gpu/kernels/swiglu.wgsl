// y = silu(gate) * up, silu(g) = g / (1 + exp(-g)); with GELU gelu(g) = g / (1 + exp(-2 sqrt(2 / pi) (g + 0.044715 g^3))).
// gateUp [rows, 2 ffn] holds gate | up, y [rows, ffn], in units of Value. Grid: a thread a Value of y. Assigns.
//#if VEC4
alias Value = vec4<f32>;
//#else
alias Value = f32;
//#endif
struct Sizes { rows: u32, ffn: u32 }
@group(0) @binding(0) var<uniform> sizes: Sizes;
@group(0) @binding(1) var<storage, read> gateUp: array<Value>;
@group(0) @binding(2) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let index = id.x + id.y * groups.x * 64u;
  if (index >= sizes.rows * sizes.ffn) {
    return;
  }
  let gateIndex = index + index / sizes.ffn * sizes.ffn;
  let gate = gateUp[gateIndex];
  //#if GELU
  let inner = 1.5957691 * gate * (1.0 + 0.044715 * gate * gate);
  y[index] = gate / (1.0 + exp(min(-inner, Value(80.0)))) * gateUp[gateIndex + sizes.ffn];
  //#else
  y[index] = gate / (1.0 + exp(min(-gate, Value(80.0)))) * gateUp[gateIndex + sizes.ffn];
  //#endif
}
