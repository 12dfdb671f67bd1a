// Layer norm (Ba et al. 2016, arXiv:1607.06450) or, with RMS, root-mean-square norm (Zhang and Sennrich 2019,
// arXiv:1910.07467): y = (x - mean) rstd scale + bias over the width, rstd = 1 / sqrt(variance + EPSILON).
//
// One invocation per row. It saves (mean, rstd) for the gradient; the variance is taken around the mean in a second
// pass, because E[x^2] - E[x]^2 cancels in f32.

//# if VEC4
alias Value = vec4<f32>;
const LANES = 4u;
fn total(value: Value) -> f32 {
    return dot(value, vec4<f32>(1.0));
}
//# else
alias Value = f32;
const LANES = 1u;
fn total(value: Value) -> f32 {
    return value;
}
//# end

@group(0) @binding(auto) var<storage, read> x: array<Value>;
@group(0) @binding(auto) var<storage, read> scale: array<Value>;
//# if BIAS
@group(0) @binding(auto) var<storage, read> bias: array<Value>;
//# end
@group(0) @binding(auto) var<storage, read_write> statistics: array<vec2<f32>>;
@group(0) @binding(auto) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = id.x + id.y * groups.x * 64u;
    if (row >= ROWS) {
        return;
    }
    let chunks = WIDTH / LANES;
    let start = row * chunks;
    var mean = 0.0;
    //# if !RMS
    var sum = Value();
    for (var c = 0u; c < chunks; c++) {
        sum += x[start + c];
    }
    mean = total(sum) / f32(WIDTH);
    //# end
    var squares = Value();
    for (var c = 0u; c < chunks; c++) {
        let centred = x[start + c] - mean;
        squares += centred * centred;
    }
    let rstd = inverseSqrt(total(squares) / f32(WIDTH) + EPSILON);
    statistics[row] = vec2<f32>(mean, rstd);
    for (var c = 0u; c < chunks; c++) {
        var value = (x[start + c] - mean) * rstd * scale[c];
        //# if BIAS
        value += bias[c];
        //# end
        y[start + c] = value;
    }
}
