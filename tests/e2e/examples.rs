//! The worked examples of `examples/`: built with their own tools, and read as a class reads them.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use tailblazer_tests::{Adapter, Example, FOLDER, Page, Server, with_empty_page};
use thirtyfour::WebElement;

const MINUTE: Duration = Duration::from_secs(60);

/// An experiment that ends at once.
const TINY: &str = "v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=200\
                    &schedule.warmup=2&device=cpu&sample.every=0&layerwise.watch=0&seeds=1";

/// What sticks out of the window; a box that scrolls by itself keeps what is in it.
const STICKS_OUT: &str = "const edge = document.documentElement.clientWidth; \
    const inside = (e) => e.parentElement?.closest('pre, table, nav'); \
    const wide = [...document.body.querySelectorAll('*')].filter(e => { const box = e.getBoundingClientRect(); \
    return box.width > 0 && box.right > edge + 1 && box.left < edge && !inside(e); }); \
    const list = wide.map(e => e.outerHTML.slice(0, 120)); \
    if (document.documentElement.scrollWidth > edge + 1) list.push(`${document.documentElement.scrollWidth} wide`); \
    return list";

/// What print leaves of a lesson: frames in sight, and pictures that have loaded and are more than icons.
const PRINTED: &str = "const width = (e) => e.getBoundingClientRect().width; \
    return { frames: [...document.querySelectorAll('iframe, tailblazer-lab')].filter(e => width(e) > 0).length, \
    pictures: [...document.images].filter(e => width(e) >= 200 && e.naturalWidth > 0).length, \
    text: document.body.innerText }";

/// A lab that keeps nothing for later visits, so that it is asked for whatever is loaded.
fn lab() -> Server {
    Server::start(&["sw.js"]).expect("the page is served")
}

/// Opens a lesson in a browser and tells the test how much the lab was asked for before.
fn read(lab: &Server, lesson: &Server, path: &str, test: impl AsyncFn(&Page, usize) -> anyhow::Result<()>) {
    with_empty_page(Adapter::None, async |page| {
        let before = lab.asked().len();
        page.driver.goto(&format!("{}{path}", lesson.url())).await?;
        test(page, before).await
    });
}

/// The frames of a lesson, those of elements too.
async fn frames(page: &Page) -> anyhow::Result<Vec<WebElement>> {
    let script = "return [...document.querySelectorAll('iframe, tailblazer-lab')].map(e => e.shadowRoot?.querySelector('iframe') ?? e)";
    Ok(page.driver.execute(script, vec![]).await?.elements()?)
}

/// Scrolls to a frame, waits for its poster there, and looks whether it fits.
async fn see_poster(page: &Page, frame: WebElement, title: &str) -> anyhow::Result<()> {
    frame.scroll_into_view().await?;
    frame.enter_frame().await?;
    let script = "return document.querySelector('[data-testid=embed-poster] svg') ? document.title : ''";
    let shown = async || Ok(page.driver.execute(script, vec![]).await?.json() == title);
    page.wait(&format!("the poster of {title:?}"), MINUTE, shown).await?;
    fits(page).await?;
    Ok(page.driver.enter_default_frame().await?)
}

async fn fits(page: &Page) -> anyhow::Result<()> {
    let list = page.driver.execute(STICKS_OUT, vec![]).await?.json().clone();
    ensure!(list.as_array().is_some_and(Vec::is_empty), "sticks out of the window: {list:#}");
    Ok(())
}

/// Opens the lesson again in the window of a telephone.
async fn on_a_telephone(page: &Page) -> anyhow::Result<()> {
    let window = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true });
    page.devtools("Emulation.setDeviceMetricsOverride", window).await?;
    Ok(page.driver.refresh().await?)
}

/// Checks that on paper the frames are gone, and that the figure says what it is.
async fn prints_its_figure(page: &Page, recorded: &str) -> anyhow::Result<()> {
    page.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await?;
    let is_printed = async || {
        let printed = page.driver.execute(PRINTED, vec![]).await?.json().clone();
        let text = printed["text"].as_str().unwrap_or_default();
        let is_said = ["recorded run", "CPU", recorded].iter().all(|words| text.contains(words));
        Ok(printed["frames"] == 0 && printed["pictures"] == 1 && is_said)
    };
    page.wait("the figure alone, with its origin", MINUTE, is_printed).await?;
    page.devtools("Emulation.setEmulatedMedia", json!({ "media": "" })).await
}

fn ensure_nothing_trains(lab: &Server, before: usize) -> anyhow::Result<()> {
    let asked = lab.asked().split_off(before);
    ensure!(asked.iter().all(|path| !path.contains(".wasm") && !path.contains("/app-")), "before play: {asked:?}");
    Ok(())
}

#[test]
fn the_teachers_page_is_a_book_with_two_experiments_and_a_figure() {
    let lab = lab();
    let example = Example::copy("mdbook", &lab.url()).expect("a copy");
    let book = Server::of_somebody_elses_files(&example.mdbook().expect("a book")).expect("the book is served");
    read(&lab, &book, "week-3.html", async |page, before| {
        let titles = ["Why does the loss fall when WSD decays?", "When does parallel decoding break?"];
        ensure!(frames(page).await?.len() == 2);
        for (frame, title) in frames(page).await?.into_iter().zip(titles) {
            see_poster(page, frame, title).await?;
        }
        fits(page).await?;
        prints_its_figure(page, "2026-11-29").await?;
        on_a_telephone(page).await?;
        for (frame, title) in frames(page).await?.into_iter().zip(titles) {
            see_poster(page, frame, title).await?;
        }
        fits(page).await?;
        ensure_nothing_trains(&lab, before)?;

        page.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await?;
        // The lesson's own experiment takes minutes; behind its "#" it may have other settings.
        let script = format!(
            "const frame = document.querySelector('iframe'); frame.src += '#{TINY}'; frame.scrollIntoView({{ block: 'center' }})"
        );
        page.driver.execute(&script, vec![]).await?;
        frames(page).await?.remove(0).enter_frame().await?;
        page.click("embed-run").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        ensure!(
            lab.asked().split_off(before).iter().any(|path| path.ends_with(".wasm")),
            "it trained without a program"
        );
        Ok(())
    });
}

#[test]
fn a_plain_page_has_an_experiment_and_a_figure() {
    let lab = lab();
    let example = Example::copy("html", &lab.url()).expect("a copy");
    let lesson = Server::of_somebody_elses_files(example.folder()).expect("the lesson is served");
    read(&lab, &lesson, "", async |page, before| {
        see_poster(page, frames(page).await?.remove(0), "Linear or cosine?").await?;
        fits(page).await?;
        prints_its_figure(page, "2026-11-29").await?;
        on_a_telephone(page).await?;
        see_poster(page, frames(page).await?.remove(0), "Linear or cosine?").await?;
        fits(page).await?;
        ensure_nothing_trains(&lab, before)
    });
}

#[test]
fn a_slide_of_reveal_js_has_an_experiment() {
    let lab = lab();
    let example = Example::copy("reveal", &lab.url()).expect("a copy");
    example.install().expect("reveal.js");
    let slides = Server::of_somebody_elses_files(example.folder()).expect("the slides are served");
    read(&lab, &slides, "#/1", async |page, before| {
        let is_ready = async || Ok(page.driver.execute("return Reveal.isReady()", vec![]).await?.json() == true);
        page.wait("the slides", MINUTE, is_ready).await?;
        see_poster(page, frames(page).await?.remove(0), "What does a block buy?").await?;
        ensure_nothing_trains(&lab, before)?;
        page.driver.goto(&format!("{}?view=print", slides.url())).await?;
        page.wait("the slides", MINUTE, is_ready).await?;
        prints_its_figure(page, "2026-11-30").await
    });
}

#[test]
fn myst_reads_its_page_and_makes_a_frame_of_the_directive() {
    let example = Example::copy("myst", "http://127.0.0.1:1/lab/").expect("a copy");
    // MyST fetches its theme from a server of its own. What the page becomes does not depend on it.
    example.edit("myst.yml", "book-theme", "theme").expect("a theme is named");
    std::fs::create_dir(example.folder().join("theme")).expect("a folder");
    std::fs::write(example.folder().join("theme/template.yml"), "myst: v1\noptions: [{ id: style, type: file }]\n")
        .expect("a theme");
    example.install().expect("MyST");
    example.node("mystmd/dist/myst.cjs", &["build", "--site", "--strict"]).expect("a site");
    let page = example.read("_build/site/content/index.json").expect("the page");
    let page: Value = serde_json::from_str(&page).expect("a tree");
    let nodes = nodes(&page["mdast"]);
    let of_type = |wanted: &str| nodes.iter().filter(|node| node["type"] == wanted).collect::<Vec<_>>();
    let frames = of_type("iframe");
    assert_eq!(frames.len(), 1, "{page:#}");
    assert_eq!(frames[0]["src"], "http://127.0.0.1:1/lab/embed/?preset=muon&ui=compact&hide=branch");
    assert_eq!(of_type("image").len(), 1, "{page:#}");
    assert!(page.to_string().contains("2026-11-29"), "{page:#}");
}

/// A node of a tree and all that are under it.
fn nodes(node: &Value) -> Vec<&Value> {
    let under = node["children"].as_array().into_iter().flatten().flat_map(nodes);
    std::iter::once(node).chain(under).collect()
}

#[test]
fn a_page_of_docusaurus_has_an_experiment_and_a_figure() {
    let lab = lab();
    let example = Example::copy("docusaurus", &lab.url()).expect("a copy");
    example.edit("docusaurus.config.js", "baseUrl: '/'", &format!("baseUrl: '{FOLDER}/'")).expect("a base");
    example.install().expect("Docusaurus");
    example.node("@docusaurus/core/bin/docusaurus.mjs", &["build"]).expect("a site");
    let site = Server::of_somebody_elses_files(&example.folder().join("build")).expect("the site is served");
    read(&lab, &site, "", async |page, before| {
        see_poster(page, frames(page).await?.remove(0), "What does re-warming cost?").await?;
        fits(page).await?;
        prints_its_figure(page, "2026-11-29").await?;
        on_a_telephone(page).await?;
        see_poster(page, frames(page).await?.remove(0), "What does re-warming cost?").await?;
        fits(page).await?;
        ensure_nothing_trains(&lab, before)
    });
}

#[test]
fn the_page_for_quarto_names_its_lab_once_and_its_recording() {
    let example = Example::copy("quarto", "http://127.0.0.1:1/").expect("a copy");
    let text = example.read("index.qmd").expect("the page");
    assert!(text.contains("<tailblazer-lab preset=\"one-rate\"") && text.contains("CPU, 2026-11-29"), "{text}");
}
