//! The self-test of a GPU: drivers exist whose results are wrong, and nothing else would show it.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};
use tailblazer_kernels::{
    cpu::{AdamW, Lars, Lion, Sgd},
    functions::{self, GradientSum, State},
    update::{Group, Rule, Update},
};

use crate::{
    experiment::{ModelConfig, Operations, Positions},
    model::{Transformer, initialise},
    objective::{Example, Loss, View},
};

/// Predicted tokens of the model under test; one more is read, the mask.
const VOCABULARY: u32 = 29;

/// Sequences of its batch.
const BATCH: usize = 3;

/// Matrices of the Newton-Schulz iteration: how many, rows, columns.
const MATRICES: [usize; 3] = [2, 10, 14];

/// What sums in another order may differ by.
const ROUNDING: f64 = 1e-4;

/// A sign changes where a gradient is as good as 0, which moves a few weights by the learning rate.
const OF_SIGNS: f64 = 1e-2;

/// A self-test: every fused operation and one training step on the device, against the kernels of the CPU.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SelfTest {
    /// Name of the adapter.
    pub adapter: String,
    /// The operations that were compared, in their order.
    pub checks: Vec<Check>,
    /// Why it ended early, in the driver's words; none where it ran to its end.
    pub stopped: Option<String>,
}

/// One operation of a self-test.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What was computed.
    pub operation: String,
    /// Distance of the result from the CPU's, relative to the latter's norm (l2).
    pub error: f64,
    /// How large it may be.
    pub allowed: f64,
}

impl Check {
    /// Whether the device is right; a result that is no number is not.
    pub fn is_passed(&self) -> bool {
        self.error <= self.allowed
    }
}

impl SelfTest {
    /// Whether the device may be used.
    pub fn is_passed(&self) -> bool {
        self.stopped.is_none() && !self.checks.is_empty() && self.checks.iter().all(Check::is_passed)
    }

    /// All of it as lines of text, for whoever reports a bug.
    pub fn report(&self) -> String {
        let line = |check: &Check| {
            let Check { operation, error, allowed } = check;
            let word = if check.is_passed() { "ok" } else { "WRONG" };
            format!("{word:5} {operation}: relative error {error:.1e}, allowed {allowed:.0e}\n")
        };
        let verdict = if self.is_passed() { "passed" } else { "failed" };
        let mut report = format!("Self-test of {}: {verdict}\n", self.adapter);
        report.extend(self.checks.iter().map(line));
        if let Some(stopped) = &self.stopped {
            report += &format!("stopped: {stopped}\n");
        }
        report
    }
}

/// Compares every fused operation and training steps on a device with the kernels of the CPU, which the tests of
/// `kernels` hold against f64. `adapter` is its name.
pub async fn self_test(device: &Device, adapter: String) -> SelfTest {
    let mut test = SelfTest { adapter, ..SelfTest::default() };
    for config in [causal(), blocks()] {
        let (cpu, gpu) = (results(&config, &Device::flex()).await, results(&config, device).await);
        match cpu.and_then(|cpu| Ok((cpu, gpu?))) {
            Ok((cpu, gpu)) => test.checks.extend(cpu.into_iter().zip(gpu).map(|(cpu, gpu)| compare(&config, cpu, gpu))),
            Err(error) => {
                test.stopped = Some(error.to_string());
                break;
            }
        }
    }
    test
}

/// A model and how it reads.
struct Case {
    name: &'static str,
    model: ModelConfig,
    view: View,
}

/// What an operation came to.
struct Outcome {
    operation: &'static str,
    values: Vec<f32>,
    allowed: f64,
}

/// Next-token prediction with rotary positions and tied embeddings.
fn causal() -> Case {
    let model = ModelConfig { layers: 2, heads: 2, width: 20, context: 12, ..ModelConfig::default() };
    Case { name: "causal", view: View::Causal { context: model.context }, model }
}

/// Block diffusion with learned positions, biases and a head of its own.
fn blocks() -> Case {
    let model = ModelConfig { positions: Positions::Learned, bias: true, tied: false, ..causal().model };
    Case { name: "blocks", view: View::BlockCausal { context: model.context, block: 4 }, model }
}

fn compare(case: &Case, cpu: Outcome, gpu: Outcome) -> Check {
    let distance = cpu.values.iter().zip(&gpu.values).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt();
    let norm = cpu.values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    let error = if cpu.values.len() == gpu.values.len() { distance / norm } else { f64::INFINITY };
    Check { operation: format!("{}, {}", cpu.operation, case.name), error, allowed: cpu.allowed }
}

/// Numbers between -0.5 and 0.5 without a pattern that a wrong index could hide in.
fn numbers(count: usize) -> Vec<f32> {
    (0..count as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 24) as f32 - 0.5).collect()
}

async fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    Ok(tensor.into_data_async().await?.try_to_vec().unwrap_or_default())
}

/// The results of every operation on a device.
async fn results(case: &Case, device: &Device) -> Result<Vec<Outcome>, ExecutionError> {
    let transformer = Transformer::new(&case.model, VOCABULARY as usize, Operations::Fused, device);
    let weights = initialise(&transformer.specs, 1, device);
    let rows = BATCH * case.view.time();
    let ids = |shift: u32| (0..rows as u32).map(|row| (row * 7 + shift) % VOCABULARY).collect();
    let example = Example {
        view: case.view,
        batch: BATCH,
        tokens: ids(0),
        targets: ids(3),
        weights: numbers(rows).iter().map(|number| (number + 1.0) / rows as f32).collect(),
        loss: Loss::CrossEntropy,
    };
    let mut outcomes = Vec::new();
    let mut keep = |operation, allowed, values| outcomes.push(Outcome { operation, values, allowed });

    let tokens = transformer.tokens(&example.tokens, BATCH);
    let view = transformer.view(case.view);
    keep("logits", ROUNDING, read(transformer.forward(&weights, tokens, &view)).await?);
    keep("losses", ROUNDING, read(transformer.losses(&weights, &example)).await?);
    let (plan, batch) = transformer.fused(&example);
    let mut sum = GradientSum::new(device);
    functions::gradient(&plan, &weights, batch.clone(), &mut sum, false);
    keep("gradient", ROUNDING, read(sum.total(&plan)).await?);

    for (operation, rule, allowed) in rules() {
        let mut state = State::new(weights.clone());
        let groups = vec![Group { learning_rate: 0.01, decay: 0.1, is_scaled: true }; transformer.specs.len()];
        let update = Update { rule, clip: 0.5, gradient_scale: 1.0, groups };
        let norms = functions::update(&plan, &mut state, &sum, &update);
        keep(operation, allowed, read(state.weights - weights.clone()).await?);
        let norms = read(norms).await?;
        keep("norms of the gradient", ROUNDING, norms[norms.len().saturating_sub(2)..].to_vec());
    }

    let mut state = State::new(weights.clone());
    let groups = vec![Group { learning_rate: 0.01, decay: 0.1, is_scaled: false }; transformer.specs.len()];
    let rule = |update| Rule::AdamW(AdamW { beta1: 0.9, beta2: 0.99, epsilon: 1e-8, update });
    for step in 1..=2 {
        functions::gradient(&plan, &state.weights, batch.clone(), &mut sum, false);
        let update = Update { rule: rule(step), clip: 1.0, gradient_scale: 1.0, groups: groups.clone() };
        functions::update(&plan, &mut state, &sum, &update);
    }
    keep("losses after two training steps", 10.0 * ROUNDING, read(transformer.losses(&state.weights, &example)).await?);

    let data = TensorData::new(numbers(MATRICES.iter().product()), MATRICES);
    let matrices = Tensor::<3>::from_data(data, device);
    keep("Newton-Schulz", 10.0 * ROUNDING, read(functions::newton_schulz(matrices, 5)).await?);
    Ok(outcomes)
}

/// The rules of an update that are fused, and how far their changes may be from the CPU's.
fn rules() -> [(&'static str, Rule, f64); 5] {
    let adamw = AdamW { beta1: 0.9, beta2: 0.99, epsilon: 1e-4, update: 1 };
    [
        ("AdamW", Rule::AdamW(adamw), 10.0 * ROUNDING),
        ("Lion", Rule::Lion(Lion { beta1: 0.9, beta2: 0.99 }), 10.0 * OF_SIGNS),
        ("SGD", Rule::Sgd(Sgd { momentum: 0.9, nesterov: true }), 10.0 * ROUNDING),
        ("LAMB", Rule::Lamb(adamw), 10.0 * ROUNDING),
        ("LARS", Rule::Lars(Lars { momentum: 0.9, coefficient: 0.001 }), 10.0 * ROUNDING),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(errors: &[f64]) -> SelfTest {
        let check = |error: &f64| Check { operation: "logits".into(), error: *error, allowed: 1e-4 };
        SelfTest { adapter: "A".into(), checks: errors.iter().map(check).collect(), stopped: None }
    }

    #[test]
    fn one_wrong_operation_fails_the_device() {
        assert!(test(&[0.0, 1e-5]).is_passed());
        assert!(!test(&[0.0, 1e-3]).is_passed());
        assert!(!test(&[f64::NAN]).is_passed());
        assert!(!test(&[]).is_passed(), "nothing was tested");
        assert!(!SelfTest { stopped: Some("lost".into()), ..test(&[0.0]) }.is_passed());
        let report = test(&[0.0, 1e-3]).report();
        assert!(report.contains("failed") && report.contains("WRONG logits: relative error 1.0e-3"), "{report}");
    }
}
