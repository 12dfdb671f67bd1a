//! The built page in real browsers: a file server, a driver, and the page as an object.
//!
//! Tests find elements by the page's `data-testid` hooks only. `cargo xtask test` builds the page and names its folder
//! in `TAILBLAZER_DIST`; without it the tests look in `dist/`.

mod browser;
mod devtools;
mod page;
mod server;

pub use browser::{Adapter, Browser, with_browser, with_browser_at};
pub use page::{Page, StepLoss};
pub use server::Server;
