//! Settings in the hand: multipliers as bars and a schedule as a curve, by pointer and by keys, and in the address.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tailblazer_tests::{Adapter, Page, with_browser};
use thirtyfour::{By, Key, WebElement};

const MINUTE: Duration = Duration::from_secs(60);

/// The element of a hook, in the middle of its column.
async fn in_sight(page: &Page, name: &str) -> anyhow::Result<WebElement> {
    let element = page.hook(name).await?;
    element.scroll_into_view().await?;
    Ok(element)
}

/// The value of a slider.
async fn value(page: &Page, name: &str) -> anyhow::Result<f64> {
    let value = page.hook(name).await?.attr("aria-valuenow").await?.with_context(|| format!("{name} has no value"))?;
    Ok(value.parse()?)
}

/// Presses keys on a slider or the surface around some.
async fn press(page: &Page, name: &str, keys: &[Key]) -> anyhow::Result<()> {
    page.hook(name).await?.focus().await?;
    for key in keys {
        page.driver.action_chain().send_keys(key.clone()).perform().await?;
    }
    Ok(())
}

async fn wait_for_address(page: &Page, part: &str) -> anyhow::Result<()> {
    let found = async || Ok(page.driver.current_url().await?.as_str().contains(part));
    page.wait(&format!("{part} in the address"), MINUTE, found).await
}

async fn points(page: &Page) -> anyhow::Result<usize> {
    page.count("[data-testid^='schedule-point-']").await
}

/// How many canvases show the multipliers.
async fn drawn(page: &Page) -> anyhow::Result<usize> {
    page.count("[data-testid='multipliers'] canvas").await
}

#[test]
fn multipliers_are_drawn_while_their_group_is_open() {
    with_browser(Adapter::None, "#v=1&device=cpu&layerwise.method=llr", async |page| {
        ensure!(drawn(page).await? == 0, "the group is closed at first");
        page.click("settings-layerwise").await?;
        page.wait("the bars", MINUTE, async || Ok(drawn(page).await? == 1)).await?;
        let words = page.hook("multipliers").await?.attr("aria-label").await?.unwrap_or_default();
        ensure!(words.contains("from ×1.00") && words.contains("to ×5.00"), "{words}");
        page.choose("layerwise-select", "manual").await?;
        page.wait("bars to drag", MINUTE, async || Ok(page.hook("manual-head").await.is_ok())).await?;
        ensure!(drawn(page).await? == 0);
        page.choose("layerwise-select", "uniform").await?;
        page.wait("the bars", MINUTE, async || Ok(drawn(page).await? == 1)).await?;
        page.driver.find(By::Css("[data-testid='settings-layerwise'] > summary")).await?.click().await?;
        page.wait("no bars", MINUTE, async || Ok(drawn(page).await? == 0)).await
    });
}

#[test]
fn bars_are_dragged_and_moved_by_keys() {
    with_browser(Adapter::None, "#v=1&device=cpu&model.layers=2&layerwise.method=manual", async |page| {
        page.click("settings-layerwise").await?;
        let bar = in_sight(page, "manual-layer-1").await?;
        let quarter = (bar.rect().await?.height / 4.0).round() as i64;
        let chain = page.driver.action_chain().click_and_hold_element(&bar);
        chain.move_to_element_with_offset(&bar, 0, -quarter).release().perform().await?;
        let dragged = value(page, "manual-layer-1").await?;
        ensure!((dragged - 3.75).abs() < 0.2, "three quarters of a scale to 5 are not {dragged}");
        wait_for_address(page, &format!("layerwise.layer-1={dragged}")).await?;

        press(page, "manual-layer-2", &[Key::Up, Key::PageUp]).await?;
        wait_for_address(page, "layerwise.layer-2=2.1").await?;
        press(page, "manual-embedding", &[Key::PageDown]).await?;
        wait_for_address(page, "layerwise.embedding=0").await?;
        press(page, "manual-layer-1", &[Key::Home]).await?;
        ensure!(value(page, "manual-layer-1").await? == 1.0);

        // The numbers are the same, and there are as many as the model has.
        page.click("manual-numbers").await?;
        ensure!(page.hook("layerwise.layer-2").await?.prop("value").await?.as_deref() == Some("2.1"));
        ensure!(page.hook("layerwise.layer-3").await.is_err() && page.hook("manual-layer-3").await.is_err());
        page.edit("layerwise.layer-2", "7").await?;
        ensure!(value(page, "manual-layer-2").await? == 7.0);
        Ok(())
    });
}

#[test]
fn a_curve_is_drawn_point_by_point_and_freely() {
    with_browser(Adapter::None, "#v=1&device=cpu&schedule.shape=drawn&schedule.points=0:1,1:0", async |page| {
        let surface = in_sight(page, "schedule-draw").await?;
        let (wide, high) = {
            let rect = surface.rect().await?;
            ((rect.width / 4.0) as i64, (rect.height / 4.0) as i64)
        };
        // A click beside the line adds a point, which has the focus; keys move it and remove it.
        let chain = page.driver.action_chain().move_to_element_with_offset(&surface, wide, -high);
        chain.click().perform().await?;
        page.wait("a third point", MINUTE, async || Ok(points(page).await? == 3)).await?;
        let added = value(page, "schedule-point-2").await?;
        press(page, "schedule-point-2", &[Key::Down, Key::Down]).await?;
        let moved = value(page, "schedule-point-2").await?;
        ensure!((added - moved - 0.02).abs() < 1e-9, "{added} and {moved}");
        press(page, "schedule-point-2", &[Key::Delete]).await?;
        page.wait("two points", MINUTE, async || Ok(points(page).await? == 2)).await?;
        press(page, "schedule-draw", &[Key::Enter]).await?;
        wait_for_address(page, "0.5:0.5").await?;

        // A point is dragged, the ends only up and down.
        let point = page.hook("schedule-point-1").await?;
        let chain = page.driver.action_chain().click_and_hold_element(&point);
        chain.move_by_offset(wide, high).release().perform().await?;
        let start = value(page, "schedule-point-1").await?;
        ensure!(start > 0.1 && start < 0.9, "{start}");
        wait_for_address(page, &format!("schedule.points=0:{start},0.5:0.5,1:0")).await?;

        // A stroke through the air has few corners, and two flanks where it leaves the curve.
        let mut chain = page.driver.action_chain();
        chain = chain.move_to_element_with_offset(&surface, -wide, -high).click_and_hold();
        for (x, y) in [(-wide / 2, 0), (0, high), (wide / 2, 0), (wide, -high)] {
            chain = chain.move_to_element_with_offset(&surface, x, y);
        }
        chain.release().perform().await?;
        page.wait("a stroke", MINUTE, async || Ok(points(page).await? > 4)).await?;
        ensure!(points(page).await? <= 9, "{} points for a wedge", points(page).await?);
        let drawn = page.hook("schedule.points").await?.prop("value").await?.context("a curve")?;
        wait_for_address(page, &drawn).await
    });
}
