//! The picker of schedules: a card with a drawing for each, made from the family's list.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Experiment,
    schedule::{FAMILY, Shape},
};

use crate::{chart::sparkline::Outline, components::field::forgive, t, words, workspace::Workspace};

/// A card for each schedule: the best known and the chosen one at first, the others on request.
#[component]
pub fn Picker(
    /// The schedule that is chosen.
    shape: Memo<Shape>,
) -> impl IntoView {
    /// Two rows of cards.
    const FEW: usize = 6;
    let all = RwSignal::new(false);
    let is_shown = move |place: usize, this: Shape| place < FEW || all.get() || shape.get() == this;
    let cards = Shape::all()
        .enumerate()
        .map(|(place, this)| {
            let is_shown = Memo::new(move |_| is_shown(place, this));
            view! { <Show when=move || is_shown.get()><Card shape this /></Show> }
        })
        .collect_view();
    view! {
        <div data-testid="schedule-select">
            <div
                class="thumbs"
                role="group"
                aria-label=t!("Schedule shape")
                id="schedule.shape"
                data-testid="schedule.shape"
            >
                {cards}
            </div>
            <button
                type="button"
                class="more"
                aria-expanded=move || all.get().to_string()
                aria-controls="schedule.shape"
                data-testid="schedule-more"
                on:click=move |_| all.update(|all| *all = !*all)
            >
                {move || match all.get() {
                    true => t!("Fewer schedules").to_owned(),
                    false => t!("All {count} schedules", count = FAMILY.len()),
                }}
            </button>
        </div>
    }
}

#[component]
fn Card(
    /// The schedule that is chosen.
    shape: Memo<Shape>,
    /// The schedule of this card.
    this: Shape,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let description = this.description();
    view! {
        <button
            type="button"
            title=format!("{} {}.", words::text(description.summary), description.source)
            aria-pressed=move || (shape.get() == this).to_string()
            data-testid=format!("schedule.shape.{}", description.id)
            on:click=move |_| choose(workspace, this)
        >
            <svg width="62" height="24" aria-hidden="true"><path d=thumbnail(this)></path></svg>
            {words::text(description.name)}
        </button>
    }
}

/// A new shape has other fields: what could not be read in those before is forgotten.
fn choose(workspace: Workspace, shape: Shape) {
    forgive(workspace, "schedule.shape");
    workspace.unreadable.update(|fields| {
        fields.retain(|path, _| *path == "schedule.peak" || !path.starts_with("schedule."));
    });
    workspace.experiment.update(|experiment| experiment.schedule.choose(shape));
}

/// The shape on its own, with a short warm-up and nearly no floor.
fn thumbnail(shape: Shape) -> String {
    let mut experiment = Experiment::default();
    experiment.train.steps = 120;
    experiment.schedule.warmup = 9;
    experiment.schedule.floor = 0.02;
    experiment.schedule.choose(shape);
    Outline::new(&experiment, 2.0, 60.0, 3.0, 22.0).line()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_has_a_thumbnail() {
        for shape in Shape::all() {
            assert!(thumbnail(shape).len() > 20, "{shape:?}");
        }
    }
}
