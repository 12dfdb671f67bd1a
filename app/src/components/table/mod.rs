//! The charts' numbers as tables. They follow a run once per second, not once per step.

mod alpha;
mod esd;
mod gradient;
mod loss;
mod rate;

pub use alpha::AlphaTable;
pub use esd::EsdTable;
pub use gradient::GradientTable;
pub use loss::LossTable;
pub use rate::RateTable;

use leptos::prelude::*;

use crate::t;

/// Rows that a table lists.
const MOST: usize = 1_000;

/// A table: its name, its hook, what it lists, and the heads of its columns.
fn table(
    label: &'static str,
    hook: &'static str,
    caption: &'static str,
    head: impl Fn() -> Vec<String> + Send + 'static,
    rows: impl IntoView,
) -> impl IntoView {
    view! {
        <div class="tbl" tabindex="0" role="region" aria-label=t!("{label} as a table", label) data-testid=hook>
            <table>
                <caption class="sr">{caption}</caption>
                <thead>
                    <tr>{move || head().into_iter().map(|word| view! { <th scope="col">{word}</th> }).collect_view()}</tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// Heads of columns that are always the same.
fn heads<const COUNT: usize>(words: [&str; COUNT]) -> Vec<String> {
    words.map(str::to_owned).into()
}
