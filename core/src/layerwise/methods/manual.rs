//! Multipliers by hand, one per layer.

use super::super::{Layerwise, Moment, Parameter};
use crate::model::Role;
use crate::policy::{Description, Knob, Settings};

const fn of(id: &'static str, name: &'static str, summary: &'static str) -> Knob {
    Knob { id, name, unit: "", range: 0.0..=100.0, is_whole: false, default: 1.0, summary }
}

const fn layer(id: &'static str, name: &'static str) -> Knob {
    of(id, name, "Multiplies the learning rate of everything in this layer; 0 freezes it.")
}

/// `m` is what the visitor set for a parameter's layer; layers beyond the twelfth have the twelfth's.
pub struct Manual;

impl Manual {
    /// The layers with a knob of their own; the last of them stands for all beyond it.
    pub const LAYERS: usize = 12;

    /// The knobs that a model of so many layers uses, by depth: the embedding, its layers, the head.
    pub fn knobs(layers: usize) -> impl Iterator<Item = &'static Knob> {
        let (first, head) = (&DESCRIPTION.knobs[..1 + layers.min(Self::LAYERS)], &DESCRIPTION.knobs[1 + Self::LAYERS]);
        first.iter().chain([head])
    }
}

const DESCRIPTION: Description = Description {
    id: "manual",
    name: "By hand",
    summary: "Multiplies the rate of every layer by a number of your own.",
    source: "Layerwise rates as a hand-set table, as in Howard and Ruder 2018, arXiv:1801.06146",
    knobs: &[
        of("embedding", "Embedding", "Multiplies the learning rate of token embedding and learned positions."),
        layer("layer-1", "Layer 1"),
        layer("layer-2", "Layer 2"),
        layer("layer-3", "Layer 3"),
        layer("layer-4", "Layer 4"),
        layer("layer-5", "Layer 5"),
        layer("layer-6", "Layer 6"),
        layer("layer-7", "Layer 7"),
        layer("layer-8", "Layer 8"),
        layer("layer-9", "Layer 9"),
        layer("layer-10", "Layer 10"),
        layer("layer-11", "Layer 11"),
        layer("layer-12", "Layer 12"),
        of("head", "Head", "Multiplies the learning rate of the last norm and of an untied head."),
    ],
    null: Some(&[]),
};

impl Layerwise for Manual {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn multipliers(&self, settings: &Settings, parameters: &[Parameter], _at: Moment) -> Vec<f64> {
        let of = |parameter: &Parameter| {
            let knob = match (parameter.layer, parameter.role) {
                (Some(layer), _) => &DESCRIPTION.knobs[1 + layer.min(Self::LAYERS - 1)],
                (None, Role::Embedding | Role::Positions) => &DESCRIPTION.knobs[0],
                (None, _) => &DESCRIPTION.knobs[1 + Self::LAYERS],
            };
            DESCRIPTION.value(settings, knob.id)
        };
        parameters.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layerwise::golden::parameters;

    #[test]
    fn every_layer_has_its_own_number() {
        let set = [("embedding", 0.5), ("layer-1", 2.0), ("layer-12", 12.0), ("head", 0.25)];
        let settings = Settings(set.map(|(id, value)| (id.to_owned(), value)).into());
        assert_eq!(DESCRIPTION.fault(&settings), None);
        let list = parameters(14, 48, |_, _| None);
        let found = Manual.multipliers(&settings, &list, Moment { seed: 1, update: 1, steps: 100 });
        for (parameter, found) in list.iter().zip(found) {
            let expected = match parameter.layer {
                Some(0) => 2.0,
                Some(11..) => 12.0,
                Some(_) => 1.0,
                None if matches!(parameter.role, Role::Embedding | Role::Positions) => 0.5,
                None => 0.25,
            };
            assert_eq!(found, expected, "{parameter:?}");
        }
    }

    #[test]
    fn a_model_uses_the_knobs_of_its_layers() {
        let ids = |layers| Manual::knobs(layers).map(|knob| knob.id).collect::<Vec<_>>();
        assert_eq!(ids(0), ["embedding", "head"]);
        assert_eq!(ids(2), ["embedding", "layer-1", "layer-2", "head"]);
        assert_eq!(ids(12), DESCRIPTION.knobs.iter().map(|knob| knob.id).collect::<Vec<_>>());
        assert_eq!(ids(usize::MAX), ids(12));
        // No other knob changes a parameter of such a model.
        for layers in [1, 5, 14] {
            let list = parameters(layers, 48, |_, _| None);
            let at = Moment { seed: 1, update: 1, steps: 100 };
            for knob in DESCRIPTION.knobs {
                let settings = Settings([(knob.id.to_owned(), 3.0)].into());
                let is_used = Manual.multipliers(&settings, &list, at).contains(&3.0);
                assert_eq!(is_used, ids(layers).contains(&knob.id), "{} in {layers} layers", knob.id);
            }
        }
    }
}
