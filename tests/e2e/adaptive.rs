//! Schedules that follow their run, and branches that leave it as it is.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Page, with_browser};

/// A small shape, in a run that lasts longer than any test.
const ENDLESS: &str = "#v=1&device=cpu&model.layers=2&model.heads=2&model.width=32&model.context=32&train.batch=8\
                       &train.steps=1000000&train.eval_every=200&train.eval_windows=4&sample.every=0&schedule.warmup=2\
                       &schedule.peak=0.01";

const MINUTE: Duration = Duration::from_secs(60);

/// How many rows of a table answer to a selector.
async fn rows(page: &Page, table: &str, selector: &str) -> anyhow::Result<usize> {
    page.count(&format!("[data-testid='{table}'] {selector}")).await
}

#[test]
fn a_branch_is_drawn_and_the_run_goes_on() {
    with_browser(Adapter::None, &format!("{ENDLESS}&schedule.shape=constant"), async |page| {
        ensure!(!page.hook("run-branch").await?.is_enabled().await?, "there is nothing to branch off");
        page.click("loss-table-toggle").await?;
        page.click("run-play").await?;
        page.wait("step 60", MINUTE, async || Ok(page.number("metric-step").await? >= 60.0)).await?;
        page.wait("the button", MINUTE, async || Ok(page.hook("run-branch").await?.is_enabled().await?)).await?;
        page.click("run-branch").await?;
        let branches = async || rows(page, "loss-table", "[data-branch][data-loss]").await;
        page.wait("a branch with a validation", MINUTE, async || Ok(branches().await? == 1)).await?;
        let step = page.number("metric-step").await?;
        page.wait("the run to go on", MINUTE, async || Ok(page.number("metric-step").await? > step)).await?;

        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTE).await?;
        let step = page.number("metric-step").await?;
        page.click("run-branch").await?;
        page.wait("a second branch", MINUTE, async || Ok(branches().await? == 2)).await?;
        page.wait_for(&["paused"], MINUTE).await?;
        ensure!(page.number("metric-step").await? == step, "a branch is no step of the run");
        Ok(())
    });
}

#[test]
fn a_search_shows_the_rates_that_it_tried() {
    let link = format!("{ENDLESS}&schedule.shape=autolrs&schedule.stage=20&schedule.probe=4&schedule.probes=3");
    with_browser(Adapter::None, &link, async |page| {
        page.click("run-play").await?;
        page.wait("step 50", MINUTE, async || Ok(page.number("metric-step").await? >= 50.0)).await?;
        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTE).await?;
        page.click("rate-table-toggle").await?;
        let script = "return [...document.querySelectorAll(\"[data-testid='rate-table'] [data-step]\")]\
                      .map(row => row.textContent).filter(text => text.includes('chosen')).length";
        let chosen = page.driver.execute(script, vec![]).await?;
        ensure!(chosen.json().as_u64().is_some_and(|count| count >= 2), "{:?}", chosen.json());
        Ok(())
    });
}

#[test]
fn a_finished_run_gives_the_schedule_of_a_second_pass() {
    let short = ENDLESS.replace("steps=1000000", "steps=60").replace("eval_every=200", "eval_every=30");
    with_browser(Adapter::None, &short, async |page| {
        page.click("pace-gradient").await?;
        ensure!(page.hook("schedule-refine").await.is_err(), "there is no run to refine from");
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        page.click("schedule-refine").await?;
        let has_arm = async || {
            let address = page.driver.current_url().await?;
            Ok(address.as_str().contains("b.schedule.shape=drawn&b.schedule.points="))
        };
        page.wait("an arm with a drawn schedule", MINUTE, has_arm).await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        ensure!(page.number("arm-B-val-loss").await?.is_finite());
        Ok(())
    });
}
