//! What the page weighs on the wire, and what it may weigh.

use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::shell::Shell;

/// A part of the page that a visitor downloads as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// What every visitor waits for: with it the page paints and answers.
    Interface,
    /// The rest of the interface, in programs that arrive when they are first shown.
    Later,
    /// The engine where there is no WebGPU.
    Cpu,
    /// The same where there is relaxed SIMD.
    Relaxed,
    /// The engine with WebGPU.
    WebGpu,
}

/// Prints each file's bytes and what `brotli -q 11` makes of them, whose window is 16 MiB; Node.js has a smaller one
/// by default.
const COMPRESS: &str = "\
const { brotliCompressSync, constants } = require('node:zlib');
const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
for (const file of process.argv.slice(1)) {
    const bytes = require('node:fs').readFileSync(file);
    console.log(bytes.length, brotliCompressSync(bytes, { params }).length);
}";

impl Part {
    const ALL: [Self; 5] = [Self::Interface, Self::Later, Self::Cpu, Self::Relaxed, Self::WebGpu];

    /// The part that a file of the site belongs to; none for icons and texts.
    fn of(file: &str) -> Option<Self> {
        let is_code = ["html", "css", "js", "wasm"].iter().any(|kind| file.ends_with(&format!(".{kind}")));
        match file {
            _ if !is_code => None,
            _ if file.starts_with("engine-cpu") => Some(Self::Cpu),
            _ if file.starts_with("engine-relaxed") => Some(Self::Relaxed),
            _ if file.starts_with("engine-webgpu") => Some(Self::WebGpu),
            _ if file.contains("_split_") || file.contains("_chunk_") => Some(Self::Later),
            _ => Some(Self::Interface),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Interface => "interface",
            Self::Later => "parts of the interface that come later",
            Self::Cpu => "CPU engine",
            Self::Relaxed => "CPU engine with relaxed SIMD",
            Self::WebGpu => "WebGPU engine",
        }
    }

    /// Most bytes on the wire, in brotli; none where no visitor downloads all of it at once.
    fn limit(self) -> Option<usize> {
        match self {
            Self::Interface => Some(400_000),
            Self::Later => None,
            Self::Cpu | Self::Relaxed => Some(600_000),
            Self::WebGpu => Some(2_500_000),
        }
    }
}

/// Prints a table of the parts and fails where one is over its limit.
pub fn check(shell: &Shell, dist: &Path, files: &[String]) -> Result<()> {
    println!("\n{:>12} {:>12} {:>12}  part", "bytes", "brotli", "limit");
    let mut over = Vec::new();
    for part in Part::ALL {
        let files: Vec<_> = files.iter().filter(|file| Part::of(file) == Some(part)).map(|f| dist.join(f)).collect();
        let printed = shell.output(shell.command("node").args(["--eval", COMPRESS]).args(&files));
        let printed = printed.context("Node.js could not compress the site")?;
        let (bytes, packed) = sum(&String::from_utf8_lossy(&printed)).context("Node.js printed no sizes")?;
        let limit = part.limit().map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        println!("{bytes:>12} {packed:>12} {limit:>12}  {}", part.name());
        if part.limit().is_some_and(|limit| packed > limit) {
            over.push(part.name());
        }
    }
    if !over.is_empty() {
        bail!("over its limit: {}.", over.join(", "));
    }
    Ok(())
}

/// The columns of pairs of numbers, added up.
fn sum(pairs: &str) -> Option<(usize, usize)> {
    pairs.lines().try_fold((0, 0), |(bytes, packed), line| {
        let (first, second) = line.split_once(' ')?;
        Some((bytes + first.parse::<usize>().ok()?, packed + second.parse::<usize>().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_code_belongs_to_one_part() {
        assert_eq!(Part::of("index.html"), Some(Part::Interface));
        assert_eq!(Part::of("app-1234_bg.wasm"), Some(Part::Interface));
        assert_eq!(Part::of("app-1234_parts.js"), Some(Part::Interface));
        assert_eq!(Part::of("app-1234_split_decode.wasm"), Some(Part::Later));
        assert_eq!(Part::of("app-1234_chunk_12.wasm"), Some(Part::Later));
        assert_eq!(Part::of("engine-cpu_bg.wasm"), Some(Part::Cpu));
        assert_eq!(Part::of("engine-relaxed_bg.wasm"), Some(Part::Relaxed));
        assert_eq!(Part::of("engine-webgpu_loader.js"), Some(Part::WebGpu));
        assert_eq!(Part::of("corpora/moby-dick.txt"), None);
    }

    #[test]
    fn sizes_are_added_up() {
        assert_eq!(sum("10 4\n20 5\n"), Some((30, 9)));
        assert_eq!(sum("10\n"), None);
    }
}
