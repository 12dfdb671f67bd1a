//! The training worker that computes on the CPU alone, with relaxed SIMD.

fn main() {
    tailblazer_app::worker::main();
}
