//! How fast a training step could be on the CPU: the time of its matrix products alone.

use tailblazer_kernels::cpu::{Operand, Workspace, matmul};

use super::{Host, Limit};
use crate::experiment::Experiment;

/// Seconds that the products are repeated for.
const SECONDS: f64 = 1.0;

/// One product of a training step, with `a` and `b` as they lie in memory.
struct Product {
    /// Rows, depth and columns.
    shape: [usize; 3],
    a_transposed: bool,
    b_transposed: bool,
}

/// The products of one step: for each matrix of the model forward, the input's gradient and the matrix's.
fn products(experiment: &Experiment, vocabulary: usize) -> Vec<Product> {
    let (model, train) = (&experiment.model, &experiment.train);
    let (rows, width) = (train.batch * model.context, model.width);
    let layer = [[width, 3 * width], [width, width], [width, 4 * width], [4 * width, width]];
    let matrices = std::iter::repeat_n(layer, model.layers).flatten().chain([[width, vocabulary]]);
    let of_matrix = |[inputs, outputs]: [usize; 2]| {
        [
            Product { shape: [rows, inputs, outputs], a_transposed: false, b_transposed: false },
            Product { shape: [rows, outputs, inputs], a_transposed: false, b_transposed: true },
            Product { shape: [inputs, rows, outputs], a_transposed: true, b_transposed: false },
        ]
    };
    let micro_batch: Vec<_> = matrices.collect();
    std::iter::repeat_n(micro_batch, train.accumulation).flatten().flat_map(of_matrix).collect()
}

fn operations(products: &[Product]) -> f64 {
    products.iter().map(|product| 2.0 * product.shape.iter().map(|size| *size as f64).product::<f64>()).sum()
}

/// Times the matrix products of one step of an experiment, by the kernel that training uses; the fastest time counts,
/// because whatever else the machine does only slows them down.
pub async fn measure<H: Host>(host: &H, experiment: &Experiment, vocabulary: usize) -> Limit {
    let products = products(experiment, vocabulary);
    let longest = products.iter().map(|Product { shape: [m, k, n], .. }| (m * k).max(k * n).max(m * n)).max();
    let (numbers, mut out) = (vec![0.5; longest.unwrap_or_default()], vec![0.0; longest.unwrap_or_default()]);
    let mut workspace = Workspace::new();
    let mut step = || {
        for &Product { shape: [rows, depth, columns], a_transposed, b_transposed } in &products {
            let (a, b) = (&numbers[..rows * depth], &numbers[..depth * columns]);
            let a = if a_transposed { Operand::Transposed(a) } else { Operand::Plain(a) };
            let b = if b_transposed { Operand::Transposed(b) } else { Operand::Plain(b) };
            matmul([rows, depth, columns], a, b, false, &mut out[..rows * columns], &mut workspace);
        }
    };
    // The first time the workspace grows.
    step();
    let (mut spent, mut seconds_per_step) = (0.0, f64::INFINITY);
    while spent < SECONDS {
        host.yield_now().await;
        let start = host.seconds();
        step();
        let seconds = host.seconds() - start;
        spent += seconds;
        seconds_per_step = seconds.min(seconds_per_step);
    }
    Limit { seconds_per_step, operations_per_second: operations(&products) / seconds_per_step }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::ModelConfig;

    #[test]
    fn the_products_are_those_of_every_matrix_three_times() {
        let mut experiment = Experiment { model: ModelConfig::default(), ..Experiment::default() };
        (experiment.train.batch, experiment.train.accumulation) = (16, 2);
        let weights = 3 * 12 * 48 * 48 + 48 * 65;
        assert_eq!(operations(&products(&experiment, 65)), (2 * 6 * 16 * 64 * weights) as f64);
    }
}
