// Gradient of attention's queries; see `attention` for the layout. With the shares p = exp(s - log sum exp):
//   D = dy . y        dp = dy . v        ds = p (dp - D)        dq = sum over keys of ds k / sqrt(CHANNELS)
// (Dao et al. 2022, appendix B.2). D goes to the second half of `statistics`, for `attention_key_value_gradient`.
// With ROPE the result is turned back by `angles`, as `rope` turned the queries. It is written to plane 0 of `dqkv`.
//
// A head's channels are SIDES times HALF chunks: the two sides are what a rotation mixes.

//# if VEC4
alias Value = vec4<f32>;
const LANES = 4u;
fn inner(a: Value, b: Value) -> f32 {
    return dot(a, b);
}
//# else
alias Value = f32;
const LANES = 1u;
fn inner(a: Value, b: Value) -> f32 {
    return a * b;
}
//# end

@group(0) @binding(auto) var<storage, read> qkv: array<Value>;
@group(0) @binding(auto) var<storage, read> dy: array<Value>;
@group(0) @binding(auto) var<storage, read> y: array<Value>;
//# if MASK
@group(0) @binding(auto) var<storage, read> mask: array<u32>;
//# end
//# if ROPE
@group(0) @binding(auto) var<storage, read> angles: array<Value>;
//# end
@group(0) @binding(auto) var<storage, read_write> statistics: array<vec2<f32>>;
@group(0) @binding(auto) var<storage, read_write> dqkv: array<Value>;

//# if MASK
// Bit key % 32 of word key / 32 of row `query`: whether the query attends the key.
fn allows(query: u32, key: u32) -> bool {
    return ((mask[query * MASK_WORDS + key / 32u] >> (key % 32u)) & 1u) == 1u;
}
//# else
fn allows(query: u32, key: u32) -> bool {
    //# if CAUSAL
    return key <= query;
    //# else
    return true;
    //# end
}
//# end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.x + id.y * groups.x * 64u;
    let head = at / TILES % HEADS;
    let batch = at / (TILES * HEADS);
    if (batch >= BATCH) {
        return;
    }
    let first = at % TILES * QUERIES;
    let width = HEADS * CHANNELS / LANES;
    let plane = BATCH * TIME * width;
    let start = batch * TIME * width + head * CHANNELS / LANES;
    //# repeat q QUERIES
    let query{q} = min(first + {q}u, TIME - 1u);
    let row{q} = start + query{q} * width;
    let saved{q} = statistics[(batch * TIME + query{q}) * HEADS + head].x;
    var along{q} = 0.0;
    //# repeat h SIDES
    //# repeat c HALF
    let q{q}_{h}_{c} = SCALE * qkv[row{q} + {h}u * HALF + {c}u];
    let d{q}_{h}_{c} = dy[row{q} + {h}u * HALF + {c}u];
    along{q} += inner(d{q}_{h}_{c}, y[row{q} + {h}u * HALF + {c}u]);
    var sum{q}_{h}_{c} = Value();
    //# end
    //# end
    //# end
    //# if CAUSAL
    let end = min(first + QUERIES, TIME);
    //# else
    let end = TIME;
    //# end
    for (var key = 0u; key < end; key++) {
        let k = plane + start + key * width;
        //# repeat q QUERIES
        var s{q} = 0.0;
        var dp{q} = 0.0;
        //# end
        //# repeat h SIDES
        //# repeat c HALF
        let k{h}_{c} = qkv[k + {h}u * HALF + {c}u];
        let v{h}_{c} = qkv[k + plane + {h}u * HALF + {c}u];
        //# repeat q QUERIES
        s{q} += inner(q{q}_{h}_{c}, k{h}_{c});
        dp{q} += inner(d{q}_{h}_{c}, v{h}_{c});
        //# end
        //# end
        //# end
        //# repeat q QUERIES
        let p{q} = select(0.0, exp(min(s{q} - saved{q}, 0.0)), allows(query{q}, key));
        let ds{q} = p{q} * (dp{q} - along{q});
        //# repeat h SIDES
        //# repeat c HALF
        sum{q}_{h}_{c} += ds{q} * k{h}_{c};
        //# end
        //# end
        //# end
    }
    //# repeat q QUERIES
    if (first + {q}u < TIME) {
        statistics[(batch * TIME + query{q}) * HEADS + head].y = along{q};
        //# if ROPE
        let angle = query{q} * 2u * HALF;
        //# repeat c HALF
        let cosine{c} = angles[angle + {c}u];
        let sine{c} = angles[angle + HALF + {c}u];
        dqkv[row{q} + {c}u] = SCALE * (sum{q}_0_{c} * cosine{c} + sum{q}_1_{c} * sine{c});
        dqkv[row{q} + HALF + {c}u] = SCALE * (sum{q}_1_{c} * cosine{c} - sum{q}_0_{c} * sine{c});
        //# end
        //# else
        //# repeat h SIDES
        //# repeat c HALF
        dqkv[row{q} + {h}u * HALF + {c}u] = SCALE * sum{q}_{h}_{c};
        //# end
        //# end
        //# end
    }
    //# end
}
