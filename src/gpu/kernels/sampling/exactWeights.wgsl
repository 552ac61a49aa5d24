// Weights exp(-d / T) as whole numbers of 2^-45 in two words, the higher first: the same on every device, their sums exact in any
// order. Of a weight the error is at most (d / T + 2) 2^-24, half of it from rounding d to f32.
struct Scaling { power: f32, factor: u32, most: u32 }
// T = 1. log2(e) / T = factor 2^-32 power 2^-25; beyond `most` (31.5 T as f32) a weight is nothing.
const plain = Scaling(67108864.0, 3098164009u, 1107034112u);
const nothing = 0xffffffffu;
// 2^(31 - i / 256).
var<workgroup> powers: array<u32, 256>;

fn mulHigh(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let low = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (low >> 16u);
}
fn plus(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let low = a.y + b.y;
  return vec2<u32>(a.x + b.x + select(0u, 1u, low < a.y), low);
}
fn below(a: vec2<u32>, b: vec2<u32>) -> bool { return a.x < b.x || (a.x == b.x && a.y < b.y); }
// a * factor / 2^32.
fn times(a: vec2<u32>, factor: u32) -> vec2<u32> {
  return plus(vec2<u32>(mulHigh(a.x, factor), a.x * factor), vec2<u32>(0u, mulHigh(a.y, factor)));
}
// a / 2^bits, bits < 64.
fn shifted(a: vec2<u32>, bits: u32) -> vec2<u32> {
  if (bits == 0u) { return a; }
  if (bits < 32u) { return vec2<u32>(a.x >> bits, (a.y >> bits) | (a.x << (32u - bits))); }
  return vec2<u32>(0u, a.x >> (bits - 32u));
}
fn rough(a: vec2<u32>) -> f32 { return f32(a.x) * 1.220703125e-4 + f32(a.y) * 2.8421709430404007e-14; }

fn fillPowers(local: u32) {
  var roots = array<u32, 8>(4283353945u, 4271771996u, 4248701965u, 4202935003u, 4112874773u, 3938502376u, 3611622603u, 3037000500u);
  var power = 0x80000000u;
  for (var bit = 0u; bit < 8u; bit++) {
    if (((local >> bit) & 1u) == 1u) { power = mulHigh(power, roots[bit]); }
  }
  powers[local] = power;
}
// d log2(e) / T in units of 2^-25.
fn halvingsOf(d: f32, scaling: Scaling) -> u32 {
  if (bitcast<u32>(d) > scaling.most) { return nothing; }
  return mulHigh(u32(d * scaling.power + 0.5), scaling.factor);
}
// 2^31 to 2^30: 2^-fraction = 2^(-i / 256) (1 - z + z^2 / 2), z in units of 2^-40.
fn mantissa(halvings: u32) -> u32 {
  let start = powers[(halvings >> 17u) & 255u];
  let z = mulHigh(halvings << 15u, 2977044472u);
  return start - (mulHigh(start, z - (mulHigh(z, z) >> 9u)) >> 8u);
}
fn weightOf(halvings: u32) -> vec2<u32> {
  if (halvings == nothing) { return vec2<u32>(); }
  let m = mantissa(halvings);
  return shifted(vec2<u32>(m >> 18u, m << 14u), halvings >> 25u);
}
// A sum of weights d further down.
fn lowered(sum: vec2<u32>, halvings: u32) -> vec2<u32> {
  if (halvings == 0u) { return sum; }
  if (halvings == nothing) { return vec2<u32>(); }
  let product = times(sum, mantissa(halvings));
  if (halvings >> 25u == 0u) { return plus(product, product); }
  return shifted(product, (halvings >> 25u) - 1u);
}

// Logits as whole numbers in their order: not a number and +infinity above all, -infinity lowest, -0 as 0.
const spoilt = 0xffffffffu;
fn keyOf(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u || bits == 0x7f800000u) { return spoilt; }
  if (bits == 0x80000000u) { return bits; }
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);
}
fn logitOf(key: u32) -> f32 { return bitcast<f32>(select(~key, key & 0x7fffffffu, key >> 31u == 1u)); }

// Highest key and its id, the first of equals. Here and elsewhere 256 meet in two rounds of 16.
var<workgroup> tops: array<vec2<u32>, 256>;
fn foldTops(first: u32, step: u32) {
  var best = tops[first];
  for (var i = 1u; i < 16u; i++) {
    let other = tops[first + i * step];
    if (other.x > best.x || (other.x == best.x && other.y < best.y)) { best = other; }
  }
  tops[first] = best;
}
fn highest(local: u32, own: vec2<u32>) -> vec2<u32> {
  tops[local] = own;
  workgroupBarrier();
  if (local < 16u) { foldTops(16u * local, 1u); }
  workgroupBarrier();
  if (local == 0u) { foldTops(0u, 16u); }
  workgroupBarrier();
  return tops[0];
}
