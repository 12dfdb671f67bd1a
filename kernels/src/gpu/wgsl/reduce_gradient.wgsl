// gradient = sum of the SPLITS partial gradients, and per workgroup the sums of its squares and, GROUPS behind them, of its
// absolute values, for the global norms.
//
// All parameters lie in one flat list of LENGTH values, a multiple of 64; partial gradients lie LENGTH apart. A fixed
// number of workgroups strides over the list, so that the list of squares stays short for `optimiser` to add up.

@group(0) @binding(auto) var<storage, read> parts: array<vec4<f32>>;
@group(0) @binding(auto) var<storage, read_write> gradient: array<vec4<f32>>;
@group(0) @binding(auto) var<storage, read_write> squares: array<f32>;

var<workgroup> sums: array<vec2<f32>, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let chunks = LENGTH / 4u;
    var square = vec4<f32>();
    var size = vec4<f32>();
    for (var at = group.x * 64u + lane; at < chunks; at += GROUPS * 64u) {
        var sum = vec4<f32>();
        for (var split = 0u; split < SPLITS; split++) {
            sum += parts[split * chunks + at];
        }
        gradient[at] = sum;
        square += sum * sum;
        size += abs(sum);
    }
    sums[lane] = vec2<f32>(dot(square, vec4<f32>(1.0)), dot(size, vec4<f32>(1.0)));
    workgroupBarrier();
    for (var step = 32u; step > 0u; step /= 2u) {
        if (lane < step) {
            sums[lane] += sums[lane + step];
        }
        workgroupBarrier();
    }
    if (lane == 0u) {
        squares[group.x] = sums[0].x;
        squares[GROUPS + group.x] = sums[0].y;
    }
}
