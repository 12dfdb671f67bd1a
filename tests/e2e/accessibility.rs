//! Every screen keeps the rules of axe-core: as it stands and in use, light and dark, on a desk and on a phone; and fits into
//! 320 pixels.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use anyhow::ensure;
use serde_json::json;
use tailblazer_tests::{Adapter, Page, Server, Violation, with_browser_at, with_empty_page};

const MINUTE: Duration = Duration::from_secs(60);

/// Two arms that learn to fill masks, over two seeds, so that every kind of panel has something to show.
const SMALL: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=200\
                     &schedule.warmup=2&device=cpu&sample.every=50&sample.length=16&layerwise.watch=50&seeds=2\
                     &train.eval_every=50&train.eval_windows=2&objective.method=masked&objective.block=4\
                     &decode.length=8&b.layerwise.method=llr&b.layerwise.every=50&b.layerwise.ramp=20";

/// What the page is shown on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Desk,
    Phone,
    /// A desk's 1280 pixels, enlarged four times.
    Enlarged,
}

impl Size {
    /// Width and height in pixels; no window is as narrow as a phone, so the size is that of an emulated screen.
    fn pixels(self) -> (u64, u64) {
        match self {
            Self::Desk => (1440, 900),
            Self::Phone => (390, 844),
            Self::Enlarged => (320, 640),
        }
    }
}

/// Pixels that lie outside what scrolls, where the most do; axe-core judges no colour and no size there.
const HIDDEN: &str = "return Math.max(0, ...[...document.querySelectorAll('*')] \
                      .filter(e => ['auto', 'scroll'].includes(getComputedStyle(e).overflowY)) \
                      .map(e => e.scrollHeight - e.clientHeight))";

/// Elements for which the whole page has to be scrolled sideways.
const WIDE: &str = "if (document.scrollingElement.scrollWidth <= innerWidth) return []; \
                    return [...document.querySelectorAll('body *')] \
                      .filter(e => e.getBoundingClientRect().right > innerWidth + 1) \
                      .map(e => e.outerHTML.slice(0, 160))";

/// What every place that was looked at breaks.
struct Looks<'a> {
    page: &'a Page,
    found: BTreeMap<Violation, BTreeSet<String>>,
}

impl<'a> Looks<'a> {
    fn new(page: &'a Page) -> Self {
        Self { page, found: BTreeMap::new() }
    }

    /// Looks at what is shown, light and dark, on a desk and on a phone, and at whether it fits when it is enlarged.
    async fn everywhere(&mut self, place: &str) -> anyhow::Result<()> {
        self.resize(Size::Enlarged, 0).await?;
        let wide: Vec<String> = serde_json::from_value(self.page.driver.execute(WIDE, vec![]).await?.json().clone())?;
        // The outermost one says enough.
        for element in wide.into_iter().take(1) {
            let violation = Violation { rule: "wider than 320 pixels".into(), element };
            self.found.entry(violation).or_default().insert(place.into());
        }
        self.at(Size::Phone, place).await?;
        self.at(Size::Desk, place).await
    }

    /// Looks at what is shown at one size, light and dark, and once more so high that nothing has to be scrolled to.
    async fn at(&mut self, size: Size, place: &str) -> anyhow::Result<()> {
        self.resize(size, 0).await?;
        self.in_both_themes(size, place).await?;
        let hidden = self.page.driver.execute(HIDDEN, vec![]).await?.json().as_u64().unwrap_or_default();
        if hidden > 0 {
            self.resize(size, hidden).await?;
            self.in_both_themes(size, place).await?;
            self.resize(size, 0).await?;
        }
        Ok(())
    }

    async fn in_both_themes(&mut self, size: Size, place: &str) -> anyhow::Result<()> {
        for theme in ["dark", "light"] {
            // Without motion a colour is never on its way to another.
            let features = json!([{ "name": "prefers-color-scheme", "value": theme },
                                  { "name": "prefers-reduced-motion", "value": "reduce" }]);
            self.page.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await?;
            self.frames().await?;
            for violation in self.page.violations().await? {
                self.found.entry(violation).or_default().insert(format!("{place} ({size:?}, {theme})"));
            }
        }
        Ok(())
    }

    /// Gives the page another size, higher by some pixels.
    async fn resize(&self, size: Size, more: u64) -> anyhow::Result<()> {
        let (width, height) = size.pixels();
        let (height, is_phone) = (height + more, size == Size::Phone);
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
        self.page.devtools("Emulation.setDeviceMetricsOverride", screen).await?;
        self.frames().await
    }

    /// Waits until the page has followed a change of its surroundings.
    async fn frames(&self) -> anyhow::Result<()> {
        let script = "const done = arguments[arguments.length - 1]; \
                      requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100)))";
        self.page.driver.execute_async(script, vec![]).await?;
        Ok(())
    }

    /// Fails with all that was found.
    fn end(self) -> anyhow::Result<()> {
        let said = self.found.iter().map(|(Violation { rule, element }, places)| {
            let places: Vec<&str> = places.iter().map(String::as_str).collect();
            format!("{rule}\n    at {}\n      {element}\n", places.join(", "))
        });
        let said: Vec<String> = said.collect();
        ensure!(said.is_empty(), "{} elements break a rule:\n{}", said.len(), said.join("\n"));
        Ok(())
    }
}

/// Opens whatever is folded in the element of a selector.
async fn unfold(page: &Page, selector: &str) -> anyhow::Result<()> {
    let script = "document.querySelectorAll(`${arguments[0]} details`).forEach(e => { e.open = true; })";
    page.driver.execute(script, vec![selector.into()]).await?;
    Ok(())
}

/// Has the page speak German.
async fn speak_german(page: &Page) -> anyhow::Result<()> {
    page.choose("lang-select", "de").await?;
    let spoken = async || page.driver.execute("return document.documentElement.lang", vec![]).await;
    page.wait("German", MINUTE, async || Ok(spoken().await?.json() == "de")).await
}

#[test]
fn the_screen_that_trains_keeps_the_rules() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, SMALL, async |page| {
        let mut looks = Looks::new(page);
        looks.everywhere("idle").await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 3 * MINUTE).await?;
        looks.everywhere("finished").await?;

        for tab in ["tab-rate", "tab-alpha", "tab-esd", "tab-text", "tab-loss"] {
            looks.resize(Size::Phone, 0).await?;
            page.click(tab).await?;
            looks.at(Size::Phone, tab).await?;
        }
        unfold(page, "#settings").await?;
        page.click("settings-open").await?;
        looks.at(Size::Phone, "settings").await?;
        page.click("settings-close").await?;
        looks.at(Size::Desk, "settings").await?;

        for table in ["loss", "rate", "alpha", "esd"] {
            page.click(&format!("{table}-table-toggle")).await?;
        }
        looks.everywhere("tables").await?;
        page.click("share-open").await?;
        unfold(page, ".share").await?;
        looks.everywhere("share").await?;
        page.click("share-close").await?;
        speak_german(page).await?;
        looks.everywhere("in German").await?;
        looks.end()
    });
}

#[test]
fn the_other_screens_keep_the_rules() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, SMALL, async |page| {
        let mut looks = Looks::new(page);
        page.click("tab-decode").await?;
        looks.everywhere("decode, untrained").await?;
        page.click("screen-train").await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 3 * MINUTE).await?;

        page.click("tab-decode").await?;
        page.click("decode-run").await?;
        let is_over = "const all = [...document.querySelectorAll(`[data-testid='token-grid-1'] [data-pos]`)]; \
                       return all.length > 0 && all.every(e => !['masked', 'waiting'].includes(e.dataset.state))";
        let is_over = async || Ok(page.driver.execute(is_over, vec![]).await?.json() == true);
        page.wait("a text without masks", 2 * MINUTE, is_over).await?;
        page.driver
            .execute("document.querySelector(`[data-testid='token-grid-1'] [data-pos]`).click()", vec![])
            .await?;
        looks.everywhere("decode").await?;
        page.hook("trace-scrubber").await?.focus().await?;
        // Home, then one forward on.
        page.driver.action_chain().send_keys("\u{e011}\u{e014}").perform().await?;
        page.click("commits-table-toggle").await?;
        looks.everywhere("decode, midway").await?;

        page.click("screen-runs").await?;
        page.wait("a kept run", MINUTE, async || Ok(page.hook("run-row").await.is_ok())).await?;
        looks.everywhere("runs").await?;
        for screen in ["screen-lab", "screen-methods"] {
            page.click(screen).await?;
            looks.everywhere(screen).await?;
        }
        speak_german(page).await?;
        looks.everywhere("methods in German").await?;
        looks.end()
    });
}

#[test]
fn frames_and_recordings_keep_the_rules() {
    let server = Server::start(&[]).expect("the page is served");
    with_empty_page(Adapter::None, async |page| {
        let mut looks = Looks::new(page);
        let open = async |link: &str| Page::open(page.driver.clone(), &format!("{}{link}", server.url())).await;
        open("?preset=wsd").await?;
        page.wait("the recording", MINUTE, async || Ok(page.hook("replay").await.is_ok())).await?;
        looks.everywhere("recording").await?;
        unfold(page, ".top").await?;
        looks.everywhere("recording with its guide").await?;

        let short = SMALL.replace("train.steps=200", "train.steps=60");
        for layout in ["?ui=compact", "?ui=chart&theme=dark", "?ui=decode,compact"] {
            open(&format!("{layout}{short}")).await?;
            looks.everywhere(&format!("{layout} at first")).await?;
            page.click("run-play").await?;
            page.wait_for(&["finished"], 2 * MINUTE).await?;
            looks.everywhere(&format!("{layout} at last")).await?;
        }
        for (link, place) in [
            ("?preset=draft-verify&ui=decode", "recorded decodes"),
            ("#v=1&device=cpu&arms=2", "equal arms"),
            ("no-simd.html", "unsupported"),
        ] {
            page.driver.goto("about:blank").await?;
            open(link).await?;
            looks.everywhere(place).await?;
        }
        // These have no run bar to wait for.
        for (link, hook) in [("?ui=bench", "bench-run"), ("embed/?preset=wsd", "embed-poster")] {
            page.driver.goto(&format!("{}{link}", server.url())).await?;
            page.wait(hook, MINUTE, async || match page.hook(hook).await {
                Ok(element) => Ok(element.is_displayed().await?),
                Err(_) => Ok(false),
            })
            .await?;
            looks.everywhere(link).await?;
        }
        looks.end()
    });
}
