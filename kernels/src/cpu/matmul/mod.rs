//! Matrix products.
//!
//! `out = base + bias + a b` with `a` `[rows, depth]` in any strided layout and `b` `[depth, columns]` packed into
//! panels ([`pack`]); a register tile ([`tile`]) walks over them. The loops are those of Goto and van de Geijn
//! (2008, "Anatomy of high-performance matrix multiplication"), shortened: `a` may be read where it lies, since a
//! block of its rows fits the first or second cache at this program's sizes. Every number of `out` is a sum in the order of
//! the depth, in blocks of [`DEPTH_BLOCK`], so results do not depend on how the rows are split over calls.

mod pack;
mod tile;

use std::ops::Range;

pub(super) use pack::{Packed, Panels, pair};

use super::{
    Workspace,
    simd::{Level, Simd, dispatch, lanes, vectorize},
};
use pack::panel;
use tile::{Tile, compute, compute_part, full_tile};

/// Terms that are summed in registers before the sum goes to memory; a panel of that many rows fits the first cache.
const DEPTH_BLOCK: usize = 256;

/// Rows of `a` that stay in the cache while all panels of `b` pass.
const ROW_BLOCK: usize = 64;

/// A matrix in a slice: the number at row `i`, column `j` is `data[i * row + j * column]`.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub data: &'a [f32],
    pub row: usize,
    pub column: usize,
}

impl<'a> View<'a> {
    /// A row-major matrix whose rows begin every `stride` numbers.
    #[inline(always)]
    pub fn new(data: &'a [f32], stride: usize) -> Self {
        Self { data, row: stride, column: 1 }
    }

    /// The transpose.
    #[inline(always)]
    pub fn transposed(self) -> Self {
        Self { data: self.data, row: self.column, column: self.row }
    }

    #[inline(always)]
    fn check(&self, rows: usize, columns: usize) {
        if rows > 0 && columns > 0 {
            assert!((rows - 1) * self.row + (columns - 1) * self.column < self.data.len(), "a matrix within its slice");
        }
    }
}

/// The left-hand side of a product: a strided matrix, or one whose rows were packed in groups ([`Panels::rows`]).
#[derive(Clone, Copy)]
pub(super) struct Left<'a> {
    /// The matrix; in a group, if there are groups.
    view: View<'a>,
    /// Rows per group, and the distance of two groups.
    groups: Option<(usize, usize)>,
}

impl<'a> From<View<'a>> for Left<'a> {
    #[inline(always)]
    fn from(view: View<'a>) -> Self {
        Self { view, groups: None }
    }
}

impl<'a> Left<'a> {
    /// Where a row begins.
    #[inline(always)]
    fn offset(row: usize, stride: usize, groups: Option<(usize, usize)>) -> usize {
        match groups {
            None => row * stride,
            Some((group, distance)) => row / group * distance + row % group * stride,
        }
    }

    #[inline(always)]
    fn check(&self, rows: usize, columns: usize) {
        if rows > 0 && columns > 0 {
            let last = Self::offset(rows - 1, self.view.row, self.groups) + (columns - 1) * self.view.column;
            assert!(last < self.view.data.len(), "a matrix within its slice");
        }
    }
}

/// What a product is added to.
#[derive(Clone, Copy)]
pub(super) enum Base<'a> {
    /// Nothing.
    Zero,
    /// What is in `out` before.
    Out,
    /// A row-major matrix laid out as `out` is, with its own distance of rows.
    Matrix(&'a [f32], usize),
}

/// One product: rows `0..rows` of `a` by rows `depth` and columns `columns` of `b`.
///
/// Row 0 and column 0 of `a` are the first ones used; columns of `bias`, of the base and of `out` count as in `b`.
/// `columns` starts at a panel.
#[derive(Clone)]
pub(super) struct Product<'a> {
    pub rows: usize,
    pub depth: Range<usize>,
    pub columns: Range<usize>,
    pub a: Left<'a>,
    pub b: Packed<'a>,
    pub bias: Option<&'a [f32]>,
    pub base: Base<'a>,
}

impl<'a> Product<'a> {
    /// All of `a b`.
    #[inline(always)]
    pub fn new(rows: usize, a: impl Into<Left<'a>>, b: Packed<'a>) -> Self {
        Self { rows, depth: 0..b.depth, columns: 0..b.columns, a: a.into(), b, bias: None, base: Base::Zero }
    }

    /// Computes the product into `out`, whose rows begin every `stride` numbers.
    pub fn compute<S: Simd>(&self, simd: S, out: &mut [f32], stride: usize) {
        vectorize(
            simd,
            #[inline(always)]
            || match full_tile::<S>() {
                (8, _) => self.blocks::<S, 8>(simd, out, stride),
                _ => self.blocks::<S, 4>(simd, out, stride),
            },
        );
    }

    #[inline(always)]
    fn blocks<S: Simd, const ROWS: usize>(&self, simd: S, out: &mut [f32], stride: usize) {
        self.check(out, stride);
        let mut depth = self.depth.start;
        loop {
            let end = self.depth.end.min(depth + DEPTH_BLOCK);
            let first = depth == self.depth.start;
            let mut row = 0;
            while row < self.rows {
                let rows = row..self.rows.min(row + ROW_BLOCK);
                self.panels::<S, ROWS>(simd, rows.clone(), depth..end, first, out, stride);
                row = rows.end;
            }
            depth = end;
            if depth >= self.depth.end {
                break;
            }
        }
    }

    /// Asserts that everything that the tiles touch lies within its slice.
    #[inline(always)]
    fn check(&self, out: &[f32], stride: usize) {
        assert!(self.depth.end <= self.b.depth && self.columns.end <= self.b.columns, "a part of the packed matrix");
        assert!(self.b.panels.len() >= self.b.depth * self.b.columns, "whole panels");
        self.a.check(self.rows, self.depth.len());
        if self.rows > 0 && !self.columns.is_empty() {
            View::new(out, stride).check(self.rows, self.columns.end);
            if let Base::Matrix(base, base_row) = self.base {
                View::new(base, base_row).check(self.rows, self.columns.end);
            }
            assert!(self.bias.is_none_or(|bias| bias.len() >= self.columns.end), "a bias for every column");
        }
    }

    #[inline(always)]
    fn panels<S: Simd, const ROWS: usize>(
        &self,
        simd: S,
        rows: Range<usize>,
        depth: Range<usize>,
        first: bool,
        out: &mut [f32],
        stride: usize,
    ) {
        let mut column = self.columns.start;
        while column < self.columns.end {
            let registers = panel::<S>(self.b.columns - column, self.b.widest);
            let width = registers * lanes::<S>();
            // The panel's numbers from the first row of the depth on; the slice ends with the panel's last.
            let start = column * self.b.depth + depth.start * width;
            let b = &self.b.panels[start..start + depth.len() * width];
            let part = self.columns.end - column;
            let to = out.as_mut_ptr().wrapping_add(column);
            let tile = Tile {
                depth: depth.len(),
                a: self.a.view.data.as_ptr().wrapping_add((depth.start - self.depth.start) * self.a.view.column),
                a_row: self.a.view.row,
                a_column: self.a.view.column,
                a_groups: self.a.groups,
                b: b.as_ptr(),
                bias: self.bias.filter(|_| first).map(|bias| bias.as_ptr().wrapping_add(column)),
                base: match self.base {
                    _ if !first => Some((to.cast_const(), stride)),
                    Base::Zero => None,
                    Base::Out => Some((to.cast_const(), stride)),
                    Base::Matrix(base, base_row) => Some((base.as_ptr().wrapping_add(column), base_row)),
                },
                out: to,
                out_row: stride,
            };
            // SAFETY: `check` has shown that all rows and columns lie within `a`, `bias`, the base and `out`, and
            // the slice `b` above that the panel has `depth` rows of `width` numbers.
            unsafe {
                match registers {
                    1 => column_of_tiles::<S, ROWS, 1>(simd, tile, rows.clone(), part),
                    2 => column_of_tiles::<S, ROWS, 2>(simd, tile, rows.clone(), part),
                    3 if full_tile::<S>().1 > 2 => column_of_tiles::<S, ROWS, 3>(simd, tile, rows.clone(), part),
                    _ if full_tile::<S>().1 > 3 => column_of_tiles::<S, ROWS, 4>(simd, tile, rows.clone(), part),
                    _ => unreachable!("no panel is wider than the tile"),
                }
            }
            column += width;
        }
    }
}

/// Computes the tiles of one panel for rows `rows`; the pointers of `first` belong to row 0.
///
/// # Safety
/// As for [`compute`], for every row in `rows` and `columns` columns.
#[inline(always)]
unsafe fn column_of_tiles<S: Simd, const ROWS: usize, const REGISTERS: usize>(
    simd: S,
    first: Tile,
    rows: Range<usize>,
    columns: usize,
) {
    let mut row = rows.start;
    // SAFETY: the caller vouches for every row below `rows.end`; each tile ends there or before.
    unsafe {
        while row + ROWS <= rows.end {
            tile_at::<S, ROWS, REGISTERS>(simd, first, row, columns);
            row += ROWS;
        }
        while ROWS > 4 && row + 4 <= rows.end {
            tile_at::<S, 4, REGISTERS>(simd, first, row, columns);
            row += 4;
        }
        while row < rows.end {
            tile_at::<S, 1, REGISTERS>(simd, first, row, columns);
            row += 1;
        }
    }
}

/// # Safety
/// As for [`compute`], from row `row` on.
#[inline(always)]
unsafe fn tile_at<S: Simd, const ROWS: usize, const REGISTERS: usize>(
    simd: S,
    first: Tile,
    row: usize,
    columns: usize,
) {
    // SAFETY: the caller vouches for the rows from `row` on.
    unsafe {
        let tile = Tile {
            a: first.a.add(Left::offset(row, first.a_row, first.a_groups)),
            base: first.base.map(|(base, base_row)| (base.add(row * base_row), base_row)),
            out: first.out.add(row * first.out_row),
            ..first
        };
        if columns >= REGISTERS * lanes::<S>() {
            compute::<S, ROWS, REGISTERS>(simd, tile);
        } else {
            compute_part::<S, ROWS, REGISTERS>(simd, tile, columns);
        }
    }
}

/// A matrix operand of [`matmul`].
#[derive(Clone, Copy, Debug)]
pub enum Operand<'a> {
    /// Row-major as it is.
    Plain(&'a [f32]),
    /// The transpose of a row-major matrix.
    Transposed(&'a [f32]),
}

/// `out = a b`, or `out += a b`: `[rows, depth]` by `[depth, columns]` to `[rows, columns]`.
///
/// A transposed `a` is stored as `[depth, rows]`, a transposed `b` as `[columns, depth]`. A depth of 0 gives zeros.
pub fn matmul(
    [rows, depth, columns]: [usize; 3],
    a: Operand<'_>,
    b: Operand<'_>,
    accumulate: bool,
    out: &mut [f32],
    workspace: &mut Workspace,
) {
    dispatch!(Level::new(), simd => {
        let base = if accumulate { Base::Out } else { Base::Zero };
        matmul_with(simd, [rows, depth, columns], a, b, base, out, workspace);
    });
}

/// [`matmul`] at a known instruction set.
#[inline(always)]
pub(super) fn matmul_with<S: Simd>(
    simd: S,
    [rows, depth, columns]: [usize; 3],
    a: Operand<'_>,
    b: Operand<'_>,
    base: Base<'_>,
    out: &mut [f32],
    workspace: &mut Workspace,
) {
    assert_eq!(out.len(), rows * columns, "a result of [rows, columns]");
    let a = match a {
        Operand::Plain(a) => View::new(a, depth),
        Operand::Transposed(a) => View::new(a, rows).transposed(),
    };
    let b = match b {
        Operand::Plain(b) => View::new(b, columns),
        Operand::Transposed(b) => View::new(b, depth).transposed(),
    };
    let panels = Panels::new::<S>(depth, columns);
    let [memory] = workspace.slices([panels.length::<S>()]);
    let b = panels.pack(simd, b, memory);
    Product { base, ..Product::new(rows, a, b) }.compute(simd, out, columns);
}

#[cfg(test)]
mod tests;
