//! The training worker that computes on the CPU alone.

fn main() {
    tailblazer_app::worker::main();
}
