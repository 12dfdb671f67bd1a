//! The page in another language: every word of it, and a run that goes on while the language changes.

use std::{collections::BTreeMap, fs, time::Duration};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tailblazer_tests::{Adapter, Page, Server, with_browser, with_empty_page};

const MINUTE: Duration = Duration::from_secs(60);

/// Two arms with decoders on a small task, so that every kind of panel has something to say.
const SMALL: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=400\
                     &schedule.warmup=2&device=cpu&sample.every=100&sample.length=16&layerwise.watch=100&seeds=2\
                     &train.eval_every=100&train.eval_windows=2&b.layerwise.method=llr&b.layerwise.every=50&b.layerwise.ramp=20";

/// Texts that a visitor reads or hears; not what is written by people, by models or for machines.
const TEXTS: &str = "const apart = 'script, style, code, pre, .mono, [lang], [data-testid=sample-text], #loading'; \
    const texts = []; \
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
    while (walk.nextNode()) { const at = walk.currentNode.parentElement; \
      if (!at.closest(apart)) texts.push(walk.currentNode.data.trim()); } \
    for (const at of document.querySelectorAll('*')) if (!at.closest(apart)) \
      for (const name of ['title', 'aria-label', 'placeholder', 'aria-valuetext', 'alt']) \
        if (at.hasAttribute(name)) texts.push(at.getAttribute(name).trim()); \
    return [...new Set(texts)].filter(Boolean)";

fn catalogue() -> BTreeMap<String, String> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../public/words/de.json");
    serde_json::from_str(&fs::read_to_string(file).expect("the German words")).expect("texts by texts")
}

/// English texts that have a German one and are on the page all the same.
async fn untranslated(page: &Page, german: &BTreeMap<String, String>) -> anyhow::Result<Vec<String>> {
    let texts = page.driver.execute(TEXTS, vec![]).await?.json().clone();
    let texts: Vec<String> = serde_json::from_value(texts)?;
    let is_german = |text: &String| german.values().any(|known| known == text);
    let is_english = |text: &String| german.get(text).is_some_and(|own| own != text) && !is_german(text);
    Ok(texts.into_iter().filter(is_english).collect())
}

async fn language(page: &Page) -> anyhow::Result<Value> {
    Ok(page.driver.execute("return document.documentElement.lang", vec![]).await?.json().clone())
}

#[test]
fn a_run_goes_on_while_the_language_changes_and_the_choice_is_remembered() {
    let long =
        SMALL.replace("train.steps=400", "train.steps=200000").replace("y=100", "y=100000").replace("h=100", "h=0");
    with_browser(Adapter::None, &long, async |page| {
        ensure!(language(page).await? == "en");
        page.click("run-play").await?;
        page.wait_for(&["running"], MINUTE).await?;
        page.wait("steps", MINUTE, async || Ok(page.number("metric-step").await? > 100.0)).await?;
        page.choose("lang-select", "de").await?;
        page.wait("German", MINUTE, async || Ok(language(page).await? == "de")).await?;
        let play = page.hook("run-pause").await?.text().await?;
        ensure!(play.contains("Pause"), "{play}");
        ensure!(page.hook("screen-lab").await?.text().await? == "Labor");
        let before = page.number("metric-step").await?;
        page.wait("more steps", MINUTE, async || Ok(page.number("metric-step").await? > before + 100.0)).await?;
        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTE).await?;

        page.reload().await?;
        page.wait("German", MINUTE, async || Ok(language(page).await? == "de")).await?;
        page.choose("lang-select", "en").await?;
        page.wait("English", MINUTE, async || Ok(language(page).await? == "en")).await?;
        ensure!(page.hook("screen-lab").await?.text().await? == "Lab");
        Ok(())
    });
}

#[test]
fn a_link_speaks_german_on_every_screen() {
    let german = catalogue();
    with_browser(Adapter::None, &format!("?lang=de{SMALL}"), async |page| {
        let mut left = BTreeMap::new();
        let mut look = async |place: &str| {
            let found = untranslated(page, &german).await?;
            if !found.is_empty() {
                left.insert(place.to_owned(), found);
            }
            anyhow::Ok(())
        };
        look("idle").await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 3 * MINUTE).await?;
        look("finished").await?;
        for (hook, place) in [
            ("share-open", "share"),
            ("share-close", "train"),
            ("tab-decode", "decode"),
            ("screen-lab", "lab"),
            ("screen-runs", "runs"),
            ("screen-methods", "methods"),
        ] {
            page.click(hook).await.with_context(|| format!("to {place}"))?;
            look(place).await?;
        }
        ensure!(left.is_empty(), "English on the German page: {left:#?}");
        Ok(())
    });
}

#[test]
fn a_poster_speaks_german() {
    let lab = Server::start(&[]).expect("the page is served");
    let german = catalogue();
    with_empty_page(Adapter::None, async |page| {
        page.driver.goto(&format!("{}embed/?preset=wsd&lang=de", lab.url())).await?;
        let script = "return document.querySelector('[data-testid=embed-poster] svg') ? document.title : ''";
        let title = &german["Why does the loss fall when WSD decays?"];
        page.wait("the poster", MINUTE, async || {
            Ok(page.driver.execute(script, vec![]).await?.json().as_str() == Some(title))
        })
        .await?;
        let left = untranslated(page, &german).await?;
        ensure!(left.is_empty(), "English on the German poster: {left:?}");
        ensure!(lab.asked().iter().any(|path| path.ends_with("posters/wsd.de.svg")), "the picture is in German too");
        page.driver.goto(&format!("{}embed/?preset=wsd&lang=en", lab.url())).await?;
        let english = async || Ok(page.hook("embed-run").await?.text().await? == "Run in this tab");
        page.wait("English", MINUTE, english).await
    });
}
