//! `tailblazer`: the page's engine on the command line, for reproducing, benchmarking and recording.

#[cfg(not(target_family = "wasm"))]
mod decode;
#[cfg(not(target_family = "wasm"))]
mod host;
#[cfg(not(target_family = "wasm"))]
mod record;
#[cfg(not(target_family = "wasm"))]
mod study;
#[cfg(not(target_family = "wasm"))]
mod train;

#[cfg(not(target_family = "wasm"))]
fn main() -> anyhow::Result<()> {
    use clap::Parser as _;

    match Cli::parse().command {
        Action::Train(options) => train::train(options),
        Action::Study(options) => study::study(&options),
        Action::Record(options) => record::record(&options),
        Action::Decode(options) => decode::decode(&options),
    }
}

/// The command line is native; this keeps a build of the whole workspace for the browser green.
#[cfg(target_family = "wasm")]
fn main() {}

/// Trains small language models with the engine of the Tailblazer page.
#[cfg(not(target_family = "wasm"))]
#[derive(clap::Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Action,
}

#[cfg(not(target_family = "wasm"))]
#[derive(clap::Subcommand)]
enum Action {
    /// Runs an experiment and writes its events as JSON lines, one line per step.
    Train(train::Options),
    /// Runs every arm of a comparison with every seed, and writes losses and verdicts.
    Study(study::Options),
    /// Runs every arm of a comparison with its first seed, and writes a recording that the page plays.
    Record(record::Options),
    /// Trains an experiment with several seeds, then measures decoders on the models.
    Decode(decode::Options),
}
