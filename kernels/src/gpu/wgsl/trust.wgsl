// The factor of each parameter's step from its norms: LAMB's lr |w| / |u| (You et al. 2020, arXiv:1904.00962), where
// `gradient` holds u, or LARS's coefficient |w| / (|g| + decay |w|) (You et al. 2017, arXiv:1708.03888).
//
// One workgroup per parameter. `settings`: five numbers of the rule (LARS: momentum, coefficient), limit of the norm
// (0: none), factor of the gradient (1 / micro-batches), 0; then per parameter its learning rate, its decay, whether it
// is scaled, its first block of 64 values and its number of blocks.
// `factors` has PARAMETERS values and, with LARS, behind them the factor of the gradient; the l1 and the l2 norm
// before clipping are then written behind the partial sums in `squares`, GROUPS of squares and as many of absolute values.
// LAMB's u is of the clipped gradient already.

@group(0) @binding(auto) var<storage, read> settings: array<f32>;
@group(0) @binding(auto) var<storage, read> gradient: array<vec4<f32>>;
//# if !LAMB
@group(0) @binding(auto) var<storage, read_write> squares: array<f32>;
//# end
@group(0) @binding(auto) var<storage, read> weights: array<vec4<f32>>;
@group(0) @binding(auto) var<storage, read_write> factors: array<f32>;

var<workgroup> sums: array<vec4<f32>, 64>;

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let parameter = group.x + group.y * groups.x;
    if (parameter >= PARAMETERS) {
        return;
    }
    let at = 8u + 5u * parameter;
    let first = u32(settings[at + 3u]) * 16u;
    let chunks = u32(settings[at + 4u]) * 16u;
    var weight = vec4<f32>();
    var pull = vec4<f32>();
    for (var i = lane; i < chunks; i += 64u) {
        let w = weights[first + i];
        let g = gradient[first + i];
        weight += w * w;
        pull += g * g;
    }
    var all = vec2<f32>();
    //# if !LAMB
    for (var i = lane; i < GROUPS; i += 64u) {
        all += vec2<f32>(squares[i], squares[GROUPS + i]);
    }
    //# end
    sums[lane] = vec4<f32>(dot(weight, vec4<f32>(1.0)), dot(pull, vec4<f32>(1.0)), all);
    workgroupBarrier();
    for (var step = 32u; step > 0u; step /= 2u) {
        if (lane < step) {
            sums[lane] += sums[lane + step];
        }
        workgroupBarrier();
    }
    if (lane > 0u) {
        return;
    }
    let size = sqrt(sums[0].x);
    let step = sqrt(sums[0].y);
    let is_scaled = settings[at + 2u] > 0.0 && size > 0.0 && step > 0.0;
    //# if LAMB
    var ratio = 1.0;
    if (is_scaled) {
        ratio = size / step;
    }
    factors[parameter] = settings[at] * ratio;
    //# else
    let norm = sqrt(sums[0].z) * settings[6];
    var scale = settings[6];
    if (settings[5] > 0.0) {
        scale *= min(1.0, settings[5] / (norm + 1e-6));
    }
    var ratio = 1.0;
    if (is_scaled) {
        ratio = settings[1] * size / (scale * step + settings[at + 1u] * size);
    }
    factors[parameter] = ratio;
    if (parameter == 0u) {
        factors[PARAMETERS] = scale;
        squares[2u * GROUPS] = sums[0].w * settings[6];
        squares[2u * GROUPS + 1u] = norm;
    }
    //# end
}
