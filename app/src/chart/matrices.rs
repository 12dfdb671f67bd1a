//! The matrices of a model in the order of its depth, and which of them is selected.

use tailblazer_core::{
    experiment::{Experiment, Positions},
    layerwise::{Parameter, aspect, random_alpha},
    model::Role,
};

use super::input::{Arm, Input};
use crate::workspace::record::Record;

/// Its short name: `L2.up`, `embed`.
pub fn name(parameter: &Parameter) -> String {
    match parameter.layer {
        Some(layer) => format!("L{layer}.{}", parameter.role.name()),
        None => parameter.role.name().into(),
    }
}

/// Its shape: `128 × 512`.
pub fn shape(parameter: &Parameter) -> String {
    format!("{} × {}", parameter.shape[0], parameter.shape[1])
}

/// Indices of the hidden matrices, which are those with a spectrum, by depth.
pub fn hidden(layout: &[Parameter]) -> Vec<usize> {
    let mut list: Vec<usize> = (0..layout.len()).filter(|index| layout[*index].role.is_hidden()).collect();
    list.sort_by_key(|index| layout[*index].layer);
    list
}

/// Indices of the hidden matrices and of those at the two ends of the model, by depth.
pub fn all(layout: &[Parameter]) -> Vec<usize> {
    let ends = |is_head: bool| {
        let is_one = move |parameter: &Parameter| parameter.role.is_end() && (parameter.role == Role::Head) == is_head;
        (0..layout.len()).filter(move |index| is_one(&layout[*index]))
    };
    ends(false).chain(hidden(layout)).chain(ends(true)).collect()
}

/// The layer of every row in a list by depth, as groups that a gap parts: `(group, index)`.
pub fn grouped(layout: &[Parameter], list: &[usize]) -> Vec<(usize, usize)> {
    let mut group = 0;
    let mut rows: Vec<(usize, usize)> = Vec::with_capacity(list.len());
    for index in list {
        if let Some((_, last)) = rows.last()
            && (layout[*last].layer != layout[*index].layer || is_head(layout, *last) != is_head(layout, *index))
        {
            group += 1;
        }
        rows.push((group, *index));
    }
    rows
}

fn is_head(layout: &[Parameter], index: usize) -> bool {
    layout[index].role == Role::Head
}

/// The layout that a selection refers to: that of the first arm that has one.
pub fn reference<'a>(input: &Input<'a>) -> &'a [Parameter] {
    let layout = |arm: &'a Arm<'a>| &arm.record.layout[..];
    input.arms.iter().map(layout).find(|layout| !layout.is_empty()).unwrap_or(&[])
}

/// The selected parameter of the reference layout; the first map of the last MLP until somebody selects one.
pub fn selected(input: &Input) -> Option<usize> {
    let layout = reference(input);
    let default = || layout.iter().rposition(|parameter| parameter.role == Role::Up);
    input.matrix.filter(|index| *index < layout.len()).or_else(default)
}

/// The hidden matrix so many places deeper than the selected one, or higher up; it stops at the ends.
pub fn neighbour(input: &Input, places: isize) -> Option<usize> {
    let list = hidden(reference(input));
    let selected = selected(input);
    let at = list.iter().position(|index| Some(*index) == selected).unwrap_or(0);
    list.get(at.saturating_add_signed(places).min(list.len().checked_sub(1)?)).copied()
}

/// The selected parameter in the layout of an arm, whose model may be another one.
pub fn selected_in(input: &Input, record: &Record) -> Option<usize> {
    same(reference(input), selected(input)?, &record.layout)
}

/// The parameter of another layout that does the same: of equals in a layer the one at the same place.
pub fn same(layout: &[Parameter], index: usize, other: &[Parameter]) -> Option<usize> {
    let wanted = layout.get(index)?;
    let is_same = |parameter: &Parameter| parameter.role == wanted.role && parameter.layer == wanted.layer;
    let place = layout[..index].iter().filter(|parameter| is_same(parameter)).count();
    (0..other.len()).filter(|index| is_same(&other[*index])).nth(place)
}

/// The alpha of an untrained matrix of this shape.
pub fn untrained(parameter: &Parameter) -> Option<f64> {
    random_alpha(aspect(parameter.shape))
}

/// The matrices that a model will have, for previews before a run is prepared. Biases and norms are left out.
pub fn planned(experiment: &Experiment) -> Vec<Parameter> {
    let model = &experiment.model;
    let wide = model.width.saturating_mul(4);
    let mut list = vec![Parameter::new(Role::Embedding, None, [experiment.text.vocabulary, model.width])];
    if model.positions == Positions::Learned {
        list.push(Parameter::new(Role::Positions, None, [model.context, model.width]));
    }
    // More layers than any model here has would only cost time.
    for layer in 0..model.layers.min(256) {
        for role in [Role::Query, Role::Key, Role::Value, Role::Output] {
            list.push(Parameter::new(role, Some(layer), [model.width; 2]));
        }
        list.push(Parameter::new(Role::Up, Some(layer), [model.width, wide]));
        list.push(Parameter::new(Role::Down, Some(layer), [wide, model.width]));
    }
    if !model.tied {
        list.push(Parameter::new(Role::Head, None, [model.width, experiment.text.vocabulary]));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::testing::{Runs, layout};

    #[test]
    fn matrices_come_by_depth() {
        let layout = layout(2, 16);
        let names: Vec<String> = all(&layout).into_iter().map(|index| name(&layout[index])).collect();
        let expected = "embed positions L0.q L0.k L0.v L0.o L0.up L0.down L1.q L1.k L1.v L1.o L1.up L1.down head";
        assert_eq!(names.join(" "), expected);
        let groups: Vec<usize> = grouped(&layout, &all(&layout)).into_iter().map(|(group, _)| group).collect();
        assert_eq!(groups, [0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3]);
        assert_eq!(shape(&layout[8]), "16 × 64");
    }

    #[test]
    fn a_selection_finds_the_same_matrix_of_another_model() {
        let (a, b) = (layout(2, 16), layout(3, 8));
        let up = a.iter().rposition(|parameter| parameter.role == Role::Up).expect("an MLP");
        let found = same(&a, up, &b).expect("the other one has it too");
        assert_eq!((name(&b[found]), b[found].shape), ("L1.up".into(), [8, 32]));
        let head = b.iter().position(|parameter| parameter.layer == Some(2)).expect("a third layer");
        assert_eq!(same(&b, head, &a), None);
        assert_eq!(same(&a, 999, &b), None);
    }

    #[test]
    fn something_is_selected_from_the_start() {
        let mut runs = Runs::measured(1, 100);
        for (matrix, expected) in [(None, "L1.up"), (Some(4), "L0.k"), (Some(999), "L1.up")] {
            runs.matrix = matrix;
            runs.with(|input| {
                let index = selected(&input).expect("a matrix");
                assert_eq!(name(&reference(&input)[index]), expected);
            });
        }
        Runs::new(1, 0).with(|input| assert_eq!((selected(&input), neighbour(&input, 1)), (None, None)));
    }

    #[test]
    fn neighbours_stop_at_the_ends() {
        let mut runs = Runs::measured(1, 100);
        for (matrix, places, expected) in [(3, 1, "L0.k"), (10, 1, "L1.q"), (3, -1, "L0.q"), (3, 99, "L1.down")] {
            runs.matrix = Some(matrix);
            runs.with(|input| {
                let index = neighbour(&input, places).expect("a matrix");
                assert_eq!(name(&reference(&input)[index]), expected);
            });
        }
    }

    #[test]
    fn the_planned_model_has_the_matrices_of_its_settings() {
        let experiment = Experiment::default();
        let list = planned(&experiment);
        assert_eq!(hidden(&list).len(), 6 * experiment.model.layers);
        assert_eq!(list.iter().any(|parameter| parameter.role == Role::Head), !experiment.model.tied);
    }
}
