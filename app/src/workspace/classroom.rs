//! What the query of a link says of the page itself: how much of it is shown, what is hidden, what cannot be changed. A
//! teacher chooses it; none of it changes what is trained.

use super::view::{Screen, Theme};
use crate::{key, words::Language};

/// How much of the page is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// All of it.
    #[default]
    Full,
    /// One chart at a time, the verdict and the run bar, in a small frame; of the decoders, their tokens.
    Compact,
    /// One chart and the run bar.
    Chart,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Full, Self::Compact, Self::Chart];

    /// Its name in a link.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Compact => "compact",
            Self::Chart => "chart",
        }
    }
}

/// A piece of the page that a link can hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its name in a link.
    pub name: &'static str,
    /// What it is, for the dialog that makes links.
    pub title: &'static str,
    /// Whether it is a group of settings, which a link can lock too.
    pub is_group: bool,
}

const fn piece(name: &'static str, title: &'static str) -> Piece {
    Piece { name, title, is_group: false }
}

const fn group(name: &'static str, title: &'static str) -> Piece {
    Piece { name, title, is_group: true }
}

/// Every piece, in the order of the page.
pub const PIECES: [Piece; 22] = [
    piece("nav", key!("Other screens")),
    piece("guide", key!("What to look at")),
    piece("step", key!("Step")),
    piece("branch", key!("Branch")),
    piece("reset", key!("Reset")),
    piece("settings", key!("All settings")),
    group("text", key!("Text")),
    group("model", key!("Model")),
    group("objective", key!("Objective")),
    group("optimiser", key!("Optimiser")),
    group("schedule", key!("Schedule")),
    group("layerwise", key!("Layerwise")),
    group("train", key!("Run")),
    group("sample", key!("Samples")),
    group("device", key!("Device")),
    group("arms", key!("Arms")),
    piece("verdict", key!("Verdict")),
    piece("loss", key!("Loss chart")),
    piece("rate", key!("Learning rate chart")),
    piece("alpha", key!("Alpha chart")),
    piece("esd", key!("Spectrum chart")),
    piece("samples", key!("Samples card")),
];

/// What a link says of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classroom {
    /// How much of it is shown.
    pub layout: Layout,
    /// Names of the pieces that are not shown.
    pub hidden: Vec<&'static str>,
    /// Names of the groups of settings that are shown and cannot be changed.
    pub locked: Vec<&'static str>,
    /// The theme; none for what the visitor prefers.
    pub theme: Option<Theme>,
    /// The language; none for the visitor's.
    pub language: Option<Language>,
    /// Whether training begins by itself once the page is seen.
    pub starts: bool,
    /// Whether the recording of a guided experiment plays at first.
    pub replays: bool,
    /// Whether the text of a guided experiment is open at first.
    pub story: bool,
}

/// A word of the query that means nothing here; the rest of it holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The link has {name}={value}, which this page does not know: it is left out.")]
pub struct Unknown {
    /// What was to be set.
    pub name: &'static str,
    /// To what.
    pub value: String,
}

impl Classroom {
    /// Reads the query of an address, with or without its `?`, and what in it means nothing.
    pub fn read(query: &str) -> (Self, Vec<Unknown>) {
        let (mut classroom, mut unknown) = (Self::default(), Vec::new());
        for (key, value) in query.trim_start_matches('?').split('&').filter_map(|pair| pair.split_once('=')) {
            // A comma may be escaped.
            let value = value.replace("%2C", ",").replace("%2c", ",");
            let mut refuse = |name: &'static str, value: &str| unknown.push(Unknown { name, value: value.into() });
            match key {
                "ui" => {
                    for name in value.split(',') {
                        match Layout::ALL.into_iter().find(|layout| layout.name() == name) {
                            Some(layout) => classroom.layout = layout,
                            None if Screen::named(name).is_some() => {}
                            None => refuse("ui", name),
                        }
                    }
                }
                "hide" | "lock" => {
                    let is_lock = key == "lock";
                    let list = if is_lock { &mut classroom.locked } else { &mut classroom.hidden };
                    for name in value.split(',').filter(|name| !name.is_empty()) {
                        let mut named = PIECES.iter().filter(|piece| piece.is_group || !is_lock);
                        match named.clone().find(|piece| piece.name == name) {
                            Some(piece) if !list.contains(&piece.name) => list.push(piece.name),
                            Some(_) => {}
                            None if is_lock && name == "all" => {
                                *list = named.by_ref().map(|piece| piece.name).collect()
                            }
                            None => refuse(if is_lock { "lock" } else { "hide" }, name),
                        }
                    }
                }
                "theme" => match Theme::named(&value) {
                    Some(theme) => classroom.theme = Some(theme),
                    None => refuse("theme", &value),
                },
                "lang" => match Language::of_tag(&value) {
                    Some(language) => classroom.language = Some(language),
                    None => refuse("lang", &value),
                },
                "autostart" => match value.as_str() {
                    "visible" => classroom.starts = true,
                    "no" => classroom.starts = false,
                    _ => refuse("autostart", &value),
                },
                "replay" => match value.as_str() {
                    "play" => classroom.replays = true,
                    "no" => classroom.replays = false,
                    _ => refuse("replay", &value),
                },
                "story" => match value.as_str() {
                    "open" => classroom.story = true,
                    "closed" => classroom.story = false,
                    _ => refuse("story", &value),
                },
                _ => {}
            }
        }
        (classroom, unknown)
    }

    /// It and a screen as the end of a query, each pair behind an `&`; nothing for the first screen as it is.
    pub fn query(&self, screen: Screen) -> String {
        let mut query = String::new();
        let mut add = |key: &str, value: &str| query += &format!("&{key}={value}");
        let layout = (self.layout != Layout::Full).then_some(self.layout.name());
        let shown: Vec<&str> = screen.name().into_iter().chain(layout).collect();
        if !shown.is_empty() {
            add("ui", &shown.join(","));
        }
        if !self.hidden.is_empty() {
            add("hide", &self.hidden.join(","));
        }
        if !self.locked.is_empty() {
            let groups = PIECES.iter().filter(|piece| piece.is_group).count();
            add("lock", &if self.locked.len() == groups { "all".into() } else { self.locked.join(",") });
        }
        if let Some(theme) = self.theme {
            add("theme", theme.name());
        }
        if let Some(language) = self.language {
            add("lang", language.tag());
        }
        if self.starts {
            add("autostart", "visible");
        }
        if self.replays {
            add("replay", "play");
        }
        if self.story {
            add("story", "open");
        }
        query
    }

    /// Whether a piece is not shown.
    pub fn hides(&self, name: &str) -> bool {
        self.hidden.contains(&name)
    }

    /// Whether a group of settings cannot be changed.
    pub fn locks(&self, name: &str) -> bool {
        self.locked.contains(&name)
    }

    /// Hides or shows a piece.
    pub fn hide(&mut self, name: &'static str, hidden: bool) {
        toggle(&mut self.hidden, name, hidden);
    }

    /// Locks a group of settings, or lets it be changed.
    pub fn lock(&mut self, name: &'static str, locked: bool) {
        toggle(&mut self.locked, name, locked);
    }
}

/// Puts a name on a list or takes it from there; lists keep the order of the page.
fn toggle(list: &mut Vec<&'static str>, name: &'static str, is_on: bool) {
    list.retain(|known| *known != name);
    if is_on {
        list.push(name);
    }
    list.sort_by_key(|name| PIECES.iter().position(|piece| piece.name == *name));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_query_says_what_a_class_sees() {
        let query = "?preset=one-rate&ui=compact&hide=branch,esd&lock=model%2Ctrain&theme=dark&lang=de&autostart=visible&story=open";
        let (classroom, unknown) = Classroom::read(query);
        assert_eq!(unknown, []);
        assert_eq!(classroom.layout, Layout::Compact);
        assert!(classroom.hides("branch") && classroom.hides("esd") && !classroom.hides("loss"));
        assert!(classroom.locks("model") && classroom.locks("train") && !classroom.locks("text"));
        assert_eq!((classroom.theme, classroom.starts, classroom.story), (Some(Theme::Dark), true, true));
        assert_eq!(classroom.language, Some(Language::German));
        assert_eq!(classroom.query(Screen::Train), query.replace("%2C", ",").replace("?preset=one-rate", ""));
    }

    #[test]
    fn what_is_not_known_is_named_and_the_rest_holds() {
        let (classroom, unknown) =
            Classroom::read("?ui=huge&hide=esd,colour&lock=step&theme=pink&lang=xx&autostart=soon&story=1&preset=x");
        assert_eq!(classroom, Classroom { hidden: vec!["esd"], ..Classroom::default() });
        let named: Vec<_> = unknown.iter().map(|unknown| (unknown.name, unknown.value.as_str())).collect();
        let expected = [("ui", "huge"), ("hide", "colour"), ("lock", "step"), ("theme", "pink"), ("lang", "xx")];
        assert_eq!(named, [&expected[..], &[("autostart", "soon"), ("story", "1")]].concat());
        assert_eq!(Classroom::read("ui=decode").1, [], "a screen's name is for the screen");
    }

    #[test]
    fn a_screen_and_a_layout_share_one_word() {
        for query in ["ui=decode,compact", "ui=decode%2Ccompact", "ui=decode&ui=compact"] {
            let (classroom, unknown) = Classroom::read(query);
            assert_eq!((classroom.layout, unknown, Screen::of_query(query)), (Layout::Compact, vec![], Screen::Decode));
            assert_eq!(classroom.query(Screen::Decode), "&ui=decode,compact");
        }
    }

    #[test]
    fn everything_is_locked_by_one_word() {
        let (classroom, unknown) = Classroom::read("lock=all");
        assert_eq!((classroom.locks("text"), classroom.locks("arms"), unknown), (true, true, vec![]));
        assert_eq!(classroom.query(Screen::Train), "&lock=all");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn every_classroom_survives_its_query(
            layout in 0usize..3, hidden: [bool; 22], locked: [bool; 22], theme in 0usize..4, language in 0usize..3,
            flags: [bool; 3],
        ) {
            let themes = [None, Some(Theme::System), Some(Theme::Light), Some(Theme::Dark)];
            let mut classroom = Classroom {
                layout: Layout::ALL[layout],
                theme: themes[theme],
                language: [None, Some(Language::English), Some(Language::German)][language],
                starts: flags[0],
                story: flags[1],
                replays: flags[2],
                ..Classroom::default()
            };
            for (place, piece) in PIECES.iter().enumerate() {
                classroom.hide(piece.name, hidden[place]);
                if piece.is_group {
                    classroom.lock(piece.name, locked[place]);
                }
            }
            for screen in Screen::TABS {
                let query = classroom.query(screen);
                prop_assert_eq!(Screen::of_query(&query), screen);
                prop_assert_eq!(Classroom::read(&query), (classroom.clone(), vec![]));
            }
        }

        #[test]
        fn no_query_makes_it_panic(query in any::<String>()) {
            Classroom::read(&query);
        }
    }
}
