//! The golden values of `tests/golden/optimizer_vectors.json`, in f64.

use burn::tensor::{Device, Tensor};
use serde_json::Value;
use tailblazer_kernels::{
    functions::{self, State},
    plain,
};

use super::{assert_close, config, list, parameters, spec, wide};
use crate::{
    experiment::OptimiserConfig,
    model::Role,
    optim::{Updater, muon},
};

/// All cases.
pub fn golden() -> Value {
    serde_json::from_str(include_str!("../../../../tests/golden/optimizer_vectors.json")).expect("valid JSON")
}

/// All numbers of a list or of a matrix, row by row.
pub fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

/// A matrix that an optimiser moves without clipping; its shape is as in the golden values, `[out, in]`, and is turned.
fn golden_run(
    config: &OptimiserConfig,
    [outputs, inputs]: [usize; 2],
    start: &Value,
    steps: &[&Value],
    rate: f64,
) -> Vec<Vec<f64>> {
    let turn = |values: &[f64], columns: usize| -> Vec<f64> {
        (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns).copied()).collect()
    };
    let specs = [spec(Role::Up, [inputs, outputs])];
    let mut state = State::new(list(&specs, &[turn(&numbers(start), inputs)]));
    let mut updater = Updater::new(config, rate, &specs, &Device::flex());
    let step = |gradient: &&Value| {
        updater.step_plain(&mut state, list(&specs, &[turn(&numbers(gradient), inputs)]), &[rate]);
        turn(&parameters(&specs, &state.weights)[0], outputs)
    };
    steps.iter().map(step).collect()
}

#[test]
fn three_updates_of_adamw_agree_with_the_golden_values() {
    for (case, clip) in [("adamw_three_steps", 0.0), ("adamw_three_steps_clip_1", 1.0)] {
        let case = &golden()[case];
        let config = OptimiserConfig { beta2: 0.95, weight_decay: 0.1, clip, ..Default::default() };
        let specs = [spec(Role::Up, [1, 3])];
        let mut state = State::new(list(&specs, &[numbers(&case["w0"])]));
        let mut updater = Updater::new(&config, 0.01, &specs, &Device::flex());
        for (gradient, expected) in
            case["grads"].as_array().expect("steps").iter().zip(case["steps"].as_array().expect("steps"))
        {
            let norms = updater.step_plain(&mut state, list(&specs, &[numbers(gradient)]), &[0.01]);
            let pre_clip = expected["pre_clip_norm"].as_f64().expect("a number");
            assert!((wide(&norms)[1] - pre_clip).abs() < 1e-6);
            assert_close(&parameters(&specs, &state.weights)[0], &numbers(&expected["w"]), 1e-6, "weights");
        }
    }
}

#[test]
fn two_updates_of_muon_agree_with_the_golden_values() {
    let case = &golden()["muon_two_steps"];
    let config = OptimiserConfig { weight_decay: 0.01, ..config("muon", &[]) };
    let gradients: Vec<&Value> = case["grads"].as_array().expect("steps").iter().collect();
    let found = golden_run(&config, [3, 2], &case["w0"], &gradients, 0.02);
    for (found, expected) in found.iter().zip(case["w"].as_array().expect("steps")) {
        assert_close(found, &numbers(expected), 1e-5, "weights");
    }
}

#[test]
fn steps_of_muon_have_the_golden_factors() {
    for case in golden()["muon_scale_factors_gpt_nano"].as_array().expect("matrices") {
        let side = |key: &str| case[key].as_u64().expect("a size") as usize;
        for (scale, key) in [(0.0, "original"), (1.0, "moonlight"), (2.0, "spectral")] {
            let found = muon::factor(scale, [side("in"), side("out")]);
            assert_close(&[found], &numbers(&case[key]), 1e-12, key);
        }
        assert_eq!(muon::factor(3.0, [side("in"), side("out")]), 1.0);
    }
}

#[test]
fn newton_schulz_agrees_with_the_golden_matrix_and_scalar_map() {
    let golden = golden();
    let case = &golden["newton_schulz"];
    let orthogonal = |list: &[f64], shape: [usize; 2]| -> [Vec<f64>; 2] {
        let list: Vec<f32> = list.iter().map(|value| *value as f32).collect();
        let matrix = Tensor::<1>::from_floats(list.as_slice(), &Device::flex()).reshape([1, shape[0], shape[1]]);
        [plain::newton_schulz(matrix.clone(), 5), functions::newton_schulz(matrix, 5)]
            .map(|matrix| matrix.into_data().iter::<f64>().collect())
    };
    for found in orthogonal(&numbers(&case["input"]), [2, 3]) {
        assert_close(&found, &numbers(&case["output"]), 1e-5, "matrix");
    }
    // diag(s, sqrt(1 - s^2)) has norm 1, so that its values go through the iteration as they are.
    for case in golden["newton_schulz_scalar_map"].as_array().expect("values") {
        let [from, to] = ["in", "out"].map(|key| case[key].as_f64().expect("a number"));
        for found in orthogonal(&[from, 0.0, 0.0, (1.0 - from * from).sqrt()], [2, 2]) {
            assert_close(&found[..1], &[to], 1e-4, "scalar map");
        }
    }
}

#[test]
fn lamb_and_lars_agree_with_the_golden_values() {
    let case = &golden()["lars_lamb"];
    let lamb = OptimiserConfig { beta2: 0.999, epsilon: 1e-6, weight_decay: 0.01, ..config("lamb", &[]) };
    let found = golden_run(&lamb, [1, 2], &case["w"], &[&case["g"]], 0.01);
    assert_close(&found[0], &numbers(&case["lamb_first_step"]["w_next"]), 1e-6, "LAMB");

    let (w, g) = (numbers(&case["w"]), numbers(&case["g"]));
    for (decay, key) in [(0.0, "lars_trust_eta_1e-3_wd_0"), (5e-4, "lars_trust_eta_1e-3_wd_5e-4")] {
        let trust = numbers(&case[key])[0];
        let found = golden_run(
            &OptimiserConfig { weight_decay: decay, ..config("lars", &[("trust", 1e-3)]) },
            [1, 2],
            &case["w"],
            &[&case["g"]],
            100.0,
        );
        let expected: Vec<f64> = w.iter().zip(&g).map(|(w, g)| w - 100.0 * trust * (g + decay * w)).collect();
        assert_close(&found[0], &expected, 1e-6, key);
    }
}
