// y = x / (|x| + EPSILON) with the l2 norm of all LENGTH values: how a Newton-Schulz iteration starts.
//
// One workgroup: the matrices of small models have some ten thousand values.

@group(0) @binding(auto) var<storage, read> x: array<f32>;
@group(0) @binding(auto) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var at = lane; at < LENGTH; at += 256u) {
        sum += x[at] * x[at];
    }
    sums[lane] = sum;
    workgroupBarrier();
    for (var step = 128u; step > 0u; step /= 2u) {
        if (lane < step) {
            sums[lane] += sums[lane + step];
        }
        workgroupBarrier();
    }
    let factor = 1.0 / (sqrt(sums[0]) + EPSILON);
    for (var at = lane; at < LENGTH; at += 256u) {
        y[at] = x[at] * factor;
    }
}
