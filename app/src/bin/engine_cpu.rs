//! The training worker.

fn main() {
    tailblazer_app::worker::main();
}
