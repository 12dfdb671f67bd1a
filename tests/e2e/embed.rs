//! Experiments in other pages: a poster before the engine, messages across origins, and the element.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tailblazer_tests::{Adapter, Page, Server, with_empty_page};

const MINUTE: Duration = Duration::from_secs(60);

/// An experiment that ends at once.
const TINY: &str = "v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=200\
                    &schedule.warmup=2&device=cpu&sample.every=0&layerwise.watch=0";

/// What a course page keeps of the messages of its frame.
const KEEP: &str = "<script>var kept = []; addEventListener('message', (event) => kept.push(event.data));</script>";

async fn kept(page: &Page) -> anyhow::Result<Vec<serde_json::Value>> {
    let list = page.driver.execute("return kept", vec![]).await?.json().clone();
    list.as_array().cloned().context("a list")
}

async fn wait_for_state(page: &Page, state: &str) -> anyhow::Result<serde_json::Value> {
    let last = async || anyhow::Ok(kept(page).await?.into_iter().rfind(|message| message["state"] == state));
    page.wait(&format!("a report of {state}"), 2 * MINUTE, async || Ok(last().await?.is_some())).await?;
    last().await?.context("a report")
}

async fn send(page: &Page, message: &str) -> anyhow::Result<()> {
    let script = format!("document.querySelector('iframe').contentWindow.postMessage({message}, '*')");
    page.driver.execute(&script, vec![]).await?;
    Ok(())
}

#[test]
fn a_frame_on_another_origin_shows_a_poster_and_obeys_its_page() {
    let lab = Server::start(&[]).expect("the page is served");
    let frame = format!("{}embed/?preset=wsd&ui=compact#{TINY}", lab.url());
    let html = format!("<h1>Week 3</h1>{KEEP}<iframe src='{frame}' width='720' height='420'></iframe>");
    let course = Server::of_somebody_else(html).expect("a course page");
    with_empty_page(Adapter::None, async |page| {
        let before = lab.asked().len();
        page.driver.goto(&course.url()).await?;
        page.wait("the poster", MINUTE, async || Ok(kept(page).await?.iter().any(|message| message["poster"] == true)))
            .await?;
        page.wait("its picture", MINUTE, async || Ok(lab.asked().iter().any(|path| path.ends_with("posters/wsd.svg"))))
            .await?;
        let asked: Vec<String> = lab.asked().split_off(before);
        ensure!(asked.iter().all(|path| !path.contains(".wasm") && !path.contains("/app-")), "before play: {asked:?}");

        send(page, "{tailblazer: 1, type: 'play'}").await?;
        let end = wait_for_state(page, "finished").await?;
        ensure!(end["arms"].as_array().is_some_and(|arms| arms.len() == 3), "{end}");
        ensure!(end["arms"][0]["step"] == 200 && end["arms"][0]["validation"].is_number(), "{end}");

        send(page, "{tailblazer: 1, type: 'dance'}").await?;
        let refused = async || Ok(kept(page).await?.iter().any(|message| message["type"] == "refused"));
        page.wait("a refusal", MINUTE, refused).await?;
        send(page, "{tailblazer: 1, type: 'reset'}").await?;
        wait_for_state(page, "idle").await?;
        Ok(())
    });
}

#[test]
fn a_page_that_is_not_allowed_is_not_heard_and_hears_nothing() {
    let lab = Server::start(&[]).expect("the page is served");
    let frame = format!("{}?ui=compact&origins=https://course.example#{TINY}", lab.url());
    let html = format!("{KEEP}<iframe src='{frame}' width='720' height='420'></iframe>");
    let course = Server::of_somebody_else(html).expect("somebody's page");
    with_empty_page(Adapter::None, async |page| {
        page.driver.goto(&course.url()).await?;
        page.driver.enter_frame(0).await?;
        page.wait_for(&["idle"], MINUTE).await?;
        page.driver.enter_parent_frame().await?;
        send(page, "{tailblazer: 1, type: 'play'}").await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        ensure!(kept(page).await?.is_empty(), "it was told something");
        page.driver.enter_frame(0).await?;
        ensure!(page.state().await? == "idle", "it was obeyed");
        Ok(())
    });
}

#[test]
fn the_element_is_a_frame_with_methods_and_events() {
    let lab = Server::start(&[]).expect("the page is served");
    let html = format!(
        "<script src='{url}embed.js'></script>{KEEP}\
         <tailblazer-lab preset='gpt-nano' ui='chart' experiment='{TINY}'></tailblazer-lab>\
         <script>var states = []; document.querySelector('tailblazer-lab')\
         .addEventListener('tailblazer-state', (event) => states.push(event.detail.state));</script>",
        url = lab.url()
    );
    let course = Server::of_somebody_else(html).expect("a course page");
    with_empty_page(Adapter::None, async |page| {
        page.driver.goto(&course.url()).await?;
        page.wait("the poster", MINUTE, async || Ok(kept(page).await?.iter().any(|message| message["poster"] == true)))
            .await?;
        page.driver.execute("document.querySelector('tailblazer-lab').play()", vec![]).await?;
        page.wait("an event of the end", 2 * MINUTE, async || {
            Ok(page.driver.execute("return states.includes('finished')", vec![]).await?.json() == true)
        })
        .await
    });
}

/// A notebook's side of an anywidget: traits that are read, written and followed.
const NOTEBOOK: &str = "const [experiment, done] = arguments; document.body.replaceChildren(); \
    window.traits = { preset: 'gpt-nano', ui: 'chart', theme: '', lang: 'de', experiment, height: 300 }; \
    const following = {}; window.saved = 0; \
    window.model = { get: (name) => traits[name], set: (name, value) => { traits[name] = value; }, \
      save_changes: () => { window.saved += 1; }, on: (event, then) => { following[event] = then; }, \
      off: (event) => { delete following[event]; }, \
      change: (name, value) => { traits[name] = value; following[`change:${name}`](); } }; \
    import(new URL('../widget.mjs', location)).then(({ default: { render } }) => { \
      window.leave = render({ model, el: document.body }); window.following = following; done('there'); }, \
      (error) => done(String(error)))";

#[test]
fn a_notebook_has_an_experiment_as_a_widget() {
    let lab = Server::start(&[]).expect("the page is served");
    with_empty_page(Adapter::None, async |page| {
        // A document of the lab's own that is no page, and no viewer of one: a notebook without anything in it.
        page.driver.goto(&format!("{}corpora/first-names.txt", lab.url())).await?;
        let there = page.driver.execute_async(NOTEBOOK, vec![TINY.into()]).await?;
        ensure!(there.json() == "there", "{:?}", there.json());
        let ask =
            async |what: &str| anyhow::Ok(page.driver.execute(&format!("return {what}"), vec![]).await?.json().clone());
        let frame = "document.querySelector('tailblazer-lab').shadowRoot.querySelector('iframe')";
        let address = ask(&format!("{frame}.src")).await?;
        let address = address.as_str().context("a frame")?;
        ensure!(address.contains("embed/?preset=gpt-nano&ui=chart&lang=de#v=1"), "{address}");
        ensure!(ask(&format!("{frame}.height")).await? == "300");
        page.wait("the last state", 2 * MINUTE, async || {
            // The poster takes the first command, and the page that it leads to begins by itself.
            let play = "if (!traits.state) document.querySelector('tailblazer-lab').play()";
            page.driver.execute(play, vec![]).await?;
            Ok(ask("traits.state?.state ?? null").await? == "finished")
        })
        .await?;
        ensure!(
            ask("window.saved > 0 && traits.state.arms[0].step === 200").await? == true,
            "the notebook has the last state"
        );
        page.driver.execute("model.change('ui', 'compact')", vec![]).await?;
        ensure!(ask(&format!("{frame}.src.includes('ui=compact')")).await? == true, "a trait is followed");
        page.driver.execute("leave()", vec![]).await?;
        ensure!(ask("Object.keys(following).length").await? == 0, "nothing is followed any more");
        Ok(())
    });
}
