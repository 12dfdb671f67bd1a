// y[plane] = epilogue(x W[plane] + bias[plane]): x [ROWS, INPUTS], W [INPUTS, OUTPUTS], y [ROWS, OUTPUTS].
//
// epilogue(v) = SCALE v + RESIDUAL_SCALE residual, after an exact GELU when there is one; GELU also saves its input.
// Several planes (query, key, value) share x; their matrices lie WEIGHT_STRIDE values apart in one buffer.
//
// One invocation makes a tile of 8 rows and 8 columns in registers. Indices beyond the edge are clamped instead of
// tested: the inner loop has no branch, and only the stores look at the edge.

//# if VEC4
alias Value = vec4<f32>;
//# else
alias Value = f32;
//# end

@group(0) @binding(auto) var<storage, read> x: array<Value>;
@group(0) @binding(auto) var<storage, read> weight: array<Value>;
//# if BIAS
@group(0) @binding(auto) var<storage, read> bias: array<Value>;
//# end
//# if RESIDUAL
@group(0) @binding(auto) var<storage, read> residual: array<Value>;
//# end
//# if GELU
@group(0) @binding(auto) var<storage, read_write> pre: array<Value>;
//# end
@group(0) @binding(auto) var<storage, read_write> y: array<Value>;

// Four columns of one row of a plane's matrix that starts at `base`; `column` is a multiple of 4.
fn weight_at(base: u32, row: u32, column: u32) -> vec4<f32> {
    let start = base + row * OUTPUTS;
    //# if VEC4
    return weight[(start + min(column, OUTPUTS - 4u)) / 4u];
    //# else
    let last = OUTPUTS - 1u;
    return vec4<f32>(
        weight[start + min(column, last)],
        weight[start + min(column + 1u, last)],
        weight[start + min(column + 2u, last)],
        weight[start + min(column + 3u, last)],
    );
    //# end
}

//# if GELU
// x Phi(x), with erf by Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7).
fn gelu(value: Value) -> Value {
    let a = abs(value) * 0.7071067811865476;
    let t = 1.0 / (1.0 + 0.3275911 * a);
    let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return 0.5 * value * (1.0 + sign(value) * (1.0 - series * exp(-a * a)));
}
//# end

fn finish(at: u32, bias_at: u32, sum: Value) {
    var value = sum;
    //# if BIAS
    value += bias[bias_at];
    //# end
    //# if GELU
    pre[at] = value;
    value = gelu(value);
    //# end
    value *= SCALE;
    //# if RESIDUAL
    value += RESIDUAL_SCALE * residual[at];
    //# end
    y[at] = value;
}

fn store(plane: u32, row: u32, column: u32, sum: vec4<f32>) {
    if (row >= ROWS || column >= OUTPUTS) {
        return;
    }
    let at = (plane * ROWS + row) * OUTPUTS + column;
    let bias_at = plane * BIAS_STRIDE + column;
    //# if VEC4
    finish(at / 4u, bias_at / 4u, sum);
    //# else
    //# repeat i 4
    if (column + {i}u < OUTPUTS) {
        finish(at + {i}u, bias_at + {i}u, sum[{i}]);
    }
    //# end
    //# end
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let tile = id.x + id.y * groups.x * 64u;
    let plane = tile / (TILES_DOWN * TILES_ACROSS);
    if (plane >= PLANES) {
        return;
    }
    let row = tile / TILES_ACROSS % TILES_DOWN * 8u;
    let column = tile % TILES_ACROSS * 8u;
    let base = plane * WEIGHT_STRIDE;
    //# repeat r 8
    let x{r} = min(row + {r}u, ROWS - 1u) * INPUTS;
    //# repeat c 2
    var sum{r}_{c} = vec4<f32>();
    //# end
    //# end
    //# if VEC4
    for (var k = 0u; k < INPUTS; k += 4u) {
        //# repeat r 8
        let v{r} = x[(x{r} + k) / 4u];
        //# end
        //# repeat i 4
        //# repeat c 2
        let w{i}_{c} = weight_at(base, k + {i}u, column + 4u * {c}u);
        //# end
        //# repeat r 8
        //# repeat c 2
        sum{r}_{c} += v{r}[{i}] * w{i}_{c};
        //# end
        //# end
        //# end
    }
    //# else
    for (var k = 0u; k < INPUTS; k++) {
        //# repeat c 2
        let w{c} = weight_at(base, k, column + 4u * {c}u);
        //# end
        //# repeat r 8
        let v{r} = x[x{r} + k];
        //# repeat c 2
        sum{r}_{c} += v{r} * w{c};
        //# end
        //# end
    }
    //# end
    // A loop instead of 16 copies of the epilogue: the pipeline compiles in half the time.
    var sums = array<vec4<f32>, 16>(
        //# repeat r 8
        sum{r}_0, sum{r}_1,
        //# end
    );
    for (var i = 0u; i < 16u; i++) {
        store(plane, row + i / 2u, column + 4u * (i % 2u), sums[i]);
    }
}
