//! How a run is looked at: axes, crosshair, theme. None of it changes what is trained.

use leptos::prelude::*;

use super::{classroom::Classroom, library::Unfinished, overlay::Overlay};
use crate::{t, words::Language};

/// One of the page's screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// Train and compare.
    #[default]
    Train,
    /// Compare decoders.
    Decode,
    /// Guided experiments.
    Lab,
    /// Runs that the browser keeps.
    Runs,
    /// What every method is.
    Methods,
    /// The benchmark; no tab leads there.
    Bench,
}

impl Screen {
    /// The screens with a tab.
    pub const TABS: [Self; 5] = [Self::Train, Self::Decode, Self::Lab, Self::Runs, Self::Methods];

    /// The word on its tab.
    pub fn word(self) -> &'static str {
        match self {
            Self::Train => t!("Train"),
            Self::Decode => t!("Decode"),
            Self::Lab => t!("Lab"),
            Self::Runs => t!("Runs"),
            Self::Methods => t!("Methods"),
            Self::Bench => t!("Bench"),
        }
    }

    /// Its name in an address, `?ui=lab`; the first screen has none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Train => None,
            Self::Decode => Some("decode"),
            Self::Lab => Some("lab"),
            Self::Runs => Some("runs"),
            Self::Methods => Some("methods"),
            Self::Bench => Some("bench"),
        }
    }

    /// Whether it shows an experiment, which is in its address then.
    pub fn has_experiment(self) -> bool {
        matches!(self, Self::Train | Self::Decode)
    }

    /// The screen that the query of an address names.
    pub fn of_query(query: &str) -> Self {
        let values = query.trim_start_matches('?').split('&').filter_map(|pair| pair.strip_prefix("ui="));
        // A comma may be escaped.
        let mut names = values.flat_map(|value| value.split(',').flat_map(|part| part.split("%2C")));
        names.find_map(Self::named).unwrap_or_default()
    }

    /// The screen with this name; the first one has none.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Decode, Self::Lab, Self::Runs, Self::Methods, Self::Bench]
            .into_iter()
            .find(|screen| screen.name() == Some(name))
    }
}

/// What the horizontal axis of every chart counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum XAxis {
    /// Optimiser updates.
    #[default]
    Step,
    /// Tokens trained on.
    Tokens,
    /// Seconds of training.
    Seconds,
}

impl XAxis {
    /// All of them, in the order of the key X.
    pub const ALL: [Self; 3] = [Self::Step, Self::Tokens, Self::Seconds];

    /// Its name in a list of choices.
    pub fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Tokens => "tokens",
            Self::Seconds => "seconds",
        }
    }

    /// Its word on the page.
    pub fn word(self) -> &'static str {
        match self {
            Self::Step => t!("step"),
            Self::Tokens => t!("tokens"),
            Self::Seconds => t!("seconds"),
        }
    }

    /// The axis with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|axis| axis.name() == name)
    }

    /// The next one.
    pub fn next(self) -> Self {
        match self {
            Self::Step => Self::Tokens,
            Self::Tokens => Self::Seconds,
            Self::Seconds => Self::Step,
        }
    }
}

/// Light, dark, or what the system prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the system prefers.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Its name in a link.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Its word on the page.
    pub fn word(self) -> &'static str {
        match self {
            Self::System => t!("system"),
            Self::Light => t!("light"),
            Self::Dark => t!("dark"),
        }
    }

    /// The theme with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::System, Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }

    /// The next one.
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// How the alphas are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlphaView {
    /// A row of colours for each matrix.
    #[default]
    Heat,
    /// A line for each matrix.
    Lines,
    /// A row of colours for each matrix: the arm minus the first one.
    Difference,
}

/// What the second chart of the upper row shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// The learning rate.
    #[default]
    Rate,
    /// The norm of the gradient.
    Gradient,
}

/// One of the panels that share one place on a small screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// The loss chart.
    #[default]
    Loss,
    /// The learning rate chart.
    Rate,
    /// The alphas of the weight matrices.
    Alpha,
    /// The spectrum of one matrix.
    Esd,
    /// The samples.
    Text,
}

/// The settings of the view.
#[derive(Clone, Copy)]
pub struct View {
    /// The screen that is shown.
    pub screen: RwSignal<Screen>,
    /// What the link says of the page.
    pub classroom: RwSignal<Classroom>,
    /// Whether the dialog that shares the experiment is open.
    pub sharing: RwSignal<bool>,
    /// The horizontal axis of every chart.
    pub x_axis: RwSignal<XAxis>,
    /// Whether the loss axis is logarithmic.
    pub log: RwSignal<bool>,
    /// Whether the annealing law is shown over the losses.
    pub law: RwSignal<bool>,
    /// What the law is fitted to, as places in the list of all runs, the last chosen one last; empty until somebody
    /// chooses.
    pub law_fit: RwSignal<Vec<usize>>,
    /// Whether the axis of the learning rates is logarithmic.
    pub rate_log: RwSignal<bool>,
    /// What the second chart of the upper row shows.
    pub pace: RwSignal<Pace>,
    /// How the alphas are drawn.
    pub alpha_view: RwSignal<AlphaView>,
    /// The arm whose alphas and spectrum come first, 0 to 7; the last one of the page until somebody chooses.
    pub alpha_arm: RwSignal<Option<usize>>,
    /// The selected parameter, by its index in the layout of the run.
    pub matrix: RwSignal<Option<usize>>,
    /// The step under the crosshair of every chart.
    pub crosshair: RwSignal<Option<usize>>,
    /// Whether the table of arms lists every setting, and not only those that differ.
    pub all_settings: RwSignal<bool>,
    /// Raised when the browser's library of runs changed, here or in another tab.
    pub library_version: RwSignal<u32>,
    /// Kept runs behind the arms of the loss chart.
    pub overlays: RwSignal<Vec<Overlay>>,
    /// Runs that this tab had before it was loaded again, until they are gone on with or given up.
    pub unfinished: RwSignal<Option<Unfinished>>,
    /// The theme.
    pub theme: RwSignal<Theme>,
    /// The language that is spoken; the page is drawn anew when it changes.
    pub language: RwSignal<Language>,
    /// Raised when colours changed: charts read them from the style sheet.
    pub palette: RwSignal<u32>,
    /// The panel shown on a small screen.
    pub tab: RwSignal<Tab>,
    /// Whether the settings are open, where they are a drawer or a sheet.
    pub settings_open: RwSignal<bool>,
    /// Whether the settings are a drawer or a sheet on this screen.
    pub compact: RwSignal<bool>,
}

impl View {
    /// The view of a first visit.
    pub fn new() -> Self {
        Self {
            screen: RwSignal::new(Screen::Train),
            classroom: RwSignal::new(Classroom::default()),
            sharing: RwSignal::new(false),
            x_axis: RwSignal::new(XAxis::Step),
            log: RwSignal::new(true),
            law: RwSignal::new(false),
            law_fit: RwSignal::new(Vec::new()),
            rate_log: RwSignal::new(false),
            pace: RwSignal::new(Pace::Rate),
            alpha_view: RwSignal::new(AlphaView::Heat),
            alpha_arm: RwSignal::new(None),
            matrix: RwSignal::new(None),
            crosshair: RwSignal::new(None),
            all_settings: RwSignal::new(false),
            library_version: RwSignal::new(0),
            overlays: RwSignal::new(Vec::new()),
            unfinished: RwSignal::new(None),
            theme: RwSignal::new(Theme::System),
            language: RwSignal::new(Language::English),
            palette: RwSignal::new(0),
            tab: RwSignal::new(Tab::Loss),
            settings_open: RwSignal::new(false),
            compact: RwSignal::new(false),
        }
    }
}

impl Default for View {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_a_screen() {
        for (query, screen) in [
            ("", Screen::Train),
            ("?preset=gpt-nano", Screen::Train),
            ("?ui=decode", Screen::Decode),
            ("?ui=lab", Screen::Lab),
            ("?preset=gpt-nano&ui=methods", Screen::Methods),
            ("?ui=runs", Screen::Runs),
            ("?ui=bench", Screen::Bench),
            ("?ui=nothing", Screen::Train),
        ] {
            assert_eq!(Screen::of_query(query), screen, "{query}");
        }
    }
}
