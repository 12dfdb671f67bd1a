//! The right-hand side of a product, laid out as the register tile reads it.
//!
//! Its columns are cut into panels as wide as a tile, and a panel stores its rows one after the other: the tile then
//! reads memory in order, whatever the matrix's own layout (as it is or transposed), and columns beyond the last are
//! zeros, so that no tile needs an edge in its inner loop. Packing touches each number once, the product then uses it
//! once per row of the left-hand side: with a batch of a few hundred rows it costs under a percent.

use std::ops::Range;

use fearless_simd::f32x4;

use super::{
    super::simd::{Simd, SimdBase, lanes, load, store, vectorize},
    Left, View,
    tile::full_tile,
};

/// A packed matrix, `[depth, columns]`.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a> {
    pub(super) panels: &'a [f32],
    pub(super) depth: usize,
    pub(super) columns: usize,
    /// The most registers per panel.
    pub(super) widest: usize,
}

/// Where the panels of a packed matrix lie. The columns before a panel fill whole registers, so a panel starts
/// `first column * depth` numbers after the first.
#[derive(Clone, Copy)]
pub(crate) struct Panels {
    depth: usize,
    columns: usize,
    widest: usize,
}

impl Panels {
    /// Panels as wide as the register tile.
    #[inline(always)]
    pub(crate) fn new<S: Simd>(depth: usize, columns: usize) -> Self {
        Self { depth, columns, widest: full_tile::<S>().1 }
    }

    /// Panels of two registers, so that all but the last start at multiples of [`pair`].
    #[inline(always)]
    pub(crate) fn pairs(depth: usize, columns: usize) -> Self {
        Self { depth, columns, widest: 2 }
    }

    /// Groups of rows of a left-hand side whose transpose, `[depth, rows]`, is packed: the numbers that a tile needs in
    /// one step of the depth are then neighbours.
    #[inline(always)]
    pub(crate) fn rows<S: Simd>(depth: usize, rows: usize) -> Self {
        debug_assert!(full_tile::<S>().0 <= lanes::<S>(), "a tile lies in one group");
        Self { depth, columns: rows, widest: 1 }
    }

    /// The left-hand side in a slice that [`Panels::fill`] has filled; for panels from [`Panels::rows`].
    #[inline(always)]
    pub(crate) fn left<'a, S: Simd>(&self, panels: &'a [f32]) -> Left<'a> {
        let group = self.widest * lanes::<S>();
        Left { view: View { data: panels, row: 1, column: group }, groups: Some((group, group * self.depth)) }
    }

    /// How many numbers the packed matrix has.
    #[inline(always)]
    pub(crate) fn length<S: Simd>(&self) -> usize {
        self.depth * self.columns.next_multiple_of(lanes::<S>())
    }

    /// Copies `view` to rows `rows` of the packed matrix.
    pub(crate) fn fill<S: Simd>(&self, simd: S, rows: Range<usize>, view: View<'_>, panels: &mut [f32]) {
        vectorize(
            simd,
            #[inline(always)]
            || self.fill_with(simd, rows, view, panels),
        );
    }

    #[inline(always)]
    fn fill_with<S: Simd>(&self, simd: S, rows: Range<usize>, view: View<'_>, panels: &mut [f32]) {
        debug_assert!(rows.end <= self.depth);
        if rows.is_empty() || self.columns == 0 {
            return;
        }
        view.check(rows.len(), self.columns);
        let mut first = 0;
        while first < self.columns {
            let width = panel::<S>(self.columns - first, self.widest) * lanes::<S>();
            let used = width.min(self.columns - first);
            let start = first * self.depth + rows.start * width;
            let panel = &mut panels[start..start + rows.len() * width];
            let from = View { data: &view.data[first * view.column..], ..view };
            if view.column == 1 {
                copy_rows(simd, from, used, width, panel);
            } else {
                copy_columns(simd, from, used, width, panel);
            }
            first += width;
        }
    }

    /// The packed matrix in a slice that [`Panels::fill`] has filled.
    #[inline(always)]
    pub(crate) fn packed<'a>(&self, panels: &'a [f32]) -> Packed<'a> {
        Packed { panels, depth: self.depth, columns: self.columns, widest: self.widest }
    }

    /// Packs a whole matrix.
    #[inline(always)]
    pub(crate) fn pack<'a, S: Simd>(&self, simd: S, view: View<'_>, panels: &'a mut [f32]) -> Packed<'a> {
        self.fill(simd, 0..self.depth, view, panels);
        self.packed(panels)
    }
}

/// Copies `used` columns of a matrix with adjacent columns into rows of `width` numbers.
#[inline(always)]
fn copy_rows<S: Simd>(simd: S, from: View<'_>, used: usize, width: usize, panel: &mut [f32]) {
    if used == width {
        return match width / lanes::<S>() {
            1 => copy_whole_rows::<S, 1>(simd, from, panel),
            2 => copy_whole_rows::<S, 2>(simd, from, panel),
            3 => copy_whole_rows::<S, 3>(simd, from, panel),
            _ => copy_whole_rows::<S, 4>(simd, from, panel),
        };
    }
    for (row, to) in panel.chunks_exact_mut(width).enumerate() {
        let from = &from.data[row * from.row..][..used];
        let mut column = 0;
        while column + lanes::<S>() <= used {
            // SAFETY: the register ends within `from`, which is no longer than `to`.
            unsafe { store::<S>(to.as_mut_ptr().add(column), load(simd, from.as_ptr().add(column))) };
            column += lanes::<S>();
        }
        let rest = from[column..].iter().copied().chain(std::iter::repeat(0.0));
        to[column..].iter_mut().zip(rest).for_each(|(to, from)| *to = from);
    }
}

/// Copies `REGISTERS` registers of every row of a matrix with adjacent columns.
#[inline(always)]
fn copy_whole_rows<S: Simd, const REGISTERS: usize>(simd: S, from: View<'_>, panel: &mut [f32]) {
    let width = REGISTERS * lanes::<S>();
    let rows = panel.len() / width;
    from.check(rows, width);
    let (mut source, mut target) = (from.data.as_ptr(), panel.as_mut_ptr());
    for _ in 0..rows {
        for register in 0..REGISTERS {
            let at = register * lanes::<S>();
            // SAFETY: `check` has shown that `width` numbers of each row exist, and the panel has as many rows.
            unsafe { store::<S>(target.add(at), load(simd, source.add(at))) };
        }
        source = source.wrapping_add(from.row);
        target = target.wrapping_add(width);
    }
}

/// Copies `used` columns of a matrix into rows of `width` numbers, by transposing squares of four if its rows are
/// adjacent.
#[inline(always)]
fn copy_columns<S: Simd>(simd: S, from: View<'_>, used: usize, width: usize, panel: &mut [f32]) {
    const SIDE: usize = 4;
    let rows = panel.len() / width;
    let (squares_down, squares_across) = if from.row == 1 { (rows - rows % SIDE, used - used % SIDE) } else { (0, 0) };
    for column in (0..squares_across).step_by(SIDE) {
        let columns: [&[f32]; SIDE] = std::array::from_fn(|i| &from.data[(column + i) * from.column..][..rows]);
        for row in (0..squares_down).step_by(SIDE) {
            let [a, b, c, d] = columns.map(
                #[inline(always)]
                |column| f32x4::from_slice(simd, &column[row..row + SIDE]),
            );
            let (ac, bd) = ((a.zip_low(c), a.zip_high(c)), (b.zip_low(d), b.zip_high(d)));
            let turned = [ac.0.zip_low(bd.0), ac.0.zip_high(bd.0), ac.1.zip_low(bd.1), ac.1.zip_high(bd.1)];
            for (i, turned) in turned.iter().enumerate() {
                turned.store_slice(&mut panel[(row + i) * width + column..][..SIDE]);
            }
        }
    }
    for column in 0..width {
        let first = if column < squares_across { squares_down } else { 0 };
        for row in first..rows {
            panel[row * width + column] =
                if column < used { from.data[column * from.column + row * from.row] } else { 0.0 };
        }
    }
}

/// Columns of a panel of two registers.
#[inline(always)]
pub(crate) fn pair<S: Simd>() -> usize {
    2 * lanes::<S>()
}

/// Registers of the next panel when `columns` columns are left.
///
/// A single register per row does too little with each number of `a`; four are better split in two pairs than in
/// three and one.
#[inline(always)]
pub(super) fn panel<S: Simd>(columns: usize, widest: usize) -> usize {
    let registers = columns.div_ceil(lanes::<S>());
    if registers == widest + 1 && widest > 2 { widest - 1 } else { registers.min(widest) }
}
