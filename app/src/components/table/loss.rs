//! The losses as a table.

use std::sync::Arc;

use leptos::prelude::*;
use tailblazer_core::{objective::Quantity, session::BranchEnd};

use super::{MOST, heads, table};
use crate::{
    chart::{
        difference::{learn_alike, loss_at},
        forecast::Forecast,
        input::{Arm, Input},
        strip::signed,
    },
    components::charts::with_input,
    t,
    workspace::{
        Workspace,
        branch::Branch,
        format::{compact, fixed, integer, significant},
        quantity,
    },
};

/// The last steps, the newest first. Each row carries its loss in full precision for scripts: that of the first arm.
#[component]
pub fn LossTable(
    /// The annealing law, where it is shown.
    #[prop(into)]
    law: Signal<Option<Arc<Forecast>>>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let rows = move || {
        workspace.slow_version.track();
        let law = law.get();
        with_input(workspace, |input| {
            let input = Input { law: law.as_deref(), ..input };
            match input.arms {
                [arm] => of_one(input, arm),
                _ => of_several(input),
            }
        })
    };
    let head = move || {
        let law = law.get();
        with_input(workspace, |input| {
            let input = Input { law: law.as_deref(), ..input };
            match input.arms {
                [arm] => head_of_one(input, arm),
                _ => head_of_several(input),
            }
        })
    };
    table(t!("Loss"), "loss-table", t!("The last 1,000 steps, the newest first"), head, rows)
}

/// Whether an arm has losses on a text besides the one that it learns.
fn has_other(arm: &Arm) -> bool {
    arm.experiment.text.then.is_some()
}

/// Whether the law says anything about an arm, and so has a column.
fn is_predicted(input: &Input, arm: &Arm) -> bool {
    input.law.is_some_and(|law| law.prediction(arm.index).is_some())
}

/// What the law says a step's loss is.
fn predicted(input: &Input, arm: &Arm, step: usize) -> Option<String> {
    Some(fixed(input.law?.prediction(arm.index)?.before(step)?, 4))
}

fn head_of_one(input: Input, arm: &Arm) -> Vec<String> {
    let (loss, validation) = (loss_word(arm), validation_word(arm));
    let rest = [t!("rate"), t!("grad. norm"), t!("tokens"), t!("seconds")];
    let mut head = heads([t!("step"), loss, "EMA", validation]);
    head.extend(heads(rest));
    if has_other(arm) {
        head.insert(4, t!("other text").into());
    }
    if is_predicted(&input, arm) {
        head.push(t!("predicted").into());
    }
    head
}

/// The word for the training losses of an arm.
fn loss_word(arm: &Arm) -> &'static str {
    match quantity::training(arm.experiment) {
        Quantity::Likelihood => t!("loss"),
        Quantity::Bound => t!("bound"),
        Quantity::MaskedCrossEntropy => t!("masked cross-entropy"),
    }
}

/// The word for the validation losses of an arm.
fn validation_word(arm: &Arm) -> &'static str {
    if quantity::is_bounded(arm.experiment) { t!("validation bound ± 2 s.e.") } else { t!("validation") }
}

fn of_one(input: Input, arm: &Arm) -> AnyView {
    let is_predicted = is_predicted(&input, arm);
    let columns = &arm.record.columns;
    let steps = columns.rows().iter().zip(columns.ema()).rev().take(MOST);
    let rows = steps.map(|(row, ema)| {
        let validation = arm.record.validations.iter().find(|v| v.step == row.step);
        view! {
            <tr data-step=row.step.to_string() data-loss=row.loss.to_string()>
                <td>{integer(row.step)}</td>
                <td>{fixed(row.loss, 4)}</td>
                <td>{fixed(*ema, 4)}</td>
                <td>{validation.map(|v| quantity::with_error(v, 4))}</td>
                {has_other(arm).then(|| {
                    let other = validation.and_then(|v| v.other_loss);
                    view! { <td>{other.map(|loss| fixed(loss, 4))}</td> }
                })}
                <td>{significant(row.learning_rate)}</td>
                <td>{significant(row.gradient_norm)}</td>
                <td>{compact(row.tokens)}</td>
                <td>{fixed(row.seconds, 2)}</td>
                {is_predicted.then(|| view! { <td>{predicted(&input, arm, row.step)}</td> })}
            </tr>
        }
    });
    let branches = arm.record.branches.iter().rev().map(|branch| {
        let cells = branch.rows.last().zip(branch.ema.last()).map(|(row, ema)| {
            let losses = [Some(fixed(row.loss, 4)), Some(fixed(*ema, 4)), final_validation(branch)];
            let rest = [significant(row.learning_rate), significant(row.gradient_norm), compact(row.tokens)];
            let rest = rest.into_iter().chain([fixed(row.seconds, 2)]).map(Some);
            losses.into_iter().chain(rest).collect::<Vec<_>>()
        });
        branch_row(branch_name(branch), branch, cells.unwrap_or_default())
    });
    view! { {branches.collect_view()} {rows.collect_view()} }.into_any()
}

/// A row of a branch, with its last validation in full precision for scripts.
fn branch_row(name: String, branch: &Branch, cells: Vec<Option<String>>) -> impl IntoView + use<> {
    let loss = branch.validations.last().map(|(_, loss)| loss.to_string());
    view! {
        <tr data-branch=branch.from.to_string() data-loss=loss>
            <td>{name}</td>
            {cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view()}
        </tr>
    }
}

/// `branch 400 to 480`.
fn branch_name(branch: &Branch) -> String {
    t!("branch {from} to {to}", from = integer(branch.from), to = integer(branch.done()))
}

/// The last validation of a branch, or why there is none.
fn final_validation(branch: &Branch) -> Option<String> {
    match (branch.validations.last(), branch.end) {
        (_, Some(BranchEnd::Diverged)) => Some(t!("diverged").into()),
        (Some((_, loss)), _) => Some(fixed(*loss, 4)),
        (None, _) => None,
    }
}

fn head_of_several(input: Input) -> Vec<String> {
    let mut head = heads([t!("step")]);
    for (place, arm) in input.arms.iter().enumerate() {
        let ema = if quantity::shares_axis(arm.experiment) { "EMA" } else { t!("masked CE, EMA") };
        let val = if quantity::is_bounded(arm.experiment) { t!("bound ± 2 s.e.") } else { t!("val.") };
        let words = [ema, val, t!("other")].into_iter().take(if has_other(arm) { 3 } else { 2 });
        head.extend(words.map(|word| format!("{} {word}", arm.letter())));
        if let Some(base) = input.arms.first().filter(|_| place > 0) {
            head.push(format!("{} − {}", arm.letter(), base.letter()));
        }
        if is_predicted(&input, arm) {
            head.push(format!("{} {}", arm.letter(), t!("predicted")));
        }
    }
    head
}

fn of_several(input: Input) -> AnyView {
    let Some((base, lead)) = input.arms.first().zip(input.lead()) else { return ().into_any() };
    let steps = lead.record.columns.rows().iter().rev().take(MOST).map(|row| row.step);
    let rows = steps.map(|step| {
        let mut cells = Vec::new();
        for (place, arm) in input.arms.iter().enumerate() {
            let validation = loss_at(arm.record, step);
            cells.push(arm.row(step).map(|(index, _)| fixed(arm.record.columns.ema()[index], 4)));
            let found = arm.record.validations.iter().find(|v| v.step == step && v.loss.is_finite());
            cells.push(found.map(|v| quantity::with_error(v, 4)));
            if has_other(arm) {
                let found = arm.record.validations.iter().find(|v| v.step == step);
                cells.push(found.and_then(|v| v.other_loss).map(|loss| fixed(loss, 4)));
            }
            if place > 0 {
                let base = loss_at(base.record, step).filter(|_| learn_alike(base, arm, step));
                cells.push(validation.zip(base).map(|(loss, base)| signed(loss - base)));
            }
            if is_predicted(&input, arm) {
                cells.push(predicted(&input, arm, step));
            }
        }
        let loss = base.row(step).map(|(_, row)| row.loss.to_string());
        view! {
            <tr data-step=step.to_string() data-loss=loss>
                <td>{integer(step)}</td>
                {cells.into_iter().map(|cell| view! { <td>{cell}</td> }).collect_view()}
            </tr>
        }
    });
    let branches = input.arms.iter().enumerate().flat_map(|(place, arm)| {
        arm.record.branches.iter().rev().map(move |branch| {
            // The cells of the arms before it: two of the first, three of every other.
            let before = if place == 0 { 0 } else { 3 * place - 1 };
            let found = [branch.ema.last().map(|ema| fixed(*ema, 4)), final_validation(branch)];
            let cells = std::iter::repeat_n(None, before).chain(found).collect();
            branch_row(format!("{} {}", arm.letter(), branch_name(branch)), branch, cells)
        })
    });
    view! { {branches.collect_view()} {rows.collect_view()} }.into_any()
}
