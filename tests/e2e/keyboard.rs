//! The whole job by keyboard alone, with the focus in sight at every stop.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use tailblazer_tests::{Adapter, Page, Server, with_browser_at};
use thirtyfour::Key;

/// A run that only a pause ends.
const ENDLESS: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                       &train.steps=1000000&sample.every=0&schedule.warmup=2&device=cpu";

const MINUTE: Duration = Duration::from_secs(60);

/// More stops than any screen has.
const STOPS: usize = 300;

/// The hook of what has the focus, what it is, and whether it shows so.
const FOCUS: &str = "const e = document.activeElement; \
    if (!e || e === document.body) return ['', '', true, true]; \
    const hook = e.dataset.testid ?? (e.localName === 'summary' ? e.parentElement.dataset.testid : null) ?? ''; \
    const outline = (e) => { const { outlineStyle: style, outlineWidth: width } = getComputedStyle(e); \
      return style !== 'none' && parseFloat(width) > 0; }; \
    const { left, right, top, bottom } = e.getBoundingClientRect(); \
    const at = document.elementFromPoint((left + right) / 2, (top + bottom) / 2); \
    return [hook, e.outerHTML.slice(0, 160), [e, e.closest('.pick')].some(e => e && outline(e)), \
            right > left && bottom > top && at !== null && (e.contains(at) || at.contains(e))]";

/// Somebody without a pointer.
struct Hands<'a> {
    page: &'a Page,
    /// Stops where the focus cannot be seen.
    faults: BTreeSet<String>,
}

impl Hands<'_> {
    async fn press(&self, key: Key) -> anyhow::Result<()> {
        Ok(self.page.driver.action_chain().send_keys(key).perform().await?)
    }

    /// Goes on to the element of a hook with Tab.
    async fn tab_to(&mut self, hook: &str) -> anyhow::Result<()> {
        self.go_to(hook, false).await
    }

    /// Goes back to the element of a hook with Shift and Tab.
    async fn back_to(&mut self, hook: &str) -> anyhow::Result<()> {
        self.go_to(hook, true).await
    }

    async fn go_to(&mut self, hook: &str, is_back: bool) -> anyhow::Result<()> {
        let mut passed = Vec::new();
        for _ in 0..STOPS {
            let chain = self.page.driver.action_chain();
            match is_back {
                true => chain.key_down(Key::Shift).send_keys(Key::Tab).key_up(Key::Shift).perform().await?,
                false => chain.send_keys(Key::Tab).perform().await?,
            }
            let (here, element) = self.look(hook).await?;
            if here == hook {
                return Ok(());
            }
            passed.push(if here.is_empty() { element } else { here });
        }
        bail!("{hook} was not reached; the last stops were {:#?}", &passed[passed.len().saturating_sub(12)..]);
    }

    /// What has the focus; notes where that cannot be seen.
    async fn look(&mut self, on_the_way: &str) -> anyhow::Result<(String, String)> {
        let focus = self.page.driver.execute(FOCUS, vec![]).await?.json().clone();
        let (hook, element, is_marked, is_in_sight): (String, String, bool, bool) = serde_json::from_value(focus)?;
        if !is_marked {
            self.faults.insert(format!("to {on_the_way}, without a mark: {element}"));
        }
        if !is_in_sight {
            self.faults.insert(format!("to {on_the_way}, out of sight: {element}"));
        }
        Ok((hook, element))
    }

    /// Fails unless the focus is on the element of a hook.
    async fn is_on(&mut self, hook: &str) -> anyhow::Result<()> {
        let (here, element) = self.look(hook).await?;
        ensure!(here == hook, "the focus is not on {hook} but on {element:?}");
        Ok(())
    }
}

async fn value(page: &Page, hook: &str, attribute: &str) -> anyhow::Result<String> {
    page.hook(hook).await?.attr(attribute).await?.with_context(|| format!("{hook} has no {attribute}"))
}

/// Trains, pauses, and changes a setting.
async fn train(hands: &mut Hands<'_>) -> anyhow::Result<()> {
    let page = hands.page;
    hands.tab_to("run-play").await?;
    hands.press(Key::Enter).await?;
    page.wait("ten steps", MINUTE, async || Ok(page.number("metric-step").await? > 10.0)).await?;
    hands.is_on("run-pause").await.context("while it trains")?;
    hands.press(Key::Space).await?;
    page.wait_for(&["paused"], MINUTE).await?;
    hands.is_on("run-play").await.context("after the pause")?;

    hands.tab_to("settings-train").await?;
    hands.press(Key::Enter).await?;
    hands.tab_to("train.steps").await?;
    page.driver.action_chain().key_down(Key::Control).send_keys("a").key_up(Key::Control).perform().await?;
    page.driver.action_chain().send_keys("70").send_keys(Key::Tab).perform().await?;
    let is_changed = async || Ok(page.driver.current_url().await?.as_str().contains("train.steps=70&"));
    page.wait("the steps in the address", MINUTE, is_changed).await
}

/// Opens a recorded experiment from the lab, in a tab of its own because something was trained, and scrubs its decodes.
async fn decode(hands: &mut Hands<'_>) -> anyhow::Result<()> {
    let page = hands.page;
    hands.tab_to("screen-lab").await?;
    hands.press(Key::Enter).await?;
    page.wait("the lab", MINUTE, async || Ok(page.hook("lab-draft-verify").await.is_ok())).await?;
    hands.is_on("screen-lab").await?;
    hands.tab_to("lab-draft-verify").await?;
    hands.press(Key::Enter).await?;
    page.wait("another tab", MINUTE, async || Ok(page.driver.windows().await?.len() == 2)).await?;
    let tab = page.driver.windows().await?.pop().context("a tab")?;
    page.driver.switch_to_window(tab).await?;
    page.wait("the recording", MINUTE, async || Ok(page.hook("replay").await.is_ok())).await?;

    hands.tab_to("tab-decode").await?;
    hands.press(Key::Enter).await?;
    page.wait("recorded traces", MINUTE, async || Ok(page.hook("token-grid-1").await.is_ok())).await?;
    hands.tab_to("trace-scrubber").await?;
    for (key, moment) in [(Key::Home, "0"), (Key::Right, "1"), (Key::Right, "2"), (Key::Left, "1")] {
        hands.press(key.clone()).await?;
        let now = value(page, "trace-scrubber", "aria-valuenow").await?;
        ensure!(now == moment, "{key:?} leads to forward {now}, not {moment}");
    }
    Ok(())
}

/// Copies the link of what is shown.
async fn share(hands: &mut Hands<'_>) -> anyhow::Result<()> {
    let page = hands.page;
    hands.back_to("share-open").await?;
    hands.press(Key::Enter).await?;
    page.wait("the dialog", MINUTE, async || Ok(page.hook("share-copy").await.is_ok())).await?;
    let inside = "return document.activeElement.closest('dialog[open]') !== null";
    ensure!(page.driver.execute(inside, vec![]).await?.json() == true, "the dialog has the focus");
    hands.tab_to("share-copy").await?;
    hands.press(Key::Enter).await?;
    page.wait("a copy", MINUTE, async || Ok(page.text("share-copy").await? == "Copied")).await?;
    hands.press(Key::Escape).await?;
    page.wait("no dialog", MINUTE, async || Ok(page.hook("share-copy").await.is_err())).await?;
    hands.is_on("share-open").await.context("after the dialog")
}

#[test]
fn a_run_is_trained_decoded_and_shared_without_a_pointer() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, ENDLESS, async |page| {
        let mut hands = Hands { page, faults: BTreeSet::new() };
        train(&mut hands).await?;
        decode(&mut hands).await?;
        share(&mut hands).await?;
        ensure!(hands.faults.is_empty(), "the focus is hard to see: {:#?}", hands.faults);
        Ok(())
    });
}

#[test]
fn the_sheet_of_settings_keeps_the_focus_and_gives_it_back() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, ENDLESS, async |page| {
        let phone = json!({ "width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true });
        page.devtools("Emulation.setDeviceMetricsOverride", phone).await?;
        // Nothing slides, so that what has the focus is where it will stay.
        let still = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        page.devtools("Emulation.setEmulatedMedia", still).await?;
        let mut hands = Hands { page, faults: BTreeSet::new() };
        hands.tab_to("settings-open").await?;
        hands.press(Key::Enter).await?;
        let has_focus = async |hook: &str| {
            let script = "return document.activeElement.dataset.testid === arguments[0]";
            Ok(page.driver.execute(script, vec![hook.into()]).await?.json() == true)
        };
        page.wait("the sheet", MINUTE, async || has_focus("settings-close").await).await?;
        let mut stops = 0;
        while stops == 0 || !has_focus("settings-close").await? {
            hands.press(Key::Tab).await?;
            let (_, element) = hands.look("the sheet once around").await?;
            let inside =
                "const e = document.activeElement; return e === document.body || e.closest('#settings') !== null";
            ensure!(page.driver.execute(inside, vec![]).await?.json() == true, "{element} is behind the sheet");
            stops += 1;
            ensure!(stops < STOPS, "the sheet has no end");
        }
        ensure!(stops > 10, "only {stops} stops in the sheet");
        hands.press(Key::Escape).await?;
        page.wait("the button that opened it", MINUTE, async || has_focus("settings-open").await).await?;
        ensure!(hands.faults.is_empty(), "the focus is hard to see: {:#?}", hands.faults);
        Ok(())
    });
}
