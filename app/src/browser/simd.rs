//! Which vector instructions this browser has.

use js_sys::{Uint8Array, WebAssembly};

/// The smallest module with a relaxed multiply-add:
/// `(func (result v128) (f32x4.relaxed_madd (i8x16.splat (i32.const 0)) ...))`.
const RELAXED: [u8; 40] = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15,
    65, 0, 253, 15, 253, 133, 2, 11,
];

/// Whether WebAssembly has relaxed SIMD here, and so a fused multiply-add.
pub fn is_relaxed() -> bool {
    WebAssembly::validate(&Uint8Array::from(&RELAXED[..])).unwrap_or(false)
}
