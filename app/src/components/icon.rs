//! The icons of the page, as shapes that take the colour of their words.

use leptos::prelude::*;

/// A small drawing beside a word, or in its place where the control has a label of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Train.
    Play,
    /// Pause.
    Pause,
    /// One step.
    Step,
    /// One step back.
    Back,
    /// One more.
    Plus,
    /// A branch.
    Branch,
    /// Back to step 0.
    Reset,
    /// Done.
    Check,
    /// Beware.
    Warning,
    /// Close, cancel, failed.
    Cross,
    /// A device.
    Chip,
    /// A chart as a table.
    Table,
    /// The theme.
    Theme,
    /// A link.
    Link,
    /// The settings.
    Sliders,
    /// Save as a file.
    Save,
    /// Nothing yet.
    Circle,
    /// At work.
    Dot,
}

impl Icon {
    fn markup(self) -> &'static str {
        match self {
            Self::Play => r#"<svg width="10" height="12"><path d="M0 0l10 6-10 6z" fill="currentColor"/></svg>"#,
            Self::Pause => {
                r#"<svg width="10" height="12"><path d="M0 0h3.4v12H0zM6.6 0H10v12H6.6z" fill="currentColor"/></svg>"#
            }
            Self::Step => {
                r#"<svg width="12" height="12"><path d="M0 0l8 6-8 6zM9.6 0H12v12H9.6z" fill="currentColor"/></svg>"#
            }
            Self::Back => {
                r#"<svg width="12" height="12"><path d="M12 0L4 6l8 6zM0 0h2.4v12H0z" fill="currentColor"/></svg>"#
            }
            Self::Plus => {
                r#"<svg width="11" height="11" fill="none" stroke="currentColor" stroke-width="1.7"><path d="M5.5 0v11M0 5.5h11"/></svg>"#
            }
            Self::Branch => {
                r#"<svg width="13" height="12" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M0 3h12M3.5 3c3 0 2.5 5.5 5.5 5.5"/><circle cx="10.6" cy="8.6" r="1.7"/></svg>"#
            }
            Self::Reset => {
                r#"<svg width="13" height="13" fill="none" stroke="currentColor" stroke-width="1.6"><path d="M2 6.5a4.7 4.7 0 1 0 1.5-3.4M1.6 1v3.2h3.2"/></svg>"#
            }
            Self::Check => {
                r#"<svg width="11" height="9" fill="none" stroke="currentColor" stroke-width="1.9"><path d="M1 4.6l3 3L10 1"/></svg>"#
            }
            Self::Warning => {
                r#"<svg width="12" height="11" fill="none" stroke="currentColor" stroke-width="1.5"><path d="M6 1L11 10H1zM6 4v3M6 8.2v.8"/></svg>"#
            }
            Self::Cross => {
                r#"<svg width="9" height="9" fill="none" stroke="currentColor" stroke-width="1.8"><path d="M1 1l7 7M8 1L1 8"/></svg>"#
            }
            Self::Chip => {
                r#"<svg width="12" height="12" fill="none" stroke="currentColor" stroke-width="1.2"><rect x="2.5" y="2.5" width="7" height="7" rx="1"/><path d="M4.5 0v2M7.5 0v2M4.5 10v2M7.5 10v2M0 4.5h2M0 7.5h2M10 4.5h2M10 7.5h2"/></svg>"#
            }
            Self::Table => {
                r#"<svg width="12" height="11" fill="none" stroke="currentColor" stroke-width="1.2"><rect x=".6" y=".6" width="10.8" height="9.8" rx="1"/><path d="M.6 3.8h10.8M.6 7.1h10.8M4.5 3.8v6.6"/></svg>"#
            }
            Self::Theme => {
                r#"<svg width="15" height="15"><circle cx="7.5" cy="7.5" r="5.6" fill="none" stroke="currentColor" stroke-width="1.5"/><path d="M7.5 1.9a5.6 5.6 0 0 1 0 11.2z" fill="currentColor"/></svg>"#
            }
            Self::Link => {
                r#"<svg width="13" height="13" fill="none" stroke="currentColor" stroke-width="1.5"><path d="M5.5 7.5a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.8.8M7.5 5.5a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.8-.8"/></svg>"#
            }
            Self::Sliders => {
                r#"<svg width="18" height="14" fill="none" stroke="currentColor" stroke-width="1.5"><path d="M0 3h9M14 3h4M0 11h4M9 11h9"/><circle cx="11.5" cy="3" r="2.3"/><circle cx="6.5" cy="11" r="2.3"/></svg>"#
            }
            Self::Save => {
                r#"<svg width="12" height="12" fill="none" stroke="currentColor" stroke-width="1.4"><path d="M6 .5v7M3 5l3 3 3-3M.7 11.2h10.6"/></svg>"#
            }
            Self::Circle => {
                r#"<svg width="9" height="9" fill="none" stroke="currentColor" stroke-width="1.5"><circle cx="4.5" cy="4.5" r="3.5"/></svg>"#
            }
            Self::Dot => {
                r#"<svg width="9" height="9" class="pulse"><circle cx="4.5" cy="4.5" r="4" fill="currentColor"/></svg>"#
            }
        }
    }
}

/// Draws an icon. It says nothing to a screen reader: the word or the label beside it does.
#[component]
pub fn Glyph(
    /// Which one.
    #[prop(into)]
    icon: Signal<Icon>,
) -> impl IntoView {
    view! { <span class="glyph" aria-hidden="true" inner_html=move || icon.get().markup()></span> }
}

/// The mark: a weight spectrum that falls into a heavy tail, with one outlier blazed on it.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg width="30" height="20" viewBox="0 0 30 20" fill="none" aria-hidden="true">
            <path
                d="M1.4 18.2C4.4 18.2 4.7 2.2 7.7 2.2c3.3 0 2.7 9.3 7.3 12.9 3.3 2.5 8 2.9 13.6 3"
                stroke="currentColor"
                stroke-width="2.3"
                stroke-linecap="round"
            ></path>
            <rect x="21.1" y="6.6" width="3.4" height="7.4" rx="1" fill="var(--blaze)"></rect>
        </svg>
    }
}
