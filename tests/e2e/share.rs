//! Experiments as links: what is edited is in the address and comes back, and a link says what a class sees.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tailblazer_tests::{Adapter, Page, with_browser};

const MINUTE: Duration = Duration::from_secs(60);

async fn value(page: &Page, hook: &str) -> anyhow::Result<String> {
    page.hook(hook).await?.prop("value").await?.context("a value")
}

async fn is_shown(page: &Page, hook: &str) -> anyhow::Result<bool> {
    page.hook(hook).await?.is_displayed().await.map_err(Into::into)
}

#[test]
fn the_dialog_gives_a_link_that_opens_the_same_experiment_and_a_frame_as_a_class_sees_it() {
    with_browser(Adapter::None, "#v=1&device=cpu", async |page| {
        page.edit("model.layers", "2").await?;
        page.click("arm-add").await?;
        page.choose("layerwise-select", "llr").await?;
        page.click("share-open").await?;
        let link = value(page, "share-link").await?;
        ensure!(link.contains("#v=1&model.layers=2&device=cpu&") && link.contains("b.layerwise.method=llr"), "{link}");
        ensure!(link.len() < 300, "{} characters", link.len());
        ensure!(page.text("cite-bibtex").await?.contains(&link), "the citation has the link");

        page.choose("share-layout", "compact").await?;
        let script = "document.querySelectorAll('.share details').forEach(e => e.open = true)";
        page.driver.execute(script, vec![]).await?;
        page.hook("share-qr").await?;
        page.click("share-hide-esd").await?;
        page.click("share-lock-train").await?;
        let code = value(page, "embed-code").await?;
        ensure!(
            code.contains("/some/where/embed/?preset=gpt-nano&amp;ui=compact&amp;hide=esd&amp;lock=train#v=1"),
            "{code}"
        );
        page.hook("embed-preview").await?;
        page.click("share-close").await?;

        page.driver.goto("about:blank").await?;
        page.visit(&link).await?;
        ensure!(value(page, "model.layers").await? == "2");
        ensure!(page.text("arm-B").await?.contains("LLR"));
        Ok(())
    });
}

#[test]
fn decoders_are_in_the_address_and_come_back() {
    let link = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                &train.steps=5&schedule.warmup=1&device=cpu&sample.every=0&objective.method=masked&objective.block=4\
                &decode.length=8&1.method=static&2.method=threshold&2.threshold=0.5";
    with_browser(Adapter::None, link, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], MINUTE).await?;
        page.click("tab-decode").await?;
        ensure!(value(page, "decoder-2-select").await? == "threshold");
        page.choose("decoder-1-select", "sequential").await?;
        page.edit("decode-length", "4").await?;
        page.wait("decoders in the address", MINUTE, async || {
            let address = page.driver.current_url().await?.to_string();
            let parts = ["ui=decode", "decode.length=4", "1.method=sequential", "2.threshold=0.5"];
            Ok(parts.iter().all(|part| address.contains(part)))
        })
        .await
    });
}

#[test]
fn a_class_sees_what_its_link_shows_and_cannot_change_what_it_locks() {
    let link = "?preset=gpt-nano&hide=nav,branch,alpha,colour&lock=model,arms&theme=dark";
    with_browser(Adapter::None, link, async |page| {
        page.wait_for_message(&["hide=colour", "left out"], MINUTE).await?;
        for (hook, shown) in
            [("screen-lab", false), ("run-branch", false), ("chart-alpha", false), ("chart-loss", true)]
        {
            ensure!(is_shown(page, hook).await? == shown, "{hook}");
        }
        ensure!(!page.hook("model.layers").await?.is_enabled().await?, "the model is locked");
        ensure!(page.hook("train.steps").await?.is_enabled().await?, "the run is not");
        let theme = "return document.documentElement.dataset.theme + localStorage.getItem('tailblazer.theme')";
        ensure!(page.driver.execute(theme, vec![]).await?.json() == "darknull", "the link's theme is not remembered");
        page.edit("train.steps", "200").await?;
        page.wait("the class in the address", MINUTE, async || {
            Ok(page
                .driver
                .current_url()
                .await?
                .as_str()
                .contains("hide=nav,branch,alpha&lock=model,arms&theme=dark#v=1"))
        })
        .await
    });
}

#[test]
fn a_shared_link_says_which_build_and_text_its_numbers_are_of() {
    let link = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=20\
                &schedule.warmup=2&sample.every=0&layerwise.watch=0&made=0ldbu1ld.00000000";
    with_browser(Adapter::None, link, async |page| {
        page.wait_for_message(&["made with build 0ldbu1ld"], MINUTE).await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        page.wait_for_message(&["text is not the one"], MINUTE).await?;
        page.click("share-open").await?;
        let script = "return document.querySelector(\"[data-testid='share-link']\").value";
        let shared = page.driver.execute(script, vec![]).await?.json().as_str().unwrap_or_default().to_owned();
        let digest = page.hook("corpus-digest").await?.attr("data-value").await?.unwrap_or_default();
        let made = shared.split("&made=").nth(1).unwrap_or_default();
        ensure!(
            digest.len() > 8 && made.ends_with(&digest[..8]) && !made.starts_with("0ldbu1ld"),
            "{shared}, {digest}"
        );
        Ok(())
    });
}
