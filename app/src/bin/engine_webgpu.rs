//! The training worker that computes on WebGPU or on the CPU.

fn main() {
    tailblazer_app::worker::main();
}
