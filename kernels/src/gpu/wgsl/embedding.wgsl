// y[row] = table[token[row]] + positions[row % TIME]: table [VOCABULARY, WIDTH], positions [TIME, WIDTH].
//
// One invocation per chunk of a row. A token beyond the vocabulary reads its last row; it is a caller's error, but
// never a read outside the buffer.

//# if VEC4
alias Value = vec4<f32>;
const LANES = 4u;
//# else
alias Value = f32;
const LANES = 1u;
//# end

@group(0) @binding(auto) var<storage, read> tokens: array<u32>;
@group(0) @binding(auto) var<storage, read> table: array<Value>;
//# if POSITIONS
@group(0) @binding(auto) var<storage, read> positions: array<Value>;
//# end
@group(0) @binding(auto) var<storage, read_write> y: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.x + id.y * groups.x * 64u;
    let chunks = WIDTH / LANES;
    let row = at / chunks;
    let chunk = at % chunks;
    if (row >= ROWS) {
        return;
    }
    let token = min(tokens[row], VOCABULARY - 1u);
    var value = table[token * chunks + chunk];
    //# if POSITIONS
    value += positions[row % TIME * chunks + chunk];
    //# end
    y[at] = value;
}
