//! The built page in real browsers: a file server, a driver, the page as an object, and worked examples.
//!
//! Tests find elements by the page's `data-testid` hooks only. `cargo xtask test` builds the page and names its folder
//! in `TAILBLAZER_DIST`; without it the tests look in `dist/`. It also installs what the examples are built with, and
//! names that in `TAILBLAZER_MDBOOK` and `TAILBLAZER_PACKAGES`; the script of axe-core, whose rules judge how accessible
//! the page is, it names in `TAILBLAZER_AXE`.

mod axe;
mod browser;
mod devtools;
mod elsewhere;
mod example;
mod files;
mod memory;
mod page;
mod program;
mod server;

pub use axe::Violation;
pub use browser::{Adapter, Browser, with_browser, with_browser_at, with_empty_page, with_watched_page};
pub use elsewhere::Elsewhere;
pub use example::Example;
pub use page::{Page, StepLoss};
pub use program::Program;
pub use server::{FOLDER, Server, dist};
