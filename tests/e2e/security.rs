//! The page speaks to its own origin alone, and its policy holds it to that.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Elsewhere, Page, Server, with_watched_page};

const MINUTE: Duration = Duration::from_secs(60);

/// An experiment that ends at once.
const TINY: &str = "v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=20\
                    &schedule.warmup=2&device=cpu&sample.every=10&sample.length=8&layerwise.watch=5&seeds=1";

/// Asks a host that is nowhere, and says whether the policy forbade it before anybody was asked.
async fn is_forbidden(page: &Page, host: &str) -> anyhow::Result<bool> {
    let script = "const [host, done] = arguments; let isForbidden = false; \
                  addEventListener('securitypolicyviolation', () => { isForbidden = true; }, { once: true }); \
                  fetch(`http://${host}/`, { mode: 'no-cors' }).catch(() => 0).then(() => setTimeout(() => done(isForbidden), 200))";
    Ok(page.driver.execute_async(script, vec![host.into()]).await?.json() == &serde_json::Value::Bool(true))
}

#[test]
fn nothing_is_asked_of_any_other_origin() {
    let lab = Server::start(&[]).expect("the page is served");
    let elsewhere = Elsewhere::listen().expect("a proxy");
    let free = Server::of_somebody_else("<p>A page without a policy</p>".into()).expect("somebody's page");
    with_watched_page(Adapter::None, &elsewhere, async |empty| {
        // What the browser itself asks for is not the page's doing.
        empty.driver.goto(&free.url()).await?;
        ensure!(!is_forbidden(empty, "control.invalid").await?, "there is no policy here");
        let of_browser = elsewhere.asked();
        ensure!(of_browser.iter().any(|line| line.contains("control.invalid")), "the proxy notices: {of_browser:?}");

        let page = Page::open(empty.driver.clone(), &format!("{}#{TINY}", lab.url())).await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        for screen in ["tab-decode", "screen-lab", "screen-runs", "screen-methods", "screen-train", "share-open"] {
            page.click(screen).await?;
        }
        ensure!(is_forbidden(&page, "page.invalid").await?, "the page may ask other origins");
        page.driver.goto(&format!("{}embed/?preset=wsd", lab.url())).await?;
        ensure!(is_forbidden(&page, "frame.invalid").await?, "the poster may ask other origins");

        // Chromium asks its makers of its own accord, whatever it shows.
        let is_of_makers =
            |line: &String| [".google.com:443", ".googleapis.com:443"].iter().any(|host| line.contains(host));
        let mut asked = elsewhere.asked().split_off(of_browser.len());
        asked.retain(|line| !is_of_makers(line));
        ensure!(asked.is_empty(), "other origins were asked: {asked:?}");
        Ok(())
    });
}
