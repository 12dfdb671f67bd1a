// gradient[split, plane] = x^T dy[plane] over the rows of one split, and the column sums of dy behind it.
//
// x [ROWS, INPUTS] and dy [ROWS, OUTPUTS] give [INPUTS, OUTPUTS], the gradient of a linear map's matrix; the column
// sums are the gradient of its bias. The rows are dealt to SPLITS equal spans: enough parallel work without atomic
// additions, and an order of summation that never changes. `reduce_gradient` adds the splits, SPLIT_STRIDE apart.
// The planes (query, key, value) of dy lie ROWS OUTPUTS values apart, those of the matrix WEIGHT_STRIDE, those of
// the bias BIAS_STRIDE, the first bias BIAS_OFFSET behind the first matrix. With ACCUMULATE the result is added.
//
// One invocation makes 8 inputs by 8 outputs in registers.

//# if VEC4
alias Value = vec4<f32>;
//# else
alias Value = f32;
//# end

@group(0) @binding(auto) var<storage, read> x: array<Value>;
@group(0) @binding(auto) var<storage, read> dy: array<Value>;
@group(0) @binding(auto) var<storage, read_write> gradient: array<Value>;

fn x_at(row: u32, column: u32) -> vec4<f32> {
    let start = row * INPUTS;
    //# if VEC4
    return x[(start + min(column, INPUTS - 4u)) / 4u];
    //# else
    let last = INPUTS - 1u;
    return vec4<f32>(
        x[start + min(column, last)],
        x[start + min(column + 1u, last)],
        x[start + min(column + 2u, last)],
        x[start + min(column + 3u, last)],
    );
    //# end
}

fn dy_at(base: u32, row: u32, column: u32) -> vec4<f32> {
    let start = base + row * OUTPUTS;
    //# if VEC4
    return dy[(start + min(column, OUTPUTS - 4u)) / 4u];
    //# else
    let last = OUTPUTS - 1u;
    return vec4<f32>(
        dy[start + min(column, last)],
        dy[start + min(column + 1u, last)],
        dy[start + min(column + 2u, last)],
        dy[start + min(column + 3u, last)],
    );
    //# end
}

fn finish(at: u32, sum: Value) {
    //# if ACCUMULATE
    gradient[at] += sum;
    //# else
    gradient[at] = sum;
    //# end
}

// Stores four columns; `at` is where the first one goes.
fn store(at: u32, column: u32, sum: vec4<f32>) {
    if (column >= OUTPUTS) {
        return;
    }
    //# if VEC4
    finish(at / 4u, sum);
    //# else
    //# repeat i 4
    if (column + {i}u < OUTPUTS) {
        finish(at + {i}u, sum[{i}]);
    }
    //# end
    //# end
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let tile = id.x + id.y * groups.x * 64u;
    let tiles = TILES_DOWN * TILES_ACROSS;
    let split = tile / (tiles * PLANES);
    if (split >= SPLITS) {
        return;
    }
    let plane = tile / tiles % PLANES;
    let input = tile / TILES_ACROSS % TILES_DOWN * 8u;
    let column = tile % TILES_ACROSS * 8u;
    let base = plane * ROWS * OUTPUTS;
    //# repeat c 2
    //# if BIAS
    var total{c} = vec4<f32>();
    //# end
    //# repeat g 2
    //# repeat i 4
    var sum{g}{i}_{c} = vec4<f32>();
    //# end
    //# end
    //# end
    let end = min((split + 1u) * SPLIT_ROWS, ROWS);
    //# if UNROLL
    for (var row = split * SPLIT_ROWS; row < end; row += 4u) {
        //# repeat u 4
        //# repeat c 2
        let d{u}_{c} = dy_at(base, row + {u}u, column + 4u * {c}u);
        //# if BIAS
        total{c} += d{u}_{c};
        //# end
        //# end
        //# repeat g 2
        let v{u}_{g} = x_at(row + {u}u, input + 4u * {g}u);
        //# repeat i 4
        //# repeat c 2
        sum{g}{i}_{c} += v{u}_{g}[{i}] * d{u}_{c};
        //# end
        //# end
        //# end
        //# end
    }
    //# else
    for (var row = split * SPLIT_ROWS; row < end; row++) {
        //# repeat c 2
        let d{c} = dy_at(base, row, column + 4u * {c}u);
        //# if BIAS
        total{c} += d{c};
        //# end
        //# end
        //# repeat g 2
        let v{g} = x_at(row, input + 4u * {g}u);
        //# repeat i 4
        //# repeat c 2
        sum{g}{i}_{c} += v{g}[{i}] * d{c};
        //# end
        //# end
        //# end
    }
    //# end
    let start = split * SPLIT_STRIDE;
    let corner = start + plane * WEIGHT_STRIDE + input * OUTPUTS + column;
    var sums = array<vec4<f32>, 16>(
        //# repeat g 2
        //# repeat i 4
        sum{g}{i}_0, sum{g}{i}_1,
        //# end
        //# end
    );
    for (var i = 0u; i < 16u; i++) {
        if (input + i / 2u < INPUTS) {
            store(corner + i / 2u * OUTPUTS + 4u * (i % 2u), column + 4u * (i % 2u), sums[i]);
        }
    }
    //# if BIAS
    if (input == 0u) {
        let at = start + BIAS_OFFSET + plane * BIAS_STRIDE + column;
        //# repeat c 2
        store(at + 4u * {c}u, column + 4u * {c}u, total{c});
        //# end
    }
    //# end
}
