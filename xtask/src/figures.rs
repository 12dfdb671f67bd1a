//! Posters as pictures that stand alone: for print, for slides and for whoever shows a thumbnail.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::files::files_in;

/// Writes `figures/NAME.svg` into the site for each of its posters.
pub fn write(site: &Path) -> Result<()> {
    let tokens = read(&site.join("embed/tokens.css"))?;
    let folder = site.join("figures");
    fs::create_dir_all(&folder)?;
    for file in files_in(&site.join("posters"))?.iter().filter(|file| file.ends_with(".svg")) {
        let figure = standalone(&read(&site.join("posters").join(file))?, &tokens);
        fs::write(folder.join(file), figure.with_context(|| format!("could not draw figures/{file}"))?)?;
    }
    Ok(())
}

/// A poster with the page's light colours written into it: a picture outside the page has no style sheet.
fn standalone(poster: &str, tokens: &str) -> Result<String> {
    let mut parts = poster.split("var(--");
    let mut figure = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(')').context("a variable has no end.")?;
        // Light values come first in the style sheet.
        let value = tokens.split_once(&format!("--{name}:")).and_then(|(_, value)| value.split_once(';'));
        let (value, _) = value.with_context(|| format!("tokens.css has no --{name}."))?;
        // It lands between double quotes.
        figure += &value.trim().replace('"', "'");
        figure += rest;
    }
    Ok(figure)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::env;

    use super::*;
    use crate::shell::Shell;

    #[test]
    fn colours_are_written_into_a_figure() {
        let tokens = ":root { --ink: #111;  /* text */ --font-sans: \"A B\", serif; }\n.dark { --ink: #eee; }";
        let poster = "<svg font-family=\"var(--font-sans)\"><path fill=\"var(--ink)\" stroke=\"none\"/></svg>";
        let figure = "<svg font-family=\"'A B', serif\"><path fill=\"#111\" stroke=\"none\"/></svg>";
        assert_eq!(standalone(poster, tokens).unwrap(), figure);
        assert!(standalone("<svg fill=\"var(--red)\"/>", tokens).unwrap_err().to_string().contains("--red"));
    }

    #[test]
    fn a_site_gets_a_figure_for_each_poster() {
        let site = env::temp_dir().join(format!("xtask-figures-{}", std::process::id()));
        fs::create_dir_all(site.join("posters")).unwrap();
        fs::create_dir_all(site.join("embed")).unwrap();
        fs::write(site.join("embed/tokens.css"), ":root { --ink: #111; }").unwrap();
        fs::write(site.join("posters/wsd.svg"), "<svg fill=\"var(--ink)\"/>").unwrap();
        fs::write(site.join("posters/posters.json"), "[]").unwrap();
        write(&site).unwrap();
        assert_eq!(files_in(&site.join("figures")).unwrap(), ["wsd.svg"]);
        assert_eq!(read(&site.join("figures/wsd.svg")).unwrap(), "<svg fill=\"#111\"/>");
        fs::remove_dir_all(site).unwrap();
    }

    /// The figures in examples/ are those of the posters; `UPDATE_FIGURES=1` writes them.
    #[test]
    fn the_examples_print_what_was_recorded() {
        let root = Shell::new().unwrap().root().to_path_buf();
        let tokens = read(&root.join("app/styles/tokens.css")).unwrap();
        let examples = root.join("examples");
        let files = files_in(&examples).unwrap();
        let figures: Vec<_> = files.iter().filter(|file| file.ends_with(".svg")).collect();
        assert!(figures.len() >= 6, "every example has a figure: {figures:?}");
        for file in figures {
            let name = Path::new(file).file_name().unwrap();
            let figure = standalone(&read(&root.join("public/posters").join(name)).unwrap(), &tokens).unwrap();
            let path = examples.join(file);
            if env::var_os("UPDATE_FIGURES").is_some() {
                fs::write(&path, &figure).unwrap();
            }
            assert_eq!(read(&path).unwrap(), figure, "{file} is not its poster: run this test with UPDATE_FIGURES=1");
        }
    }
}
