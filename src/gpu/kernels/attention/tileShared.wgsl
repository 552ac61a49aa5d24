// What the workgroup forms of attention share. A workgroup of 64 invocations holds TILE rows ("slots") of one side and walks over
// the other side ("the stream") 32 rows at a time, in chunks of LANES vec4 of the head, CHUNKS of them. Scores: an invocation has
// ACROSS x 4 of them, slots local / 8 + 8 a, stream rows local % 8 + 8 b. Sums: EACH slots from local / LANES * EACH on, the vec4
// local % LANES of every chunk. Rows in workgroup memory are one vec4 apart so that banks differ.
//#include scores type=f32
const PITCH = LANES + 1u;
var<workgroup> mine: array<vec4<f32>, TILE * PITCH>;
var<workgroup> theirs: array<vec4<f32>, 32u * PITCH>;
/** [stream row][slot] */
var<workgroup> weights: array<f32, 32u * TILE>;
/** [part][slot]: what 64 / TILE invocations know of a slot each. */
var<workgroup> shares: array<f32, 64>;
