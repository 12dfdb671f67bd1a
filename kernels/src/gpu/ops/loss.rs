//! Softmax cross-entropy.

use super::kernel;
use crate::gpu::dispatch::{Dispatch, Kernel, count};
use crate::gpu::template::Constant::Flag;

const CROSS_ENTROPY: Kernel = kernel!("cross_entropy");

/// The weighted loss of every row and, with `gradient`, the gradient of the weighted sum with respect to the logits.
///
/// Buffers: `logits` `[rows, classes]`, `targets` `[rows]` (u32), `weights` `[rows]`, `loss` `[rows]`, `gradient`.
pub fn cross_entropy(rows: usize, classes: usize, gradient: bool) -> Dispatch {
    let buffers = [Some("logits"), Some("targets"), Some("weights"), Some("loss"), gradient.then_some("gradient")];
    let constants = vec![("GRADIENT", Flag(gradient)), ("ROWS", count(rows)), ("CLASSES", count(classes))];
    let invocations = if classes == 0 { 0 } else { rows };
    Dispatch::new(CROSS_ENTROPY, invocations, buffers, constants)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        cross_entropy(5, 7, true).check();
        cross_entropy(5, 7, false).check();
    }
}
