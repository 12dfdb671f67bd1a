//! How to cite an experiment: as BibTeX, and in a sentence.

use leptos::prelude::*;
use tailblazer_core::experiment::Preset;

use super::CopyButton;
use crate::{
    browser::address,
    t, words,
    workspace::{Workspace, classroom::Classroom, summary},
};

/// The version of the page.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a citation says.
#[derive(Clone, Debug, PartialEq)]
struct Citation {
    /// The question that the experiment asks.
    title: String,
    /// The whole link.
    link: String,
    /// The year and the day, `2026-11-30`.
    day: String,
}

impl Citation {
    fn bibtex(&self) -> String {
        let Self { title, link, day } = self;
        let year = day.get(..4).unwrap_or_default();
        // Braces keep the capitals of a title; what TeX reads as its own is escaped in it.
        let mut escaped = String::with_capacity(title.len());
        for letter in title.chars() {
            if "%&#_$".contains(letter) {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        format!(
            "@misc{{tailblazer{year},\n  title        = {{{{{escaped}}}}},\n  author       = {{{{Tailblazer}}}},\n  year         = {{{year}}},\n  howpublished = {{\\url{{{link}}}}},\n  note         = {{Interactive experiment, version {VERSION}, accessed {day}}}\n}}"
        )
    }

    fn sentence(&self) -> String {
        let Self { title, link, day } = self;
        let stop = if title.ends_with(['?', '.', '!']) { "" } else { "." };
        t!(
            "Tailblazer {version}: {title} Interactive experiment, accessed {day}. {link}",
            version = VERSION,
            title = format!("{title}{stop}"),
            day,
            link,
        )
    }
}

/// The section of the dialog.
#[component]
pub fn CiteSection() -> impl IntoView {
    let workspace = Workspace::expect();
    let citation = Memo::new(move |_| {
        let preset = workspace.comparison.with(Preset::guiding);
        Citation {
            title: preset
                .map_or_else(|| summary::question(&workspace.shown()), |preset| words::text(preset.title).to_owned()),
            link: address::whole_link(workspace, &Classroom::default()),
            day: today(),
        }
    });
    let bibtex = Signal::derive(move || citation.with(Citation::bibtex));
    let sentence = Signal::derive(move || citation.with(Citation::sentence));
    view! {
        <section aria-labelledby="share-cite-title">
            <h3 id="share-cite-title">{t!("Cite")}</h3>
            <div class="share-row">
                <pre class="mono" tabindex="0" data-testid="cite-bibtex">{bibtex}</pre>
                <CopyButton text=bibtex what=t!("The entry") hook="cite-bibtex-copy" />
            </div>
            <div class="share-row">
                <p data-testid="cite-plain">{sentence}</p>
                <CopyButton text=sentence what=t!("The sentence") hook="cite-plain-copy" />
            </div>
        </section>
    }
}

/// Today's date as the visitor's clock has it.
fn today() -> String {
    let now = js_sys::Date::new_0();
    format!("{:04}-{:02}-{:02}", now.get_full_year(), now.get_month() + 1, now.get_date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_its_title_and_its_link() {
        let citation = Citation {
            title: "AdamW or Muon at 5 %?".into(),
            link: "https://example.org/?preset=muon#v=1&seeds=8".into(),
            day: "2026-11-30".into(),
        };
        let entry = citation.bibtex();
        assert!(entry.starts_with("@misc{tailblazer2026,\n") && entry.ends_with("\n}"), "{entry}");
        assert!(entry.contains("title        = {{AdamW or Muon at 5 \\%?}}"), "{entry}");
        assert!(entry.contains("\\url{https://example.org/?preset=muon#v=1&seeds=8}"), "{entry}");
        assert_eq!(entry.matches('{').count(), entry.matches('}').count());
        let words = citation.sentence();
        assert!(words.contains("AdamW or Muon at 5 %? Interactive experiment, accessed 2026-11-30. https"), "{words}");
    }
}
