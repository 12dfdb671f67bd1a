// Rotates queries and keys in place by the angles of their positions (Su et al. 2021, arXiv:2104.09864, equation 34),
// in the half-split form: channel c of a head turns with channel c + CHANNELS / 2.
//
// `qkv` holds PLANES planes of [BATCH TIME, HEADS CHANNELS]; the first two are turned. `angles` is [TIME, CHANNELS]:
// half a row of cosines, then half a row of sines, made by the host in f64 (f32 sines of large angles are inexact).

//# if VEC4
alias Value = vec4<f32>;
const LANES = 4u;
//# else
alias Value = f32;
const LANES = 1u;
//# end

@group(0) @binding(auto) var<storage, read> angles: array<Value>;
@group(0) @binding(auto) var<storage, read_write> qkv: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.x + id.y * groups.x * 64u;
    let half = CHANNELS / 2u / LANES;
    let chunk = at % half;
    let head = at / half % HEADS;
    let row = at / (half * HEADS); // counts through both planes
    if (row >= 2u * BATCH * TIME) {
        return;
    }
    let low_at = (row * HEADS + head) * 2u * half + chunk;
    let angle = row % TIME * 2u * half + chunk;
    let cosine = angles[angle];
    let sine = angles[angle + half];
    let low = qkv[low_at];
    let high = qkv[low_at + half];
    qkv[low_at] = low * cosine - high * sine;
    qkv[low_at + half] = high * cosine + low * sine;
}
