//! The settings of a schedule: what all shapes share, and the knobs of the one that is chosen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    policy::{Knob, Settings},
    schedule::{Cosine, Curve, FLOOR, Shape},
};

/// The learning rate over time: a warm-up to the peak, then a shape.
///
/// In links, a knob is a field of its own beside the others: `schedule.decay=0.3`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", into = "Fields")]
pub struct ScheduleConfig {
    /// The shape.
    pub shape: Shape,
    /// Largest learning rate, greater than 0 and at most 1.
    pub peak: f64,
    /// Learning rate at the end, as a fraction of the peak, in `0.0..=1.0`; for shapes that have a floor.
    pub floor: f64,
    /// Steps of warm-up, fewer than the steps of the run; for shapes that are not their own warm-up.
    pub warmup: usize,
    /// The curve that the drawn shape follows.
    pub points: Curve,
    /// The knobs of the shape that are not at their defaults.
    pub knobs: Settings,
}

impl Default for ScheduleConfig {
    fn default() -> Self {
        Self {
            shape: Shape::of(&Cosine),
            peak: 4e-3,
            floor: FLOOR.default,
            warmup: 100,
            points: Curve::default(),
            knobs: Settings::default(),
        }
    }
}

impl ScheduleConfig {
    /// The value of a knob of the shape.
    pub fn value(&self, knob: &Knob) -> f64 {
        if knob.id == FLOOR.id { self.floor } else { self.knobs.0.get(knob.id).copied().unwrap_or(knob.default) }
    }

    /// Sets a knob of the shape.
    pub fn set_value(&mut self, knob: &Knob, value: f64) {
        if knob.id == FLOOR.id {
            self.floor = value;
        } else if value == knob.default {
            self.knobs.0.remove(knob.id);
        } else {
            self.knobs.0.insert(knob.id.into(), value);
        }
    }

    /// Chooses a shape. A knob that the new shape has too keeps its value, all others are forgotten.
    pub fn choose(&mut self, shape: Shape) {
        self.shape = shape;
        for (id, value) in std::mem::take(&mut self.knobs).0 {
            if let Some(knob) = shape.knob(&id) {
                self.set_value(knob, value);
            }
        }
    }

    /// Steps of warm-up; none for a shape that is its own.
    pub fn warmup_steps(&self) -> usize {
        if self.shape.warms_up() { self.warmup } else { 0 }
    }

    /// `floor + (1 - floor) * g`: what falls from 1 to 0, ending at the floor.
    pub fn above_floor(&self, g: f64) -> f64 {
        self.floor + (1.0 - self.floor) * g
    }

    /// The same with the shape's null setting, which makes it constant after warm-up.
    pub fn null(&self) -> Option<Self> {
        let mut null = Self { knobs: Settings::default(), ..self.clone() };
        for (id, value) in self.shape.description().null? {
            null.set_value(self.shape.knob(id)?, *value);
        }
        Some(null)
    }
}

/// As it is written: with every knob of the shape, the defaults too, so that each has a path.
#[derive(Serialize, Deserialize)]
struct Fields {
    shape: Shape,
    peak: f64,
    floor: f64,
    warmup: usize,
    points: Curve,
    #[serde(flatten)]
    knobs: BTreeMap<String, f64>,
}

impl From<ScheduleConfig> for Fields {
    fn from(config: ScheduleConfig) -> Self {
        let own = config.shape.description().knobs.iter().filter(|knob| knob.id != FLOOR.id);
        let mut knobs: BTreeMap<_, _> = own.map(|knob| (knob.id.to_owned(), config.value(knob))).collect();
        // A knob that the shape does not have is kept for the check that refuses it.
        knobs.extend(config.knobs.0);
        let ScheduleConfig { shape, peak, floor, warmup, points, .. } = config;
        Self { shape, peak, floor, warmup, points, knobs }
    }
}

impl TryFrom<Fields> for ScheduleConfig {
    type Error = String;

    fn try_from(fields: Fields) -> Result<Self, String> {
        let Fields { shape, peak, floor, warmup, points, knobs } = fields;
        if let Some(id) = knobs.keys().find(|id| !Shape::any_has_knob(id)) {
            return Err(format!("no schedule has a setting {id}"));
        }
        let mut config = Self { shape, peak, floor, warmup, points, knobs: Settings(knobs) };
        // Another shape may have been chosen since these knobs were written.
        config.choose(shape);
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wsd(decay: f64) -> ScheduleConfig {
        let mut config = ScheduleConfig::default();
        config.choose(Shape::find("wsd").expect("WSD"));
        config.knobs.0.insert("decay".into(), decay);
        config
    }

    #[test]
    fn a_new_shape_keeps_the_knobs_that_it_has() {
        let mut config = wsd(0.3);
        config.choose(Shape::find("wsd-sqrt").expect("WSD"));
        assert_eq!(config.knobs, wsd(0.3).knobs);
        config.choose(Shape::find("cosine").expect("cosine"));
        assert_eq!(config, ScheduleConfig::default());
    }

    #[test]
    fn knobs_are_written_beside_the_other_settings() {
        let value = serde_json::to_value(wsd(0.3)).expect("plain data");
        assert_eq!((&value["shape"], &value["decay"]), (&"wsd".into(), &0.3.into()));
        assert_eq!(serde_json::from_value(value).ok(), Some(wsd(0.3)));
        // A knob at its default is the same as one that nobody has set.
        let value = serde_json::to_value(wsd(0.2)).expect("plain data");
        assert_eq!(serde_json::from_value::<ScheduleConfig>(value).map(|config| config.knobs.0.len()).ok(), Some(0));
    }

    #[test]
    fn unknown_shapes_and_knobs_are_not_read() {
        for (field, value) in [("shape", "zigzag".into()), ("colour", 1.0.into()), ("points", "0-1".into())] {
            let mut tree = serde_json::to_value(wsd(0.3)).expect("plain data");
            tree[field] = value;
            assert!(serde_json::from_value::<ScheduleConfig>(tree).is_err(), "{field}");
        }
    }
}
