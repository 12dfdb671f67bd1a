//! The page on paper: charts as lines and the verdict, on white, without controls.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tailblazer_tests::{Adapter, Page, with_browser};
use thirtyfour::common::print::PrintParameters;

const MINUTE: Duration = Duration::from_secs(60);

/// Two arms that end at once, on a dark page.
const TINY: &str = "?theme=dark#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16\
                    &train.batch=2&train.steps=20&train.eval_every=10&schedule.warmup=2&sample.every=10\
                    &layerwise.watch=10&b.schedule.peak=0.001";

/// The drawings on paper that hold something, and how many of all are in sight.
async fn figures(page: &Page) -> anyhow::Result<(u64, u64)> {
    let script = "const list = [...document.querySelectorAll(\"[data-testid='print-figure'] svg\")]; \
                  return [list.length, list.filter(e => e.checkVisibility() && e.getBoundingClientRect().height > 100).length]";
    let counts = page.driver.execute(script, vec![]).await?.json().clone();
    Ok((counts[0].as_u64().unwrap_or_default(), counts[1].as_u64().unwrap_or_default()))
}

async fn is_shown(page: &Page, hook: &str) -> anyhow::Result<bool> {
    page.hook(hook).await?.is_displayed().await.map_err(Into::into)
}

#[test]
fn paper_has_the_charts_as_lines_and_no_controls() {
    with_browser(Adapter::None, TINY, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        ensure!(!is_shown(page, "print-link").await?, "what is for paper is not on the screen");
        ensure!(figures(page).await?.0 == 0);

        page.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await?;
        page.driver.execute("dispatchEvent(new Event('beforeprint'))", vec![]).await?;
        let counts = figures(page).await?;
        ensure!(counts.1 == 4, "four charts are drawn as lines: {counts:?}");
        for hook in ["model.layers", "run-play", "share-open", "chart-save-loss", "loss-table-toggle"] {
            ensure!(!is_shown(page, hook).await?, "{hook} is on paper");
        }
        for hook in ["chart-loss", "chart-rate", "chart-alpha", "chart-esd", "verdict", "print-link"] {
            ensure!(is_shown(page, hook).await?, "{hook} is not on paper");
        }
        let script = "const shown = e => e.checkVisibility(); \
                      return [[...document.querySelectorAll('canvas, button, input')].filter(shown).length, \
                      getComputedStyle(document.body).backgroundColor, \
                      getComputedStyle(document.documentElement).getPropertyValue('--ink').trim()]";
        let found = page.driver.execute(script, vec![]).await?.json().clone();
        ensure!(found == json!([0, "rgb(255, 255, 255)", "#1a1a1d"]), "{found}");
        let link = page.text("print-link").await?;
        ensure!(link.contains("#v=1&") && link.contains("b.schedule.peak=0.001") && !link.contains("theme"), "{link}");

        page.driver.execute("dispatchEvent(new Event('afterprint'))", vec![]).await?;
        ensure!(figures(page).await?.0 == 0, "the drawings are gone after it");
        page.devtools("Emulation.setEmulatedMedia", json!({ "media": "" })).await?;

        // The browser prints without a turn of the page in between.
        let listen = "addEventListener('beforeprint', () => { \
                        window.drawn = document.querySelectorAll(\"[data-testid='print-figure'] svg\").length; \
                      })";
        page.driver.execute(listen, vec![]).await?;
        let pages = page.driver.print_page(PrintParameters::default()).await?;
        ensure!(pages.starts_with(b"%PDF"), "{} bytes", pages.len());
        let drawn = page.driver.execute("return window.drawn", vec![]).await?.json().clone();
        ensure!(drawn.as_u64() >= Some(4), "{drawn}");
        Ok(())
    });
}
