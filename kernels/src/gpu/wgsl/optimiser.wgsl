// One update of every parameter: clip by the global norm, then AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101),
// Lion (Chen et al. 2023, arXiv:2302.06675) or SGD with momentum, each with decoupled weight decay; or the first half of
// LAMB (You et al. 2020, arXiv:1904.00962), which puts AdamW's step with decay w added in place of the gradient.
//
// All parameters lie in one flat list of LENGTH values. Blocks of 64 values have one owner, so that `group_of` gives
// the parameter group of each block; a group has its own learning rate and its own decay.
// `settings`: five numbers of the rule, limit of the norm (0: none), factor of the gradient (1 / micro-batches), 0; then
// per group STRIDE values: its learning rate and 1 - rate * decay, with LAMB its decay. The rule's are, for AdamW and
// LAMB: beta1, beta2, epsilon, 1 / (1 - beta1^t), 1 / (1 - beta2^t); for Lion: beta1, beta2; for SGD: momentum and the
// step's factors of the gradient and of the velocity.
// `squares` holds GROUPS partial sums of squares and as many of absolute values from `reduce_gradient`; the l1 and the l2
// norm before clipping are written behind them.

@group(0) @binding(auto) var<storage, read> settings: array<f32>;
@group(0) @binding(auto) var<storage, read> group_of: array<u32>;
//# if LAMB
@group(0) @binding(auto) var<storage, read_write> gradient: array<vec4<f32>>;
//# else
@group(0) @binding(auto) var<storage, read> gradient: array<vec4<f32>>;
//# end
@group(0) @binding(auto) var<storage, read_write> squares: array<f32>;
@group(0) @binding(auto) var<storage, read_write> first: array<vec4<f32>>;
//# if ADAM
@group(0) @binding(auto) var<storage, read_write> second: array<vec4<f32>>;
//# end
//# if LAMB
@group(0) @binding(auto) var<storage, read> weights: array<vec4<f32>>;
//# else
@group(0) @binding(auto) var<storage, read_write> weights: array<vec4<f32>>;
//# end

var<workgroup> sums: array<vec2<f32>, 64>;

fn update(at: u32, scale: f32) {
    let group = 8u + STRIDE * group_of[at / 16u];
    let beta1 = settings[0];
    let g = scale * gradient[at];
    //# if !LAMB
    let rate = settings[group];
    let kept = settings[group + 1u];
    //# end
    //# if ADAM
    let beta2 = settings[1];
    let m = beta1 * first[at] + (1.0 - beta1) * g;
    let v = beta2 * second[at] + (1.0 - beta2) * g * g;
    first[at] = m;
    second[at] = v;
    let scaled = m / (sqrt(v * settings[4]) + settings[2]);
    //# end
    //# if LAMB
    gradient[at] = scaled * settings[3] + settings[group + 1u] * weights[at];
    //# end
    //# if ADAMW
    let step = scaled * (rate * settings[3]);
    //# end
    //# if LION
    let beta2 = settings[1];
    let step = rate * sign(beta1 * first[at] + (1.0 - beta1) * g);
    first[at] = beta2 * first[at] + (1.0 - beta2) * g;
    //# end
    //# if SGD
    let m = beta1 * first[at] + g;
    first[at] = m;
    let step = rate * (settings[1] * g + settings[2] * m);
    //# end
    //# if !LAMB
    weights[at] = weights[at] * kept - step;
    //# end
}

@compute @workgroup_size(64)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    // Every workgroup adds the same numbers in the same order.
    var sum = vec2<f32>();
    for (var i = lane; i < GROUPS; i += 64u) {
        sum += vec2<f32>(squares[i], squares[GROUPS + i]);
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var step = 32u; step > 0u; step /= 2u) {
        if (lane < step) {
            sums[lane] += sums[lane + step];
        }
        workgroupBarrier();
    }
    let norm = sqrt(sums[0].x) * settings[6];
    var scale = settings[6];
    if (settings[5] > 0.0) {
        scale *= min(1.0, settings[5] / (norm + 1e-6));
    }
    let at_group = group.x + group.y * groups.x;
    if (at_group == 0u && lane == 0u) {
        squares[2u * GROUPS] = sums[0].y * settings[6];
        squares[2u * GROUPS + 1u] = norm;
    }
    //# repeat i 4
    {
        let at = at_group * 256u + {i}u * 64u + lane;
        if (at < LENGTH / 4u) {
            update(at, scale);
        }
    }
    //# end
}
