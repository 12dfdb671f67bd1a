//! The alphas as a table.

use leptos::prelude::*;
use tailblazer_core::session::LayersFrame;

use super::{heads, table};
use crate::{
    chart::{
        alpha::alpha,
        input::{Arm, Input},
        matrices,
        strip::signed,
    },
    components::charts::with_input,
    t,
    workspace::{Workspace, format::fixed},
};

/// The alpha of every hidden matrix at the crosshair, or at the end, beside that of an untrained matrix of its shape.
#[component]
pub fn AlphaTable() -> impl IntoView {
    let workspace = Workspace::expect();
    let head = move || {
        with_input(workspace, |input| {
            let mut head = heads([t!("matrix"), t!("shape"), t!("untrained")]);
            head.extend(input.arms.iter().map(|arm| format!("{}{}", input.prefix(arm), t!("alpha"))));
            if let Some((base, others)) = input.arms.split_first() {
                head.extend(others.iter().map(|arm| format!("{} − {}", arm.letter(), base.letter())));
            }
            head
        })
    };
    let rows = move || {
        workspace.slow_version.track();
        with_input(workspace, rows)
    };
    table(t!("Alpha"), "alpha-table", t!("Alpha of every hidden matrix, by depth"), head, rows)
}

fn rows(input: Input) -> AnyView {
    let layout = matrices::reference(&input);
    let frames: Vec<_> = input.arms.iter().map(|arm| (arm, arm.spectra(input.crosshair))).collect();
    let rows = matrices::hidden(layout).into_iter().map(|index| {
        let value = |(arm, frame): &(&Arm, Option<&LayersFrame>)| {
            alpha((*frame)?, matrices::same(layout, index, &arm.record.layout)?)
        };
        let values: Vec<Option<f64>> = frames.iter().map(value).collect();
        let base = values.first().copied().flatten();
        let differences = values.iter().skip(1).map(|value| value.zip(base).map(|(value, base)| signed(value - base)));
        let words = |value: &Option<f64>| Some(value.map_or("–".to_owned(), |value| fixed(value, 3)));
        let cells: Vec<Option<String>> = values.iter().map(words).chain(differences).collect();
        let (name, parameter) = (matrices::name(&layout[index]), &layout[index]);
        view! {
            <tr data-matrix=name.clone() data-alpha=base.map(|alpha| alpha.to_string())>
                <td>{name.clone()}</td>
                <td>{matrices::shape(parameter)}</td>
                <td>{matrices::untrained(parameter).map(|alpha| fixed(alpha, 2))}</td>
                {cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view()}
            </tr>
        }
    });
    rows.collect_view().into_any()
}
