//! The tokens of a decode at the moment, block by block. The cells stay; what changes are their attributes.

use std::{ops::Range, sync::Arc};

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::shown;
use crate::{
    t,
    workspace::{
        Workspace,
        decode::{
            Selected,
            cell::{Cell, State},
            trace::Trace,
        },
        format::fixed,
    },
};

/// Tokens side by side.
const ACROSS: usize = 8;

/// What stands at each place; none where nothing was reported yet.
type Cells = Arc<[RwSignal<Option<Cell>>]>;

/// How tokens are laid out.
#[derive(Clone, Debug, PartialEq)]
struct Layout {
    /// Tokens of a block; 1 where blocks are not shown.
    block: usize,
    /// What stands of the prompt in the first block.
    lead: Vec<String>,
    /// Tokens to decode.
    length: usize,
}

impl Layout {
    fn of(trace: &Trace, (block, length): (usize, usize), is_plain: bool) -> Self {
        let Some(start) = &trace.start else { return Self { block: block.max(1), lead: Vec::new(), length } };
        let block = if is_plain { 1 } else { start.block.max(1) };
        let behind = start.prompt.len() % block;
        let lead = &start.prompt[start.prompt.len() - behind..];
        // A block as long as the text would show the whole prompt.
        let lead =
            if behind < ACROSS * 2 { lead.iter().map(|token| shown(trace, *token)).collect() } else { Vec::new() };
        Self { block, lead, length: start.length }
    }

    /// Blocks, as ranges of decoded tokens; rows where blocks are not shown.
    fn groups(&self) -> Vec<Range<usize>> {
        let size = if self.block == 1 { ACROSS } else { self.block };
        let (mut groups, mut at) = (Vec::new(), 0);
        let first = size - self.lead.len().min(size - 1);
        while at < self.length {
            let end = at + if at == 0 { first } else { size };
            groups.push(at..end.min(self.length));
            at = end;
        }
        groups
    }

    /// Blocks side by side.
    fn across(&self) -> usize {
        match self.block {
            1 => 1,
            block => (ACROSS / block).max(1),
        }
    }
}

/// The tokens of a decoder.
#[component]
pub fn Grid(
    /// The place of its colour.
    place: usize,
    /// Its number among the columns.
    number: Memo<usize>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let decode = workspace.decode;
    let column = decode.column(place);
    let layout = Memo::new(move |_| {
        let is_plain = decode.entry(place).is_some_and(|entry| entry.chosen.method().id() == "autoregressive");
        let (common, reading) = (decode.common.get(), workspace.reading());
        let block = common.block.or(reading.map(|reading| reading.block)).filter(|_| !is_plain).unwrap_or(1);
        column.with(|trace| Layout::of(trace, (block, common.length), is_plain))
    });
    let now = move || {
        let forward = decode.forward(place);
        column.with(|trace| trace.at(forward))
    };
    let rows = move || {
        let layout = layout.get();
        // A signal for each cell: a forward changes few of them, and whatever follows the others is left alone.
        let shown = untrack(now);
        let cells: Cells = (0..layout.length).map(|index| RwSignal::new(shown.get(index).copied())).collect();
        let follow = cells.clone();
        Effect::new(move || {
            let shown = now();
            for (index, cell) in follow.iter().enumerate() {
                let changed = shown.get(index).copied();
                if cell.get_untracked() != changed {
                    cell.set(changed);
                }
            }
        });
        let wide = format!(
            "--wide: {}; --across: {}",
            layout.block.min(ACROSS).max(if layout.block == 1 { ACROSS } else { 1 }),
            layout.across()
        );
        let label = move || {
            let (number, length) = (number.get(), layout.length);
            t!("Decoder {number}: {length} tokens with their states, confidence and forward", number, length)
        };
        let is_framed = layout.block > 1;
        let block = |(index, group): (usize, Range<usize>)| {
            let lead = if index == 0 { layout.lead.clone() } else { Vec::new() };
            let named = (is_framed && layout.across() == 1).then_some(index + 1);
            view! { <BlockRow cells=cells[group.clone()].into() place group lead named is_framed /> }
        };
        let blocks = layout.groups().into_iter().enumerate().map(block).collect_view();
        view! {
            <div
                class="token-grid"
                style=wide
                role="table"
                tabindex="0"
                aria-label=label
                data-testid=move || format!("token-grid-{}", number.get())
                on:keydown=move |event| walk(workspace, place, &event)
            >
                {blocks}
            </div>
        }
    };
    view! { <div class="grid-frame">{rows}</div> }
}

/// A block, or a row of tokens.
#[component]
fn BlockRow(
    /// Those of the row.
    cells: Cells,
    place: usize,
    /// Where they are among the decoded tokens.
    group: Range<usize>,
    lead: Vec<String>,
    named: Option<usize>,
    is_framed: bool,
) -> impl IntoView {
    let row = cells.clone();
    let is_open = Memo::new(move |_| is_framed && row.iter().any(|cell| cell.get().is_some_and(|cell| cell.is_open)));
    let lead = lead.into_iter().map(|word| {
        view! { <span class="tok prompt" role="cell" data-state="prompt" title=t!("Prompt")><span>{word}</span></span> }
    });
    let lead = lead.collect_view();
    let tokens = group.zip(cells.iter()).map(|(token, cell)| view! { <Token cell=*cell place token /> }).collect_view();
    view! {
        <div class="blk" class:framed=is_framed class:on=move || is_open.get() role="row">
            {named.map(|number| view! { <b role="rowheader">{number}</b> })}
            <div role="presentation">{lead} {tokens}</div>
        </div>
    }
}

/// A token. Its attributes are written only when they change.
#[component]
fn Token(cell: RwSignal<Option<Cell>>, place: usize, token: usize) -> impl IntoView {
    let decode = Workspace::expect().decode;
    let column = decode.column(place);
    let this = Selected { place, token };
    let state = move || cell.get().map_or(State::Waiting, |cell| cell.state);
    let word = Memo::new(move |_| {
        let token = cell.get()?.token?;
        Some(column.trace.with_value(|trace| shown(trace, token)))
    });
    let is_selected = Memo::new(move |_| decode.selected.get() == Some(this));
    let class = move || {
        let state = state();
        let length = word.with(|word| word.as_ref().map_or(0, |word| word.chars().count()));
        let size = match length {
            0..=1 => "",
            2..=3 => " short",
            _ => " long",
        };
        format!("tok {}{size}{}", state.word(), if is_selected.get() { " sel" } else { "" })
    };
    let forward = move || cell.get().filter(|cell| cell.forward > 0).map(|cell| cell.forward);
    let title = move || cell.get().map(|cell| column.trace.with_value(|trace| words(trace, &cell)));
    let confidence = move || format!("--c: {:.0}%", 100.0 * cell.get().map_or(0.0, |cell| cell.confidence));
    view! {
        <span
            role="cell"
            class=class
            data-pos=token.to_string()
            data-state=move || state().word()
            data-step=move || forward().map(|forward| forward.to_string())
            title=title
            on:click=move |_| decode.selected.set(Some(this))
        >
            <u style=confidence></u>
            <span>{move || word.get()}</span>
            <em>{forward}</em>
        </span>
    }
}

/// A cell in words.
fn words(trace: &Trace, cell: &Cell) -> String {
    let token = cell.token.map(|token| format!("{}, ", shown(trace, token))).unwrap_or_default();
    let was = cell.was.map(|was| format!(", {}", t!("was {token}", token = shown(trace, was)))).unwrap_or_default();
    let state = cell.state.shown();
    match cell.forward {
        0 => format!("{token}{state}"),
        forward => {
            let confidence = fixed(f64::from(cell.confidence), 2);
            let decided = t!("forward {forward}, confidence {confidence}", forward, confidence);
            format!("{token}{state}, {decided}{was}")
        }
    }
}

/// Walks over the tokens with the arrow keys.
fn walk(workspace: Workspace, place: usize, event: &KeyboardEvent) {
    let decode = workspace.decode;
    let by: isize = match event.key().as_str() {
        "ArrowLeft" => -1,
        "ArrowRight" => 1,
        "ArrowUp" => -(ACROSS as isize),
        "ArrowDown" => ACROSS as isize,
        _ => return,
    };
    let length = decode.column(place).trace.with_value(Trace::length);
    if length == 0 {
        return;
    }
    event.prevent_default();
    let known = decode.selected.get_untracked().filter(|selected| selected.place == place);
    let token = known.map_or(0, |selected| selected.token.saturating_add_signed(by).min(length - 1));
    decode.selected.set(Some(Selected { place, token }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::decode::trace::tests::speculated;

    #[test]
    fn blocks_lie_where_the_decoder_has_them() {
        // Two tokens of prompt, blocks of four, four tokens to decode.
        let layout = Layout::of(&speculated(), (8, 64), false);
        assert_eq!((layout.block, layout.lead.clone()), (4, vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(layout.groups(), [0..2, 2..4]);
        assert_eq!(layout.across(), 2);
    }

    #[test]
    fn without_blocks_there_are_rows() {
        let layout = Layout::of(&speculated(), (8, 64), true);
        let groups = layout.groups();
        assert_eq!((groups.len(), groups.first(), layout.across()), (1, Some(&(0..4)), 1));
        let empty = Layout::of(&Trace::default(), (1, 20), true);
        assert_eq!(empty.groups(), [0..8, 8..16, 16..20]);
    }

    #[test]
    fn a_cell_is_said_in_words() {
        let trace = speculated();
        assert_eq!(words(&trace, &trace.at(5)[2]), "c, edited, forward 5, confidence 0.75, was a");
        assert_eq!(words(&trace, &trace.at(0)[3]), "waiting");
    }
}
