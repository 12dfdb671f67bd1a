// gradient[split, position] = sum of dy over the sequences of one split: learned positions, [TIME, WIDTH].
//
// Row r of dy [BATCH TIME, WIDTH] has position r % TIME. One invocation per value; splits divide the sequences here.

@group(0) @binding(auto) var<storage, read> dy: array<f32>;
@group(0) @binding(auto) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.x + id.y * groups.x * 64u;
    let size = TIME * WIDTH;
    let split = at / size;
    if (split >= SPLITS) {
        return;
    }
    var sum = 0.0;
    let end = min((split + 1u) * SPLIT_BATCH, BATCH);
    for (var sequence = split * SPLIT_BATCH; sequence < end; sequence++) {
        sum += dy[sequence * size + at % size];
    }
    let to = split * SPLIT_STRIDE + at % size;
    //# if ACCUMULATE
    sum += gradient[to];
    //# end
    gradient[to] = sum;
}
