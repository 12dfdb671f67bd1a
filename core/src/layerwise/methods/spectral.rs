//! What all methods share that map tail exponents to multipliers: their checks, their events, and which parameter is
//! tuned by its own spectrum (He et al. 2026, arXiv:2605.22297).

use super::{
    super::{Cadence, Layerwise, Map, Measure, Moment, Parameter, Reason, Skipped, parameter::multipliers},
    knobs::{ACTIVE, EVERY, LEAST, PER_LAYER, RAMP, REVERSED, S1, S2},
};
use crate::policy::{Description, Knob, Settings};

/// A method that maps tail exponents to multipliers; what can differ between two of them.
pub struct Spectral {
    /// What it is.
    pub description: &'static Description,
    /// What is measured.
    pub measure: fn(&Spectral, &Settings) -> Measure,
    /// The exponent that is mapped, from the measured one.
    pub exponent: fn(&Parameter) -> Option<f64>,
    /// How exponents become multipliers.
    pub map: fn(&Spectral, &Settings) -> Map,
    /// What happens to the multipliers of the tuned matrices afterwards.
    pub arrange: fn(&Spectral, &Settings, Moment, &mut [f64]),
}

impl Spectral {
    /// The value of a knob; its default for a method without it.
    pub fn value(&self, settings: &Settings, knob: &Knob) -> f64 {
        let is_known = self.description.knobs.iter().any(|known| known.id == knob.id);
        if is_known { self.description.value(settings, knob.id) } else { knob.default }
    }

    /// The linear map between the two multipliers.
    pub fn linear(&self, settings: &Settings) -> Map {
        let (s1, s2) = (self.value(settings, &S1), self.value(settings, &S2));
        match self.value(settings, &REVERSED) {
            1.0 => Map::Linear { s1: s2, s2: s1 },
            _ => Map::Linear { s1, s2 },
        }
    }

    /// Why the spectrum of a hidden matrix says nothing; none where it does.
    fn obstacle(&self, settings: &Settings, parameter: &Parameter) -> Option<Reason> {
        let (eigenvalues, least) = (parameter.eigenvalues(), self.value(settings, &LEAST) as usize);
        if eigenvalues < least {
            return Some(Reason::TooFew { eigenvalues, least });
        }
        match (self.exponent)(parameter) {
            Some(exponent) if exponent.is_finite() => None,
            _ => Some(Reason::NoTail),
        }
    }

    /// The multipliers of the tuned matrices, and last the one of embedding, positions and head, which count as matrices
    /// with the largest exponent.
    fn mapped(&self, settings: &Settings, parameters: &[Parameter], tuned: &[usize]) -> Vec<f64> {
        let map = (self.map)(self, settings);
        let exponent = |index: &usize| (self.exponent)(&parameters[*index]).unwrap_or(f64::NAN);
        let mut exponents: Vec<f64> = tuned.iter().map(exponent).collect();
        let Some(largest) = (0..tuned.len()).max_by(|a, b| exponents[*a].total_cmp(&exponents[*b])) else {
            return vec![1.0];
        };
        let mut multipliers = if self.value(settings, &PER_LAYER) == 1.0 {
            let layers: Vec<_> = tuned.iter().map(|index| parameters[*index].layer).collect();
            map.multipliers_within(&exponents, &layers)
        } else {
            // The sums and means of some maps run over the ends too.
            let ends = parameters.iter().filter(|parameter| parameter.role.is_end()).count();
            exponents.resize(tuned.len() + ends, exponents[largest]);
            map.multipliers(&exponents)
        };
        multipliers.truncate(tuned.len());
        multipliers.push(multipliers[largest]);
        multipliers
    }
}

impl Layerwise for Spectral {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn measure(&self, settings: &Settings) -> Measure {
        (self.measure)(self, settings)
    }

    fn cadence(&self, settings: &Settings, steps: usize) -> Cadence {
        let value = |knob: &Knob| self.value(settings, knob);
        let last = (value(&ACTIVE) * steps as f64) as usize;
        Cadence { every: value(&EVERY) as usize, ramp: value(&RAMP) as usize, last }
    }

    fn multipliers(&self, settings: &Settings, parameters: &[Parameter], at: Moment) -> Vec<f64> {
        let is_tuned =
            |parameter: &Parameter| parameter.role.is_hidden() && self.obstacle(settings, parameter).is_none();
        let tuned: Vec<usize> = (0..parameters.len()).filter(|index| is_tuned(&parameters[*index])).collect();
        let mut mapped = self.mapped(settings, parameters, &tuned);
        (self.arrange)(self, settings, at, &mut mapped[..tuned.len()]);
        multipliers(parameters, |index, parameter| match tuned.binary_search(&index) {
            Ok(place) => mapped[place],
            Err(_) if parameter.role.is_end() => mapped[tuned.len()],
            Err(_) => 1.0,
        })
    }

    fn fault(&self, settings: &Settings, steps: usize) -> Option<(String, String)> {
        if let Some(fault) = self.description.fault(settings) {
            return Some(fault);
        }
        let value = |knob: &Knob| self.value(settings, knob);
        let fail = |knob: &Knob, wanted: String| {
            let sentence = format!("{} is {}: choose {wanted}.", knob.name, value(knob));
            Some((knob.id.to_owned(), sentence))
        };
        if value(&S1) > value(&S2) {
            return fail(&S1, format!("at most the largest multiplier, {}", value(&S2)));
        }
        if value(&EVERY) > steps as f64 {
            return fail(&EVERY, format!("at most the {steps} steps of the run"));
        }
        if value(&RAMP) >= value(&EVERY) {
            return fail(&RAMP, format!("fewer steps than the interval of {}", value(&EVERY)));
        }
        None
    }

    fn skipped(&self, settings: &Settings, parameters: &[Parameter]) -> Vec<Skipped> {
        let hidden = parameters.iter().enumerate().filter(|(_, parameter)| parameter.role.is_hidden());
        let skipped = |(index, parameter)| Some(Skipped { index, reason: self.obstacle(settings, parameter)? });
        hidden.filter_map(skipped).collect()
    }
}
