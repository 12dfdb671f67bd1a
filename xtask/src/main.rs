//! Set-up, build, serve and test: the only place that knows about toolchains.

mod bench;
mod build;
mod figures;
mod files;
mod oembed;
mod offline;
mod serve;
mod setup;
mod shell;
mod sizes;
mod split;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::shell::Shell;

const USAGE: &str = "\
cargo xtask COMMAND

  setup                 install whatever is missing, and nothing else
  serve [--port N]      build the page and serve it on http://127.0.0.1:8080/
  build [--site URL]    write the optimised static site to dist/, with oEmbed documents for the address that it will have
  test [--only PART]    run everything that must pass; PART is lint, native, browser (Chromium) or matrix
                        (Firefox and WebKit)
  test NAME             run the native and browser tests whose name contains NAME
  bench [ARGS]          run the native benchmarks
  soak [STEPS] [LINK]   train for long in Chromium, and report pace and memory

Each command installs what it needs first. Caches live in $TAILBLAZER_CACHE, by default ~/.cache/tailblazer.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        println!("{USAGE}");
        return Ok(());
    };
    if rest.iter().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return Ok(());
    }
    match command.as_str() {
        "setup" => match rest {
            [] => setup::everything(&mut Shell::new()?),
            _ => bail!("setup takes no arguments."),
        },
        "build" => {
            let base = build::parse_base(rest)?;
            build::site(&mut Shell::new()?, base.as_ref())
        }
        "serve" => {
            let port = serve::parse_port(rest)?;
            serve::page(&mut Shell::new()?, port)
        }
        "test" => {
            let selection = test::Selection::parse(rest)?;
            test::run(&mut Shell::new()?, &selection)
        }
        "split" => split::interface(&Shell::new()?),
        "bench" => bench::run(&mut Shell::new()?, rest),
        "soak" => bench::soak(&mut Shell::new()?, rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no command `{other}`; `cargo xtask help` lists them."),
    }
}
