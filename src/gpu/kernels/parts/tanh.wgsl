/** By Cephes' tanhf: WGSL's own may be off by 1e-5, and overflows on some drivers. */
fn tanhOf(x: ${type}) -> ${type} {
  let z = x * x;
  let near = x + x * z * ((((-5.70498872745e-3 * z + 2.06390887954e-2) * z - 5.37397155531e-2) * z + 1.33314422036e-1) * z - 3.33332819422e-1);
  let far = 1.0 - 2.0 / (exp(min(2.0 * abs(x), ${type}(20.0))) + 1.0);
  return select(select(far, -far, x < ${type}()), near, abs(x) < ${type}(0.625));
}
