//! The lab and the methods: guided experiments open where nothing is lost, and every method is everywhere.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tailblazer_tests::{Adapter, Page, with_browser};

const MINUTE: Duration = Duration::from_secs(60);

async fn address(page: &Page) -> anyhow::Result<String> {
    Ok(page.driver.current_url().await?.to_string())
}

async fn wait_for_address(page: &Page, end: &str) -> anyhow::Result<()> {
    page.wait(&format!("the address {end}"), MINUTE, async || Ok(address(page).await?.ends_with(end))).await
}

async fn strings(page: &Page, script: &str) -> anyhow::Result<Vec<String>> {
    let list = page.driver.execute(script, vec![]).await?.json().clone();
    serde_json::from_value(list).context("a list of strings")
}

#[test]
fn a_guided_experiment_opens_from_the_lab_and_a_step_back_returns_there() {
    with_browser(Adapter::None, "?ui=lab", async |page| {
        let is_shown = async || Ok(page.text("lab-study").await?.contains("B − A"));
        page.wait("the study", MINUTE, is_shown).await?;
        let recorded = async || Ok(page.text("lab-linear-or-cosine").await?.contains("Recorded: B − A = "));
        page.wait("the recording of a story", MINUTE, recorded).await?;
        page.click("lab-linear-or-cosine").await?;
        wait_for_address(page, "?preset=linear-or-cosine").await?;
        ensure!(page.text("guide").await?.contains("Same peak, same steps"));
        for (arm, name) in [("A", "Linear"), ("C", "Constant")] {
            ensure!(page.text(&format!("arm-{arm}")).await?.contains(name), "arm {arm} is {name}");
        }
        page.driver.back().await?;
        page.hook("lab-lead").await?;
        ensure!(address(page).await?.ends_with("?ui=lab"));
        Ok(())
    });
}

#[test]
fn training_goes_on_behind_the_lab_whose_links_then_open_tabs_of_their_own() {
    let tiny = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                &train.steps=1000000&sample.every=0&schedule.warmup=2";
    with_browser(Adapter::None, tiny, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["running"], MINUTE).await?;
        page.click("screen-lab").await?;
        let step = async || page.number("metric-step").await;
        let before = step().await?;
        page.wait("steps behind the lab", MINUTE, async || Ok(step().await? > before)).await?;
        let target = async || Ok(page.hook("lab-muon").await?.attr("target").await?.as_deref() == Some("_blank"));
        page.wait("a link to a tab of its own", MINUTE, target).await?;
        page.click("screen-train").await?;
        ensure!(page.state().await? == "running");
        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTE).await?;
        Ok(())
    });
}

/// A newcomer's method appears in all of them, because all are made from the family's list.
#[test]
fn every_method_of_a_picker_is_in_the_link_and_on_the_methods_page() {
    with_browser(Adapter::None, "", async |page| {
        page.click("schedule-more").await?;
        let cards = "return [...document.querySelectorAll(\"[data-testid^='schedule.shape.']\")]\
                     .map(e => e.dataset.testid.slice('schedule.shape.'.length))";
        let options = |hook: &str| {
            format!("return [...document.querySelectorAll(\"[data-testid='{hook}'] option\")].map(e => e.value)")
        };
        let mut pickers = vec![("schedule", strings(page, cards).await?)];
        for (group, hook) in
            [("layerwise", "layerwise-select"), ("objective", "objective-select"), ("optimiser", "optimiser-select")]
        {
            pickers.push((group, strings(page, &options(hook)).await?));
        }
        page.click("schedule.shape.rex").await?;
        wait_for_address(page, "#v=1&schedule.shape=rex").await?;

        page.click("screen-methods").await?;
        let entries = "return [...document.querySelectorAll(\"[data-testid^='method-']\")].map(e => e.id)";
        let entries = strings(page, entries).await?;
        let expected: Vec<String> =
            pickers.iter().flat_map(|(group, ids)| ids.iter().map(move |id| format!("{group}-{id}"))).collect();
        ensure!(expected.len() > 40, "{expected:?}");
        for anchor in &expected {
            ensure!(entries.contains(anchor), "{anchor} is not on the methods page");
            let link = page.hook(&format!("try-{anchor}")).await?.attr("href").await?.unwrap_or_default();
            let (group, id) = anchor.split_once('-').context("group and name")?;
            let key = if group == "schedule" { "shape" } else { "method" };
            let is_default = ["schedule-cosine", "layerwise-uniform", "objective-next-token", "optimiser-adamw"]
                .contains(&anchor.as_str());
            ensure!(is_default || link.contains(&format!("b.{group}.{key}={id}")), "{link}");
        }
        // Decoders have their picker on another screen, and no place in a link.
        let decoders = entries.iter().filter(|entry| entry.starts_with("decoder-")).count();
        ensure!(decoders > 20, "{decoders} decoders");
        ensure!(entries.len() == expected.len() + decoders, "an entry without a place in a picker");
        Ok(())
    });
}
