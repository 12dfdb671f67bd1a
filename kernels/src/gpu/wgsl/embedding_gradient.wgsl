// gradient[split, token] = sum of dy over the rows of one split that hold the token: [VOCABULARY, WIDTH].
//
// One invocation per (split, token, GROUP chunks of the width): it walks over the split's tokens and adds the rows
// that match, in their order, so that the sum never changes and no two invocations write one value. The first THERE rows
// of the table it adds to what is there: a tied head's gradient, or an earlier micro-batch. See `weight_gradient` for
// the splits.

//# if VEC4
alias Value = vec4<f32>;
const LANES = 4u;
//# else
alias Value = f32;
const LANES = 1u;
//# end

@group(0) @binding(auto) var<storage, read> tokens: array<u32>;
@group(0) @binding(auto) var<storage, read> dy: array<Value>;
@group(0) @binding(auto) var<storage, read_write> gradient: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.x + id.y * groups.x * 64u;
    let chunks = WIDTH / LANES;
    let across = (chunks + GROUP - 1u) / GROUP;
    let first = at % across * GROUP;
    let token = at / across % VOCABULARY;
    let split = at / (across * VOCABULARY);
    if (split >= SPLITS) {
        return;
    }
    //# repeat g GROUP
    var sum{g} = Value();
    let chunk{g} = min(first + {g}u, chunks - 1u);
    //# end
    let end = min((split + 1u) * SPLIT_ROWS, ROWS);
    for (var row = split * SPLIT_ROWS; row < end; row++) {
        if (tokens[row] == token) {
            //# repeat g GROUP
            sum{g} += dy[row * chunks + chunk{g}];
            //# end
        }
    }
    let start = split * SPLIT_STRIDE / LANES + token * chunks;
    //# repeat g GROUP
    if (first + {g}u < chunks) {
        if (token < THERE) {
            sum{g} += gradient[start + chunk{g}];
        }
        gradient[start + chunk{g}] = sum{g};
    }
    //# end
}
