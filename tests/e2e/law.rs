//! The annealing law in the loss card: fitted to a finished arm, it predicts another before that is trained.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Page, with_browser};

/// A cosine, WSD, and a cosine with another batch, of a shape that the CPU trains in a moment.
const THREE_ARMS: &str = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                          &train.steps=400&train.eval_every=200&train.eval_windows=4&sample.every=0&layerwise.watch=0\
                          &schedule.warmup=20&schedule.peak=0.01&b.schedule.shape=wsd&c.train.batch=4";

const MINUTE: Duration = Duration::from_secs(60);

async fn is_pressed(page: &Page, hook: &str) -> anyhow::Result<bool> {
    Ok(page.hook(hook).await?.attr("aria-pressed").await?.as_deref() == Some("true"))
}

#[test]
fn an_arm_is_predicted_before_it_is_trained_and_held_to_its_run_afterwards() {
    with_browser(Adapter::None, THREE_ARMS, async |page| {
        page.click("law-toggle").await?;
        ensure!(page.text("law-none").await?.starts_with("There is nothing to fit yet"));

        page.click("arm-A-steer").await?;
        page.wait("a law", 2 * MINUTE, async || {
            Ok(page.text("law-parameters").await.is_ok_and(|law| law.contains("λ 0.9")))
        })
        .await?;
        ensure!(is_pressed(page, "law-fit-A").await? && !is_pressed(page, "law-fit-B").await?);
        ensure!(page.text("law-arm-B").await?.ends_with("predicted at the end"));
        ensure!(page.text("law-arm-C").await? == "C has another batch");

        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        page.wait("the error", MINUTE, async || Ok(page.text("law-arm-B").await?.contains(" %, at the end predicted")))
            .await?;
        page.click("loss-table-toggle").await?;
        ensure!(page.text("loss-table").await?.contains("B predicted"));

        page.click("law-fit-B").await?;
        page.wait("a law of both", MINUTE, async || is_pressed(page, "law-fit-B").await).await?;
        ensure!(is_pressed(page, "law-fit-A").await? && page.hook("law-arm-B").await.is_err());
        page.click("law-toggle").await?;
        ensure!(page.hook("law").await.is_err() && !page.text("loss-table").await?.contains("predicted"));
        Ok(())
    });
}
