// Softmax attention with a mask, one head at a time: y = softmax(q k^T / sqrt(CHANNELS)) v, without a score matrix.
//
// `qkv` holds the planes of queries, keys and values, each [BATCH TIME, HEADS CHANNELS], queries and keys already
// turned by `rope`. The softmax runs along the keys with a running maximum and a running sum (Milakov and Gimelshein
// 2018, arXiv:1805.02867; FlashAttention, Dao et al. 2022, arXiv:2205.14135). `statistics` [BATCH TIME, HEADS] keeps
// (log sum exp of the row's scores, unused) for the gradient. A row that may attend nothing gives 0.
//
// One invocation takes QUERIES neighbouring queries of one head, so that a key and a value are loaded once for all.

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
//# if MASK
@group(0) @binding(auto) var<storage, read> mask: array<u32>;
//# end
@group(0) @binding(auto) var<storage, read_write> statistics: array<vec2<f32>>;
@group(0) @binding(auto) var<storage, read_write> y: array<Value>;

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

// Below every score; far enough from the end of f32 that differences stay finite.
const LOWEST = -1e30;

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
    var top{q} = LOWEST;
    var total{q} = 0.0;
    //# repeat c CHUNKS
    let q{q}_{c} = SCALE * qkv[start + query{q} * width + {c}u];
    var y{q}_{c} = Value();
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
        //# end
        //# repeat c CHUNKS
        let k{c} = qkv[k + {c}u];
        let v{c} = qkv[k + plane + {c}u];
        //# repeat q QUERIES
        s{q} += inner(q{q}_{c}, k{c});
        //# end
        //# end
        //# repeat q QUERIES
        let allowed{q} = allows(query{q}, key);
        let next{q} = select(top{q}, max(top{q}, s{q}), allowed{q});
        let keep{q} = exp(top{q} - next{q});
        let p{q} = select(0.0, exp(min(s{q} - next{q}, 0.0)), allowed{q});
        top{q} = next{q};
        total{q} = total{q} * keep{q} + p{q};
        //# repeat c CHUNKS
        y{q}_{c} = y{q}_{c} * keep{q} + p{q} * v{c};
        //# end
        //# end
    }
    //# repeat q QUERIES
    if (first + {q}u < TIME) {
        let share = select(0.0, 1.0 / total{q}, total{q} > 0.0);
        //# repeat c CHUNKS
        y[start + query{q} * width + {c}u] = y{q}_{c} * share;
        //# end
        statistics[(batch * TIME + query{q}) * HEADS + head] = vec2<f32>(top{q} + log(max(total{q}, 1e-30)), 0.0);
    }
    //# end
}
