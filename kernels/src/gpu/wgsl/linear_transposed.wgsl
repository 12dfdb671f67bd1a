// y = epilogue(sum over planes of x[plane] W[plane]^T): x [ROWS, INNER], W [COLUMNS, INNER], y [ROWS, COLUMNS].
//
// With x the gradient of a linear map's output and W [inputs, outputs] its matrix, y is the gradient of its input:
// INNER are the outputs, COLUMNS the inputs. With W a token embedding, y are the logits of a tied head.
// epilogue(v) = SCALE v, times the derivative of GELU at the saved `pre`, added to y when ACCUMULATE.
// The planes (query, key, value) of x lie ROWS INNER values apart, those of W WEIGHT_STRIDE values.
//
// Tiles as in `linear`: 8 rows and 8 columns per invocation.

//# if VEC4
alias Value = vec4<f32>;
//# else
alias Value = f32;
//# end

@group(0) @binding(auto) var<storage, read> x: array<Value>;
@group(0) @binding(auto) var<storage, read> weight: array<Value>;
//# if GELU
@group(0) @binding(auto) var<storage, read> pre: array<Value>;
//# end
@group(0) @binding(auto) var<storage, read_write> y: array<Value>;

//# if GELU
// d/dx (x Phi(x)) = Phi(x) + x phi(x), with erf as in `linear`.
fn gelu_slope(value: Value) -> Value {
    let a = abs(value) * 0.7071067811865476;
    let t = 1.0 / (1.0 + 0.3275911 * a);
    let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    let bell = exp(-a * a);
    return 0.5 * (1.0 + sign(value) * (1.0 - series * bell)) + value * bell * 0.3989422804014327;
}
//# end

fn finish(at: u32, sum: Value) {
    var value = SCALE * sum;
    //# if GELU
    value *= gelu_slope(pre[at]);
    //# end
    //# if ACCUMULATE
    value += y[at];
    //# end
    y[at] = value;
}

fn store(row: u32, column: u32, sum: vec4<f32>) {
    if (row >= ROWS || column >= COLUMNS) {
        return;
    }
    let at = row * COLUMNS + column;
    //# if VEC4
    finish(at / 4u, sum);
    //# else
    //# repeat i 4
    if (column + {i}u < COLUMNS) {
        finish(at + {i}u, sum[{i}]);
    }
    //# end
    //# end
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let tile = id.x + id.y * groups.x * 64u;
    if (tile >= TILES_DOWN * TILES_ACROSS) {
        return;
    }
    let row = tile / TILES_ACROSS * 8u;
    let column = tile % TILES_ACROSS * 8u;
    //# repeat r 8
    var x{r} = min(row + {r}u, ROWS - 1u) * INNER;
    var w{r} = min(column + {r}u, COLUMNS - 1u) * INNER;
    //# repeat c 2
    var sum{r}_{c} = vec4<f32>();
    //# end
    //# end
    for (var plane = 0u; plane < PLANES; plane++) {
        //# if VEC4
        for (var k = 0u; k < INNER; k += 4u) {
            //# repeat r 8
            let v{r} = x[(x{r} + k) / 4u];
            let u{r} = weight[(w{r} + k) / 4u];
            //# end
            //# repeat r 8
            sum{r}_0 += vec4<f32>(dot(v{r}, u0), dot(v{r}, u1), dot(v{r}, u2), dot(v{r}, u3));
            sum{r}_1 += vec4<f32>(dot(v{r}, u4), dot(v{r}, u5), dot(v{r}, u6), dot(v{r}, u7));
            //# end
        }
        //# else
        for (var k = 0u; k < INNER; k++) {
            let u0 = vec4<f32>(weight[w0 + k], weight[w1 + k], weight[w2 + k], weight[w3 + k]);
            let u1 = vec4<f32>(weight[w4 + k], weight[w5 + k], weight[w6 + k], weight[w7 + k]);
            //# repeat r 8
            let v{r} = x[x{r} + k];
            sum{r}_0 += v{r} * u0;
            sum{r}_1 += v{r} * u1;
            //# end
        }
        //# end
        //# repeat r 8
        x{r} += ROWS * INNER;
        w{r} += WEIGHT_STRIDE;
        //# end
    }
    var sums = array<vec4<f32>, 16>(
        //# repeat r 8
        sum{r}_0, sum{r}_1,
        //# end
    );
    for (var i = 0u; i < 16u; i++) {
        store(row + i / 2u, column + 4u * (i % 2u), sums[i]);
    }
}
