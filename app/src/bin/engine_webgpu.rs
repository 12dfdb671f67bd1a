//! The training worker that computes on WebGPU or on the CPU.

fn main() {
    #[cfg(target_family = "wasm")]
    construct();
    tailblazer_app::worker::main();
}

/// Runs the constructors of the libraries below, which register their types with `inventory`.
///
/// A linker that sees nobody do this takes the module for a command that runs once, and runs all constructors again
/// around each call of each export. Every object that JavaScript hands over is such a call: a step of training spent
/// four fifths of its time in them.
#[cfg(target_family = "wasm")]
fn construct() {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }
    // SAFETY: the linker defines this function, and it runs before anything that it prepares is used.
    unsafe { __wasm_call_ctors() }
}
