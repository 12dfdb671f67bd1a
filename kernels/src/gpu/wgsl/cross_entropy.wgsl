// Weighted softmax cross-entropy and its gradient in one pass over the logits [ROWS, CLASSES]:
//   loss[row] = weight[row] (log sum exp(logits) - logits[target])
//   gradient[row, class] = weight[row] (softmax - one-hot of the target)
//
// The caller's weights hold the whole coefficient of a row (its mask, its schedule, 1 / rows of a mean); a weight of 0
// ignores the row, whatever its target or its logits are. One invocation per row.

@group(0) @binding(auto) var<storage, read> logits: array<f32>;
@group(0) @binding(auto) var<storage, read> targets: array<u32>;
@group(0) @binding(auto) var<storage, read> weights: array<f32>;
@group(0) @binding(auto) var<storage, read_write> loss: array<f32>;
//# if GRADIENT
@group(0) @binding(auto) var<storage, read_write> gradient: array<f32>;
//# end

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let row = id.x + id.y * groups.x * 64u;
    if (row >= ROWS) {
        return;
    }
    let start = row * CLASSES;
    let weight = weights[row];
    if (weight == 0.0) {
        loss[row] = 0.0;
        //# if GRADIENT
        for (var c = 0u; c < CLASSES; c++) {
            gradient[start + c] = 0.0;
        }
        //# end
        return;
    }
    var top = logits[start];
    for (var c = 1u; c < CLASSES; c++) {
        top = max(top, logits[start + c]);
    }
    var total = 0.0;
    for (var c = 0u; c < CLASSES; c++) {
        total += exp(logits[start + c] - top);
    }
    let goal = min(targets[row], CLASSES - 1u);
    loss[row] = weight * (top - logits[start + goal] + log(total));
    //# if GRADIENT
    for (var c = 0u; c < CLASSES; c++) {
        let share = exp(logits[start + c] - top) / total;
        gradient[start + c] = weight * (share - select(0.0, 1.0, c == goal));
    }
    //# end
}
