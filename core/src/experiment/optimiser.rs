//! The settings of an optimiser: what all methods share, and the knobs of the one that is chosen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    optim::{AdamW, BETA1, BETA2, EPSILON, Method},
    policy::{Knob, Settings},
};

/// The update rule, behind a clip by the global norm of the gradient.
///
/// In links, a knob is a field of its own beside the others: `optimiser.momentum=0.95`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct OptimiserConfig {
    /// The method.
    pub method: Method,
    /// Decay of the first moment, in `0.0..1.0`; for methods that have it.
    pub beta1: f64,
    /// Decay of the second moment, in `0.0..1.0`; for methods that have it.
    pub beta2: f64,
    /// Added to the root of the second moment; greater than 0; for methods that have it.
    pub epsilon: f64,
    /// Weight decay of matrices and embeddings per unit of learning rate, at least 0; vectors never decay (nanoGPT's
    /// groups). It is decoupled from the gradient but for LARS.
    pub weight_decay: f64,
    /// Largest l2 norm of the whole gradient; 0 switches clipping off.
    pub clip: f64,
    /// The knobs of the method that are not at their defaults.
    pub knobs: Settings,
}

impl Default for OptimiserConfig {
    fn default() -> Self {
        Self {
            method: Method::of(&AdamW),
            beta1: BETA1.default,
            beta2: BETA2.default,
            epsilon: EPSILON.default,
            weight_decay: 0.1,
            clip: 1.0,
            knobs: Settings::default(),
        }
    }
}

impl OptimiserConfig {
    /// The value of a knob of the method.
    pub fn value(&self, knob: &Knob) -> f64 {
        match knob.id {
            id if id == BETA1.id => self.beta1,
            id if id == BETA2.id => self.beta2,
            id if id == EPSILON.id => self.epsilon,
            id => self.knobs.0.get(id).copied().unwrap_or(knob.default),
        }
    }

    /// Sets a knob of the method.
    pub fn set_value(&mut self, knob: &Knob, value: f64) {
        match knob.id {
            id if id == BETA1.id => self.beta1 = value,
            id if id == BETA2.id => self.beta2 = value,
            id if id == EPSILON.id => self.epsilon = value,
            id if value == knob.default => drop(self.knobs.0.remove(id)),
            id => drop(self.knobs.0.insert(id.into(), value)),
        }
    }

    /// Chooses a method. A knob that the new method has too keeps its value, all others are forgotten; learning rate and
    /// decay stay, though another [peak](crate::optim::Optimiser::peak) may suit it better.
    pub fn choose(&mut self, method: Method) {
        self.method = method;
        for (id, value) in std::mem::take(&mut self.knobs).0 {
            if let Some(knob) = method.knob(&id) {
                self.set_value(knob, value);
            }
        }
    }

    /// The same with the method's null setting, which makes it AdamW.
    pub fn null(&self) -> Option<Self> {
        let mut null = Self { knobs: Settings::default(), ..self.clone() };
        for (id, value) in self.method.description().null? {
            null.set_value(self.method.knob(id)?, *value);
        }
        Some(null)
    }
}

/// Whether a knob is a field, which stays when the method changes.
fn is_field(knob: &Knob) -> bool {
    [BETA1.id, BETA2.id, EPSILON.id].contains(&knob.id)
}

/// As it is written: with every knob of the method, the defaults too, so that each has a path.
#[derive(Serialize, Deserialize)]
struct Fields {
    method: Method,
    beta1: f64,
    beta2: f64,
    epsilon: f64,
    weight_decay: f64,
    clip: f64,
    #[serde(flatten)]
    knobs: BTreeMap<String, f64>,
}

impl From<OptimiserConfig> for Fields {
    fn from(config: OptimiserConfig) -> Self {
        let own = config.method.description().knobs.iter().filter(|knob| !is_field(knob));
        let mut knobs: BTreeMap<_, _> = own.map(|knob| (knob.id.to_owned(), config.value(knob))).collect();
        // A knob that the method does not have is kept for the check that refuses it.
        knobs.extend(config.knobs.0);
        let OptimiserConfig { method, beta1, beta2, epsilon, weight_decay, clip, .. } = config;
        Self { method, beta1, beta2, epsilon, weight_decay, clip, knobs }
    }
}

impl TryFrom<Fields> for OptimiserConfig {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        let Fields { method, beta1, beta2, epsilon, weight_decay, clip, knobs } = fields;
        if let Some(id) = knobs.keys().find(|id| !Method::any_has_knob(id)) {
            return Err(format!("no optimiser has a setting {id}"));
        }
        let mut config = Self { method, beta1, beta2, epsilon, weight_decay, clip, knobs: Settings(knobs) };
        // Another method may have been chosen since these knobs were written.
        config.choose(method);
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(id: &str) -> Method {
        Method::find(id).expect(id)
    }

    fn sgd(momentum: f64) -> OptimiserConfig {
        let mut config = OptimiserConfig::default();
        config.choose(method("sgd"));
        config.knobs.0.insert("momentum".into(), momentum);
        config
    }

    #[test]
    fn a_new_method_keeps_the_knobs_that_it_has() {
        let mut config = sgd(0.5);
        config.choose(method("lars"));
        assert_eq!(config.knobs, sgd(0.5).knobs);
        config.choose(method("adamw"));
        assert_eq!(config, OptimiserConfig::default());
    }

    #[test]
    fn knobs_are_written_beside_the_other_settings() {
        let value = serde_json::to_value(sgd(0.5)).expect("plain data");
        assert_eq!((&value["method"], &value["momentum"], &value["beta1"]), (&"sgd".into(), &0.5.into(), &0.9.into()));
        assert_eq!(serde_json::from_value(value).ok(), Some(sgd(0.5)));
        // A knob at its default is the same as one that nobody has set.
        let value = serde_json::to_value(sgd(0.9)).expect("plain data");
        assert_eq!(serde_json::from_value::<OptimiserConfig>(value).map(|config| config.knobs.0.len()).ok(), Some(0));
    }

    #[test]
    fn betas_and_epsilon_are_fields_of_every_method() {
        for method in Method::all() {
            let mut config = OptimiserConfig::default();
            config.choose(method);
            for (knob, value) in [(BETA1, 0.5), (BETA2, 0.6), (EPSILON, 0.1)] {
                config.set_value(&knob, value);
                assert_eq!(config.value(&knob), value);
            }
            assert_eq!((config.beta1, config.beta2, config.epsilon), (0.5, 0.6, 0.1));
            assert_eq!(config.knobs, Settings::default());
        }
    }

    #[test]
    fn unknown_methods_and_knobs_are_not_read() {
        for (field, value) in [("method", "zigzag".into()), ("colour", 1.0.into())] {
            let mut tree = serde_json::to_value(sgd(0.3)).expect("plain data");
            tree[field] = value;
            assert!(serde_json::from_value::<OptimiserConfig>(tree).is_err(), "{field}");
        }
    }
}
