//! What other sites read when somebody pastes the address of an experiment: oEmbed documents, and pages that name them.
//!
//! <https://oembed.com> wants whole addresses, so the documents are made for the one address that the site will have.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

/// The frame of an experiment in pixels, as the dialog of the page makes it.
const FRAME: [u32; 2] = [720, 420];

/// The size of a poster in pixels.
const THUMBNAIL: [u32; 2] = [420, 300];

/// The address that a site will have, with a slash at its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Base(String);

impl Base {
    /// Reads an address such as `https://HOST/path/`.
    pub fn parse(address: &str) -> Result<Self> {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        let is_plain = |rest: &str| {
            let is_safe = |character: char| character.is_ascii_alphanumeric() || "-._~/:[]%@+,".contains(character);
            !rest.is_empty() && !rest.starts_with('/') && rest.chars().all(is_safe)
        };
        if !rest.is_some_and(is_plain) {
            bail!("`--site {address}` is not an address such as https://HOST/path/, without `?` and `#`.");
        }
        Ok(Self(format!("{}/", address.trim_end_matches('/'))))
    }
}

/// An experiment that has a poster.
struct Experiment {
    name: String,
    title: String,
    text: String,
}

/// Writes `oembed/NAME.json` and `oembed/NAME.html` into the site for each experiment that has a poster.
pub fn write(site: &Path, base: &Base) -> Result<()> {
    let path = site.join("posters/posters.json");
    let list = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let folder = site.join("oembed");
    fs::create_dir_all(&folder)?;
    for experiment in experiments(&list)? {
        let document = serde_json::to_string_pretty(&document(&experiment, base))? + "\n";
        fs::write(folder.join(format!("{}.json", experiment.name)), document)?;
        fs::write(folder.join(format!("{}.html", experiment.name)), page(&experiment, base))?;
    }
    Ok(())
}

/// The experiments of `posters.json`.
fn experiments(list: &str) -> Result<Vec<Experiment>> {
    let list: Vec<Value> = serde_json::from_str(list).context("posters.json is not a list")?;
    let field = |poster: &Value, name: &str| {
        poster[name].as_str().map(str::to_owned).with_context(|| format!("a poster in posters.json has no {name}."))
    };
    list.iter()
        .map(|poster| {
            Ok(Experiment {
                name: field(poster, "name")?,
                title: field(poster, "title")?,
                text: field(poster, "text")?,
            })
        })
        .collect()
}

/// The oEmbed document of an experiment.
fn document(experiment: &Experiment, Base(base): &Base) -> Value {
    let (name, title) = (&experiment.name, escape(&experiment.title));
    let [width, height] = FRAME;
    let frame = format!(
        "<iframe src=\"{base}embed/?preset={name}&amp;ui=compact\" title=\"Experiment: {title}\" width=\"{width}\" \
         height=\"{height}\" style=\"border: 0; max-width: 100%\" loading=\"lazy\" \
         allow=\"fullscreen; clipboard-write\"></iframe>"
    );
    json!({
        "type": "rich",
        "version": "1.0",
        "title": experiment.title,
        "provider_name": "Tailblazer",
        "provider_url": base,
        "html": frame,
        "width": width,
        "height": height,
        "thumbnail_url": format!("{base}figures/{name}.svg"),
        "thumbnail_width": THUMBNAIL[0],
        "thumbnail_height": THUMBNAIL[1],
    })
}

/// The page whose address is pasted: it names the document, and takes a reader on to the experiment.
///
/// The page of the site cannot name it, because one file serves every experiment.
fn page(experiment: &Experiment, Base(base): &Base) -> String {
    let (name, title, text) = (&experiment.name, escape(&experiment.title), escape(&experiment.text));
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
  <meta charset=\"utf-8\">
  <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
  <title>{title}</title>
  <meta name=\"description\" content=\"{text}\">
  <meta property=\"og:title\" content=\"{title}\">
  <meta property=\"og:description\" content=\"{text}\">
  <meta property=\"og:url\" content=\"{base}oembed/{name}.html\">
  <meta property=\"og:image\" content=\"{base}figures/{name}.svg\">
  <link rel=\"alternate\" type=\"application/json+oembed\" href=\"{base}oembed/{name}.json\" title=\"{title}\">
</head>
<body>
  <p><a href=\"../?preset={name}\">{title}</a></p>
  <script>location.replace('../?preset={name}');</script>
</body>
</html>
"
    )
}

/// Text as it stands in HTML, between quotes too.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Shell;

    fn one() -> Experiment {
        Experiment { name: "wsd".into(), title: "Is \"a\" < b?".into(), text: "A & B.".into() }
    }

    #[test]
    fn an_address_ends_with_one_slash() {
        let base = Base("https://lab.example/nano/".into());
        assert_eq!(Base::parse("https://lab.example/nano/").unwrap(), base);
        assert_eq!(Base::parse("https://lab.example/nano").unwrap(), base);
        assert_eq!(Base::parse("http://[::1]:8080").unwrap(), Base("http://[::1]:8080/".into()));
        for wrong in ["lab.example", "https://", "https:///nano/", "https://a/?b", "https://a/\"", "https://a/#b"] {
            assert!(Base::parse(wrong).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_document_has_what_oembed_asks_for() {
        let document = document(&one(), &Base::parse("https://lab.example/nano").unwrap());
        assert_eq!(document["type"], "rich");
        assert_eq!(document["version"], "1.0");
        assert_eq!(document["title"], "Is \"a\" < b?");
        let html = document["html"].as_str().unwrap();
        assert!(
            html.starts_with("<iframe src=\"https://lab.example/nano/embed/?preset=wsd&amp;ui=compact\" "),
            "{html}"
        );
        assert!(html.contains("title=\"Experiment: Is &quot;a&quot; &lt; b?\""), "{html}");
        assert_eq!((&document["width"], &document["height"]), (&json!(720), &json!(420)));
        assert_eq!(document["thumbnail_url"], "https://lab.example/nano/figures/wsd.svg");
    }

    #[test]
    fn a_page_names_its_document_and_goes_on() {
        let page = page(&one(), &Base::parse("https://lab.example/nano").unwrap());
        let link = "<link rel=\"alternate\" type=\"application/json+oembed\" \
                    href=\"https://lab.example/nano/oembed/wsd.json\" title=\"Is &quot;a&quot; &lt; b?\">";
        assert!(page.contains(link), "{page}");
        assert!(page.contains("content=\"A &amp; B.\""), "{page}");
        assert!(page.contains("location.replace('../?preset=wsd')"), "{page}");
    }

    #[test]
    fn every_poster_is_an_experiment_of_the_stated_size() {
        let posters = Shell::new().unwrap().root().join("public/posters");
        let experiments = experiments(&fs::read_to_string(posters.join("posters.json")).unwrap()).unwrap();
        assert!(experiments.len() > 8);
        let size = format!("width=\"{}\" height=\"{}\"", THUMBNAIL[0], THUMBNAIL[1]);
        for Experiment { name, .. } in experiments {
            assert!(name.chars().all(|character| character.is_ascii_lowercase() || character == '-'), "{name}");
            let poster = fs::read_to_string(posters.join(format!("{name}.svg"))).unwrap();
            assert!(poster.lines().next().unwrap().contains(&size), "{name}");
        }
        assert!(super::experiments("[{\"name\": \"a\"}]").err().unwrap().to_string().contains("title"));
    }
    #[test]
    fn a_site_gets_two_files_for_each_experiment() {
        let site = std::env::temp_dir().join(format!("xtask-oembed-{}", std::process::id()));
        fs::create_dir_all(site.join("posters")).unwrap();
        let list = "[{\"name\": \"wsd\", \"title\": \"T\", \"text\": \"t\"}, {\"name\": \"muon\", \"title\": \"M\", \"text\": \"m\"}]";
        fs::write(site.join("posters/posters.json"), list).unwrap();
        write(&site, &Base::parse("https://lab.example").unwrap()).unwrap();
        let files = crate::files::files_in(&site.join("oembed")).unwrap();
        assert_eq!(files, ["muon.html", "muon.json", "wsd.html", "wsd.json"]);
        let document: Value = serde_json::from_slice(&fs::read(site.join("oembed/muon.json")).unwrap()).unwrap();
        assert_eq!(document["title"], "M");
        fs::remove_dir_all(site).unwrap();
    }
}
