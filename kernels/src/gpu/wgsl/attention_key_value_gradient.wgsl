// Gradients of attention's keys and values; see `attention_query_gradient`, which must have run before. Per key:
//   dk = sum over queries of ds q / sqrt(CHANNELS)        dv = sum over queries of p dy
// They are written to planes 1 and 2 of `dqkv`, the first turned back with ROPE.
//
// One invocation takes KEYS neighbouring keys of one head, so that a query and its dy are loaded once for all.

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
@group(0) @binding(auto) var<storage, read> statistics: array<vec2<f32>>;
//# if MASK
@group(0) @binding(auto) var<storage, read> mask: array<u32>;
//# end
//# if ROPE
@group(0) @binding(auto) var<storage, read> angles: array<Value>;
//# end
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
    let first = at % TILES * KEYS;
    let width = HEADS * CHANNELS / LANES;
    let plane = BATCH * TIME * width;
    let start = batch * TIME * width + head * CHANNELS / LANES;
    //# repeat j KEYS
    let key{j} = min(first + {j}u, TIME - 1u);
    let row{j} = plane + start + key{j} * width;
    //# repeat h SIDES
    //# repeat c HALF
    let k{j}_{h}_{c} = SCALE * qkv[row{j} + {h}u * HALF + {c}u];
    let v{j}_{h}_{c} = qkv[row{j} + plane + {h}u * HALF + {c}u];
    var dk{j}_{h}_{c} = Value();
    var dv{j}_{h}_{c} = Value();
    //# end
    //# end
    //# end
    //# if CAUSAL
    let begin = first;
    //# else
    let begin = 0u;
    //# end
    for (var query = begin; query < TIME; query++) {
        let at_query = start + query * width;
        let saved = statistics[(batch * TIME + query) * HEADS + head];
        //# repeat j KEYS
        var s{j} = 0.0;
        var dp{j} = 0.0;
        //# end
        //# repeat h SIDES
        //# repeat c HALF
        let q{h}_{c} = qkv[at_query + {h}u * HALF + {c}u];
        let d{h}_{c} = dy[at_query + {h}u * HALF + {c}u];
        //# repeat j KEYS
        s{j} += inner(k{j}_{h}_{c}, q{h}_{c});
        dp{j} += inner(v{j}_{h}_{c}, d{h}_{c});
        //# end
        //# end
        //# end
        //# repeat j KEYS
        let p{j} = select(0.0, exp(min(s{j} - saved.x, 0.0)), allows(query, key{j}));
        let ds{j} = p{j} * (dp{j} - saved.y);
        //# repeat h SIDES
        //# repeat c HALF
        dk{j}_{h}_{c} += ds{j} * q{h}_{c};
        dv{j}_{h}_{c} += p{j} * d{h}_{c};
        //# end
        //# end
        //# end
    }
    //# repeat j KEYS
    if (first + {j}u < TIME) {
        //# repeat h SIDES
        //# repeat c HALF
        dqkv[row{j} + plane + {h}u * HALF + {c}u] = dv{j}_{h}_{c};
        //# end
        //# end
        //# if ROPE
        let angle = key{j} * 2u * HALF;
        //# repeat c HALF
        let cosine{c} = angles[angle + {c}u];
        let sine{c} = angles[angle + HALF + {c}u];
        dqkv[row{j} + {c}u] = SCALE * (dk{j}_0_{c} * cosine{c} + dk{j}_1_{c} * sine{c});
        dqkv[row{j} + HALF + {c}u] = SCALE * (dk{j}_1_{c} * cosine{c} - dk{j}_0_{c} * sine{c});
        //# end
        //# else
        //# repeat h SIDES
        //# repeat c HALF
        dqkv[row{j} + {h}u * HALF + {c}u] = SCALE * dk{j}_{h}_{c};
        //# end
        //# end
        //# end
    }
    //# end
}
