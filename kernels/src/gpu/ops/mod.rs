//! The operations: which kernel, constants, workgroups and buffers for which shape.

mod attention;
mod embedding;
mod linear;
mod loss;
mod newton_schulz;
mod norm;
mod optimiser;
mod trust;

pub use attention::{Attention, Rope, mask_words};
pub use embedding::Embedding;
pub use linear::{Epilogue, Linear, product_transposed};
pub use loss::cross_entropy;
pub use newton_schulz::{NewtonSchulz, gram, normalise};
pub use norm::Norm;
pub use optimiser::{Optimiser, Rule, SETTINGS};

/// How the rows of a gradient's sum are dealt out.
///
/// A weight's gradient sums over all rows. Each of `count` splits sums an equal span of rows into its own copy of the
/// gradient, `stride` values after the one before, and [`Optimiser::reduce`] adds the copies in order: as much
/// parallel work as the device wants, and the same sum in every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Splits {
    /// Number of spans.
    pub count: usize,
    /// Values from one partial gradient to the next.
    pub stride: usize,
}

impl Splits {
    /// The whole sum at once: the gradient is finished when the dispatch is.
    pub const ONE: Self = Self { count: 1, stride: 0 };

    /// For `rows` rows and `parameters` values in a flat list: about 128 rows each, at most 8 splits, and at most
    /// 128 MiB, the least that WebGPU promises to bind.
    pub fn choose(rows: usize, parameters: usize) -> Self {
        let affordable = (32 << 20) / parameters.max(1);
        Self { count: rows.div_ceil(128).min(8).min(affordable).max(1), stride: parameters }
    }

    /// Rows of one span: a whole number of unrolled iterations, so the last spans may be short or empty.
    pub(crate) fn rows(self, rows: usize) -> usize {
        self.span(rows).next_multiple_of(4)
    }

    /// Items of one span.
    pub(crate) fn span(self, items: usize) -> usize {
        items.div_ceil(self.count)
    }

    pub(crate) fn in_fours(self) -> bool {
        self.stride.is_multiple_of(4)
    }
}

/// The kernel file of a name.
macro_rules! kernel {
    ($name:literal) => {
        kernel!($name, crate::gpu::dispatch::WORKGROUP)
    };
    ($name:literal, $workgroup:expr) => {
        Kernel { name: $name, template: include_str!(concat!("../wgsl/", $name, ".wgsl")), workgroup: $workgroup }
    };
}
use kernel;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_cover_all_rows_and_stay_affordable() {
        assert_eq!(Splits::choose(1024, 94_000).count, 8);
        assert_eq!(Splits::choose(1, 94_000).count, 1);
        assert_eq!(Splits::choose(0, 0).count, 1);
        assert_eq!(Splits::choose(16_384, 10_000_000).count, 3);
        for rows in [0, 1, 63, 65, 1000] {
            let splits = Splits::choose(rows, 100);
            assert!(splits.span(rows) * splits.count >= rows);
        }
    }
}
