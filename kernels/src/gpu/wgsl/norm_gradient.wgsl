// Gradients of layer norm or RMS norm. With n = (x - mean) rstd and d = dy scale, per row:
//   dx = rstd (d - mean(d) - n mean(d n))      (RMS norm has no mean(d))
// and per column, over the rows of one split (see `weight_gradient`): dscale = sum dy n, dbias = sum dy.
//
// Two kinds of workgroups share the dispatch, because neither needs the other's result: the first ROW_GROUPS give one
// row of dx to each invocation, the others one chunk of columns in one split. With ACCUMULATE_INPUT dx is added to
// what is there (the gradient that flows past the norm on the residual stream).

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

@group(0) @binding(auto) var<storage, read> dy: array<Value>;
@group(0) @binding(auto) var<storage, read> x: array<Value>;
@group(0) @binding(auto) var<storage, read> statistics: array<vec2<f32>>;
@group(0) @binding(auto) var<storage, read> scale: array<Value>;
@group(0) @binding(auto) var<storage, read_write> dx: array<Value>;
@group(0) @binding(auto) var<storage, read_write> gradient: array<Value>;

const CHUNKS = WIDTH / LANES;

fn input_gradient(row: u32) {
    let start = row * CHUNKS;
    let saved = statistics[row];
    var plain = Value();
    var along = Value();
    for (var c = 0u; c < CHUNKS; c++) {
        let d = dy[start + c] * scale[c];
        plain += d;
        along += d * (x[start + c] - saved.x);
    }
    //# if RMS
    let offset = 0.0;
    //# else
    let offset = total(plain) / f32(WIDTH);
    //# end
    let slope = total(along) * saved.y * saved.y / f32(WIDTH);
    for (var c = 0u; c < CHUNKS; c++) {
        var value = saved.y * (dy[start + c] * scale[c] - offset - (x[start + c] - saved.x) * slope);
        //# if ACCUMULATE_INPUT
        value += dx[start + c];
        //# end
        dx[start + c] = value;
    }
}

fn parameter_gradient(split: u32, chunk: u32) {
    var scale_sum = Value();
    var bias_sum = Value();
    let end = min((split + 1u) * SPLIT_ROWS, ROWS);
    for (var row = split * SPLIT_ROWS; row < end; row++) {
        let saved = statistics[row];
        let d = dy[row * CHUNKS + chunk];
        scale_sum += d * (x[row * CHUNKS + chunk] - saved.x) * saved.y;
        bias_sum += d;
    }
    let at = split * SPLIT_STRIDE / LANES + chunk;
    //# if ACCUMULATE
    scale_sum += gradient[at];
    //# end
    gradient[at] = scale_sum;
    //# if BIAS
    //# if ACCUMULATE
    bias_sum += gradient[at + BIAS_OFFSET / LANES];
    //# end
    gradient[at + BIAS_OFFSET / LANES] = bias_sum;
    //# end
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let at_group = group.x + group.y * groups.x;
    if (at_group < ROW_GROUPS) {
        let row = at_group * 64u + lane;
        if (row < ROWS) {
            input_gradient(row);
        }
    } else {
        let at = (at_group - ROW_GROUPS) * 64u + lane;
        if (at < SPLITS * CHUNKS) {
            parameter_gradient(at / CHUNKS, at % CHUNKS);
        }
    }
}
