//! The register tile: the one loop in which nearly all time of a training step is spent.

use super::super::simd::{MOST_LANES, Simd, lanes, load, multiply_add, splat, store};

/// The most rows and registers per row that a tile has.
const MOST_ROWS: usize = 8;
const MOST_REGISTERS: usize = 4;

/// Rows and registers per row of a full tile.
///
/// The accumulators, one row of `b` and one number of `a` must fit the registers, and there must be enough of them
/// to hide the latency of an addition. Measured on x86: in V8 (16 registers, no fused multiply-add) 4 x 2 equals 2 x 4
/// and beats 3 x 3, 4 x 3, 5 x 2 and 6 x 2 by 4 to 25 %; with AVX-512 (32 registers) 8 x 3, 6 x 4 and 12 x 2 are
/// within 5 % of each other and 8 x 2 behind, and 8 x 3 fits a width of 48. NEON (not measured) has 32 registers of
/// four. The rows of a tile never exceed the lanes: see [`Panels::rows`](super::Panels::rows).
pub(crate) const fn full_tile<S: Simd>() -> (usize, usize) {
    match lanes::<S>() {
        16 => (8, 3),
        8 => (4, 3),
        _ if cfg!(target_arch = "aarch64") => (4, 4),
        _ => (4, 2),
    }
}

/// One product `out = base + bias + a b` of a few rows and registers of columns.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    /// Terms per sum.
    pub depth: usize,
    /// The first number of `a`, and the distance of its rows and columns.
    pub a: *const f32,
    pub a_row: usize,
    pub a_column: usize,
    /// Rows per group and the distance of two groups, if the rows of `a` lie in groups; a tile lies in one group.
    pub a_groups: Option<(usize, usize)>,
    /// The panel of `b`: rows as wide as the tile, one after the other.
    pub b: *const f32,
    /// Added to every row.
    pub bias: Option<*const f32>,
    /// Added number by number, and the distance of its rows.
    pub base: Option<(*const f32, usize)>,
    /// Where the tile goes, and the distance of its rows.
    pub out: *mut f32,
    pub out_row: usize,
}

/// Computes a tile of `ROWS` rows and `REGISTERS` registers per row. Terms are added in the order of the depth.
///
/// # Safety
/// The pointers of the tile must reach `ROWS`, `depth` and `REGISTERS * lanes` numbers; `out` must not overlap `a`
/// and `b`.
#[inline(always)]
pub(super) unsafe fn compute<S: Simd, const ROWS: usize, const REGISTERS: usize>(simd: S, tile: Tile) {
    let mut sums = [[splat(simd, 0.0); REGISTERS]; ROWS];
    // SAFETY: the caller vouches for the reach of every pointer.
    unsafe {
        for step in 0..tile.depth {
            let b = tile.b.add(step * REGISTERS * lanes::<S>());
            let mut row = [splat(simd, 0.0); REGISTERS];
            for (register, value) in row.iter_mut().enumerate() {
                *value = load(simd, b.add(register * lanes::<S>()));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let a = splat(simd, *tile.a.add(i * tile.a_row + step * tile.a_column));
                for (sum, b) in sums.iter_mut().zip(row) {
                    *sum = multiply_add::<S>(a, b, *sum);
                }
            }
        }
        if let Some(bias) = tile.bias {
            for register in 0..REGISTERS {
                let bias = load(simd, bias.add(register * lanes::<S>()));
                for row in &mut sums {
                    row[register] += bias;
                }
            }
        }
        if let Some((base, base_row)) = tile.base {
            for (i, row) in sums.iter_mut().enumerate() {
                for (register, sum) in row.iter_mut().enumerate() {
                    *sum += load(simd, base.add(i * base_row + register * lanes::<S>()));
                }
            }
        }
        for (i, row) in sums.iter().enumerate() {
            for (register, sum) in row.iter().enumerate() {
                store::<S>(tile.out.add(i * tile.out_row + register * lanes::<S>()), *sum);
            }
        }
    }
}

/// Computes a tile of which only the first `columns` columns exist in `bias`, `base` and `out`.
///
/// # Safety
/// As for [`compute`], with `columns` in place of `REGISTERS * lanes` for `bias`, `base` and `out`.
#[inline(always)]
pub(super) unsafe fn compute_part<S: Simd, const ROWS: usize, const REGISTERS: usize>(
    simd: S,
    tile: Tile,
    columns: usize,
) {
    let width = REGISTERS * lanes::<S>();
    let mut whole = [0.0f32; MOST_ROWS * MOST_REGISTERS * MOST_LANES];
    // SAFETY: `whole` has room for every tile, and the caller vouches for `columns` numbers of each row.
    unsafe {
        let to = whole.as_mut_ptr();
        compute::<S, ROWS, REGISTERS>(simd, Tile { bias: None, base: None, out: to, out_row: width, ..tile });
        for i in 0..ROWS {
            for column in 0..columns {
                let mut sum = whole[i * width + column];
                if let Some(bias) = tile.bias {
                    sum += *bias.add(column);
                }
                if let Some((base, base_row)) = tile.base {
                    sum += *base.add(i * base_row + column);
                }
                *tile.out.add(i * tile.out_row + column) = sum;
            }
        }
    }
}
