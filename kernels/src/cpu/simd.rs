//! Vectors of the widest registers that the machine has, and loops over slices with them.
//!
//! Kernels are generic over [`Simd`] and start with `dispatch!`, which picks the widest instruction set at run time on
//! x86 and is a plain call in WASM and on ARM. Every generic function below a dispatch
//! is `#[inline(always)]` or starts with [`vectorize`]: only then may the compiler use the instruction set in it.
//!
//! The library behind it is `fearless_simd`. Measured against `pulp` and `macerator` with one and the same register
//! tile, all three reach the same rate in WASM and with AVX-512; it was chosen because it has no dependencies, builds
//! fastest, covers SSE2 to AVX-512, NEON and SIMD128 in stable Rust, and never emulates a fused multiply-add where
//! the hardware has none.

pub use fearless_simd::Simd;
pub(super) use fearless_simd::{Level, Select, SimdBase, SimdFloat};

/// `dispatch!(level, simd => value)`: computes a value with the instruction set of a level.
macro_rules! dispatch {
    ($level:expr, $simd:ident => $value:expr) => {
        fearless_simd::dispatch!($level, $simd => $crate::cpu::simd::vectorize($simd, #[inline(always)] || $value))
    };
}
pub(super) use dispatch;

/// As many f32 as one register holds.
pub type Floats<S> = <S as Simd>::f32s;

/// The widest register that any instruction set here has, in f32.
pub(super) const MOST_LANES: usize = 16;

/// How many f32 one register holds.
#[inline(always)]
pub(super) const fn lanes<S: Simd>() -> usize {
    <Floats<S> as SimdBase<S>>::LEN
}

/// One number in every lane.
#[inline(always)]
pub(super) fn splat<S: Simd>(simd: S, value: f32) -> Floats<S> {
    Floats::<S>::splat(simd, value)
}

/// The larger of two numbers in every lane. In WASM this is shorter than the library's, which orders zeros and NaNs.
#[inline(always)]
pub(super) fn larger<S: Simd>(a: Floats<S>, b: Floats<S>) -> Floats<S> {
    a.simd_lt(b).select(b, a)
}

/// Calls a function that the compiler may translate with the instruction set of `simd`; the function must be
/// `#[inline(always)]`.
#[inline(always)]
pub(super) fn vectorize<S: Simd, R>(simd: S, function: impl FnOnce() -> R) -> R {
    #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
    {
        #[target_feature(enable = "relaxed-simd")]
        fn relaxed<R>(function: impl FnOnce() -> R) -> R {
            function()
        }
        let _ = simd;
        relaxed(function)
    }
    #[cfg(not(all(target_arch = "wasm32", feature = "relaxed-simd")))]
    simd.vectorize(function)
}

/// `a b + c`, rounded once where that is one instruction.
///
/// In WASM it is one with relaxed SIMD, which fearless_simd uses only where every crate is built for it, and macerator,
/// which burn needs, cannot be.
#[inline(always)]
pub(super) fn multiply_add<S: Simd>(a: Floats<S>, b: Floats<S>, c: Floats<S>) -> Floats<S> {
    #[cfg(all(target_arch = "wasm32", feature = "relaxed-simd"))]
    {
        use std::{
            arch::wasm32::{f32x4_relaxed_madd, v128},
            mem::transmute_copy,
        };
        const { assert!(size_of::<Floats<S>>() == size_of::<v128>(), "a register of WASM") };
        // SAFETY: any bits are a vector of f32, and both types have as many.
        unsafe {
            let [a, b, c] = [a, b, c].map(|vector| transmute_copy::<Floats<S>, v128>(&vector));
            transmute_copy::<v128, Floats<S>>(&f32x4_relaxed_madd(a, b, c))
        }
    }
    #[cfg(not(all(target_arch = "wasm32", feature = "relaxed-simd")))]
    a.mul_add(b, c)
}

/// The register's worth of numbers at a pointer.
///
/// # Safety
/// `lanes::<S>()` numbers must be readable at `from`.
#[inline(always)]
pub(super) unsafe fn load<S: Simd>(simd: S, from: *const f32) -> Floats<S> {
    // SAFETY: the caller vouches for the numbers; a slice of f32 has no further alignment.
    Floats::<S>::from_slice(simd, unsafe { std::slice::from_raw_parts(from, lanes::<S>()) })
}

/// Writes a register to a pointer.
///
/// # Safety
/// `lanes::<S>()` numbers must be writable at `to`, and nothing else may refer to them.
#[inline(always)]
pub(super) unsafe fn store<S: Simd>(to: *mut f32, value: Floats<S>) {
    // SAFETY: the caller vouches for the numbers.
    value.store_slice(unsafe { std::slice::from_raw_parts_mut(to, lanes::<S>()) });
}

/// Fewer numbers than a register holds, the other lanes filled up.
#[inline(always)]
fn load_part<S: Simd>(simd: S, from: &[f32], fill: f32) -> Floats<S> {
    let mut all = [fill; MOST_LANES];
    for (lane, value) in all.iter_mut().zip(from) {
        *lane = *value;
    }
    Floats::<S>::from_slice(simd, &all[..lanes::<S>()])
}

/// Writes the first lanes of a register.
#[inline(always)]
fn store_part<S: Simd>(to: &mut [f32], value: Floats<S>) {
    for (number, lane) in to.iter_mut().zip(value.as_slice()) {
        *number = *lane;
    }
}

/// Replaces `outs` by a function of them and of `inputs`, element by element; all slices have one length.
#[inline(always)]
pub(super) fn update<S: Simd, const OUTS: usize, const INPUTS: usize>(
    simd: S,
    mut outs: [&mut [f32]; OUTS],
    inputs: [&[f32]; INPUTS],
    mut function: impl FnMut([Floats<S>; OUTS], [Floats<S>; INPUTS]) -> [Floats<S>; OUTS],
) {
    let length = outs[0].len();
    assert!(outs.iter().all(|out| out.len() == length), "outputs of one length");
    assert!(inputs.iter().all(|input| input.len() == length), "inputs as long as the outputs");
    let whole = length - length % lanes::<S>();
    let mut at = 0;
    while at < whole {
        let mut old = [splat(simd, 0.0); OUTS];
        for (old, out) in old.iter_mut().zip(&outs) {
            // SAFETY: `at` is a multiple of the lanes below `whole`, so the register ends within the slice.
            *old = unsafe { load(simd, out.as_ptr().add(at)) };
        }
        let mut values = [splat(simd, 0.0); INPUTS];
        for (value, input) in values.iter_mut().zip(&inputs) {
            // SAFETY: as above; the inputs are as long as the outputs.
            *value = unsafe { load(simd, input.as_ptr().add(at)) };
        }
        let new = function(old, values);
        for (new, out) in new.into_iter().zip(&mut outs) {
            // SAFETY: as above, and the outputs are borrowed mutably.
            unsafe { store::<S>(out.as_mut_ptr().add(at), new) };
        }
        at += lanes::<S>();
    }
    if whole < length {
        let mut old = [splat(simd, 0.0); OUTS];
        for (old, out) in old.iter_mut().zip(&outs) {
            *old = load_part(simd, &out[whole..], 0.0);
        }
        let mut values = [splat(simd, 0.0); INPUTS];
        for (value, input) in values.iter_mut().zip(&inputs) {
            *value = load_part(simd, &input[whole..], 0.0);
        }
        let new = function(old, values);
        for (new, out) in new.into_iter().zip(&mut outs) {
            store_part::<S>(&mut out[whole..], new);
        }
    }
}

/// [`update`] with one further output, for kernels that are generic over how many outputs there are beside it.
#[inline(always)]
pub(super) fn update_with<S: Simd, const OUTS: usize>(
    simd: S,
    first: &mut [f32],
    mut outs: [&mut [f32]; OUTS],
    input: &[f32],
    mut function: impl FnMut(Floats<S>, [Floats<S>; OUTS], Floats<S>) -> (Floats<S>, [Floats<S>; OUTS]),
) {
    let length = first.len();
    assert!(input.len() == length && outs.iter().all(|out| out.len() == length), "slices of one length");
    let whole = length - length % lanes::<S>();
    for at in (0..whole).step_by(lanes::<S>()) {
        // SAFETY: `at` is a multiple of the lanes below `whole`, so every register ends within its slice, and the
        // outputs are borrowed mutably.
        unsafe {
            let mut old = [splat(simd, 0.0); OUTS];
            for (old, out) in old.iter_mut().zip(&outs) {
                *old = load(simd, out.as_ptr().add(at));
            }
            let (x, input) = (load(simd, first.as_ptr().add(at)), load(simd, input.as_ptr().add(at)));
            let (new_first, new) = function(x, old, input);
            store::<S>(first.as_mut_ptr().add(at), new_first);
            for (new, out) in new.into_iter().zip(&mut outs) {
                store::<S>(out.as_mut_ptr().add(at), new);
            }
        }
    }
    if whole < length {
        let mut old = [splat(simd, 0.0); OUTS];
        for (old, out) in old.iter_mut().zip(&outs) {
            *old = load_part(simd, &out[whole..], 0.0);
        }
        let (x, input) = (load_part(simd, &first[whole..], 0.0), load_part(simd, &input[whole..], 0.0));
        let (new_first, new) = function(x, old, input);
        store_part::<S>(&mut first[whole..], new_first);
        for (new, out) in new.into_iter().zip(&mut outs) {
            store_part::<S>(&mut out[whole..], new);
        }
    }
}

/// Folds registers of `inputs`, slices of one length, into `ACCUMULATORS` registers; the lanes beyond the end hold
/// `fill`.
#[inline(always)]
pub(super) fn fold<S: Simd, const ACCUMULATORS: usize, const INPUTS: usize>(
    simd: S,
    inputs: [&[f32]; INPUTS],
    fill: [f32; INPUTS],
    start: [f32; ACCUMULATORS],
    mut function: impl FnMut([Floats<S>; ACCUMULATORS], [Floats<S>; INPUTS]) -> [Floats<S>; ACCUMULATORS],
) -> [Floats<S>; ACCUMULATORS] {
    let length = inputs[0].len();
    assert!(inputs.iter().all(|input| input.len() == length), "inputs of one length");
    let whole = length - length % lanes::<S>();
    let mut folded = [splat(simd, 0.0); ACCUMULATORS];
    for (folded, start) in folded.iter_mut().zip(start) {
        *folded = splat(simd, start);
    }
    let mut at = 0;
    while at < whole {
        let mut values = [splat(simd, 0.0); INPUTS];
        for (value, input) in values.iter_mut().zip(&inputs) {
            // SAFETY: `at` is a multiple of the lanes below `whole`, so the register ends within the slice.
            *value = unsafe { load(simd, input.as_ptr().add(at)) };
        }
        folded = function(folded, values);
        at += lanes::<S>();
    }
    if whole < length {
        let mut values = [splat(simd, 0.0); INPUTS];
        for ((value, input), fill) in values.iter_mut().zip(&inputs).zip(fill) {
            *value = load_part(simd, &input[whole..], fill);
        }
        folded = function(folded, values);
    }
    folded
}

/// Adds the rows of `x`, `[rows, sums.len()]` with a row every `stride` numbers, to `sums`.
///
/// Each column is summed in a register first, which is also what keeps the rounding error of long sums small.
#[inline(always)]
pub(super) fn add_rows<S: Simd>(simd: S, x: &[f32], stride: usize, rows: usize, sums: &mut [f32]) {
    let width = sums.len();
    if rows == 0 || width == 0 {
        return;
    }
    assert!((rows - 1) * stride + width <= x.len(), "rows within the slice");
    let mut column = 0;
    while column + lanes::<S>() <= width {
        let mut sum = splat(simd, 0.0);
        for row in 0..rows {
            // SAFETY: `row * stride + column + lanes <= (rows - 1) * stride + width <= x.len()`.
            sum += unsafe { load(simd, x.as_ptr().add(row * stride + column)) };
        }
        // SAFETY: `column + lanes <= width`.
        unsafe {
            let to = sums.as_mut_ptr().add(column);
            store::<S>(to, load(simd, to) + sum);
        }
        column += lanes::<S>();
    }
    for column in column..width {
        sums[column] += (0..rows).map(|row| x[row * stride + column]).sum::<f32>();
    }
}
