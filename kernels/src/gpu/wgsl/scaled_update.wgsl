// The steps of LAMB and LARS with the factors from `trust`: w - factor u, where `gradient` holds u, or
// m = momentum m + factor (g + decay w), w - lr m.

//# if !LAMB
@group(0) @binding(auto) var<storage, read> settings: array<f32>;
//# end
@group(0) @binding(auto) var<storage, read> group_of: array<u32>;
@group(0) @binding(auto) var<storage, read> gradient: array<vec4<f32>>;
@group(0) @binding(auto) var<storage, read> factors: array<f32>;
//# if !LAMB
@group(0) @binding(auto) var<storage, read_write> first: array<vec4<f32>>;
//# end
@group(0) @binding(auto) var<storage, read_write> weights: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at = (group.x + group.y * groups.x) * 64u + lane;
    if (at >= LENGTH / 4u) {
        return;
    }
    let parameter = group_of[at / 16u];
    //# if LAMB
    weights[at] -= factors[parameter] * gradient[at];
    //# else
    let rate = settings[8u + 5u * parameter];
    let decay = settings[9u + 5u * parameter];
    let m = settings[0] * first[at] + factors[parameter] * (factors[PARAMETERS] * gradient[at] + decay * weights[at]);
    first[at] = m;
    weights[at] -= rate * m;
    //# end
}
