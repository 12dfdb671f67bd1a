//! The page around the run: it answers while it trains, keeps its link, and says what it cannot do.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Program, Server, with_browser, with_browser_at};
use thirtyfour::By;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn typing_in_a_field_works_while_it_trains() {
    with_browser(Adapter::None, "#v=1&device=cpu&sample.every=0", async |page| {
        page.click("run-play").await?;
        page.wait("five steps", MINUTE, async || Ok(page.number("metric-step").await? > 5.0)).await?;
        page.edit("sample.prompt", "").await?;
        let before = page.number("metric-step").await?;
        page.edit("sample.prompt", "Call me Ishmael").await?;
        ensure!(page.state().await? == "running", "an edit stopped the run");
        page.wait("more steps", MINUTE, async || Ok(page.number("metric-step").await? > before)).await
    });
}

#[test]
fn an_edit_changes_the_address_and_the_address_brings_it_back() {
    with_browser(Adapter::None, "", async |page| {
        page.edit("model.layers", "2").await?;
        page.wait("the link", MINUTE, async || {
            Ok(page.driver.current_url().await?.as_str().contains("model.layers=2"))
        })
        .await?;
        page.reload().await?;
        let field = page.hook("model.layers").await?;
        ensure!(field.prop("value").await?.as_deref() == Some("2"));
        Ok(())
    });
}

#[test]
fn a_browser_without_wasm_simd_gets_a_sentence_and_no_blank_page() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, "no-simd.html", async |page| {
        let text = page.driver.find(By::Tag("body")).await?.text().await?;
        ensure!(text.contains("WASM SIMD"), "{text}");

        // It plays recorded runs all the same.
        let covered = async || {
            let script = "return document.querySelector('.recorded svg > rect:last-child')?.getAttribute('width')";
            let width = page.driver.execute(script, vec![]).await?;
            Ok::<_, anyhow::Error>(width.json().as_str().and_then(|width| width.parse::<f64>().ok()))
        };
        page.wait("a whole curve", MINUTE, async || Ok(covered().await? == Some(0.0))).await?;
        page.click("recorded-play").await?;
        page.wait("a part of it", MINUTE, async || Ok(covered().await?.is_some_and(|width| width > 50.0))).await?;
        page.wait("the whole again", MINUTE, async || Ok(covered().await? == Some(0.0))).await
    });
}

#[test]
fn nothing_is_asked_of_another_origin() {
    with_browser(Adapter::None, "#v=1&device=cpu&train.steps=20&schedule.warmup=2&sample.every=0", async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        let script = "return performance.getEntriesByType('resource').map(e => e.name)";
        let resources = page.driver.execute(script, vec![]).await?.json().clone();
        let origin = page.driver.current_url().await?;
        for resource in resources.as_array().into_iter().flatten().filter_map(|resource| resource.as_str()) {
            let is_own = resource.starts_with(&origin.origin().ascii_serialization())
                || resource.starts_with("data:")
                || resource.starts_with("blob:");
            ensure!(is_own, "{resource}");
        }
        Ok(())
    });
}

/// The column of the methods page's table that is about a browser of the tests, and the one about the present browser.
fn ensure_the_table_is_right(adapter: Adapter, column: usize) {
    with_browser(adapter, "?ui=methods", async |page| {
        let script = "return [...document.querySelectorAll(\"[data-testid='browser-ability']\")].map(row => \
                      [row.querySelector('th').textContent, ...[...row.querySelectorAll('td')].map(e => e.dataset.has ?? null)])";
        let rows = async || Ok::<_, anyhow::Error>(page.driver.execute(script, vec![]).await?.json().clone());
        let is_known = async || {
            Ok(rows()
                .await?
                .as_array()
                .is_some_and(|rows| !rows.is_empty() && rows.iter().all(|row| !row[1].is_null())))
        };
        page.wait("what this browser can do", MINUTE, is_known).await?;
        let wrong: Vec<_> =
            rows().await?.as_array().into_iter().flatten().filter(|row| row[1] != row[1 + column]).cloned().collect();
        ensure!(wrong.is_empty(), "{wrong:?}");
        Ok(())
    });
}

#[test]
fn the_methods_page_says_what_this_browser_can_do() {
    match Program::chosen().expect("a browser") {
        Program::Chromium => {
            ensure_the_table_is_right(Adapter::SwiftShader, 1);
            ensure_the_table_is_right(Adapter::None, 2);
        }
        Program::Firefox => ensure_the_table_is_right(Adapter::None, 3),
        Program::WebKit => ensure_the_table_is_right(Adapter::None, 4),
    }
}
