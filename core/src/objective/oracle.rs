//! Denoisers that know the law of a short text and say exactly what follows from the tokens that they see.

use super::Example;

/// The probabilities of the token at a place, from the tokens that are seen, one place each.
pub type Denoiser<'a> = &'a dyn Fn(usize, &[Option<u32>]) -> Vec<f64>;

/// What follows from the law of whole texts over `vocabulary` tokens.
pub fn oracle(law: impl Fn(&[u32]) -> f64, vocabulary: u32) -> impl Fn(usize, &[Option<u32>]) -> Vec<f64> {
    move |place, seen| {
        let mut masses = vec![0.0; vocabulary as usize];
        for text in texts(seen.len(), vocabulary) {
            if seen.iter().zip(&text).all(|(seen, token)| seen.is_none_or(|seen| seen == *token)) {
                masses[text[place] as usize] += law(&text);
            }
        }
        let sum: f64 = masses.iter().sum();
        masses.iter().map(|mass| mass / sum).collect()
    }
}

/// All texts of a length.
pub fn texts(length: usize, vocabulary: u32) -> impl Iterator<Item = Vec<u32>> {
    (0..vocabulary.pow(length as u32)).map(move |number| {
        (0..length).map(|place| number / vocabulary.pow((length - 1 - place) as u32) % vocabulary).collect()
    })
}

/// The loss of an example with masks whose network is a denoiser: each row sees what its view allows.
pub fn loss(example: &Example, mask: u32, is_shifted: bool, denoiser: Denoiser) -> f64 {
    let (time, context) = (example.view.time(), example.view.context());
    let of_row = |index: usize| {
        let (first, row) = (index / time * time, index % time);
        let mut seen = vec![None; context];
        for key in (0..time).filter(|key| example.view.allows(row, *key) && example.tokens[first + key] != mask) {
            seen[key % context] = Some(example.tokens[first + key]);
        }
        let place = row % context + usize::from(is_shifted);
        -denoiser(place, &seen)[example.targets[index] as usize].ln()
    };
    let rows = (0..example.tokens.len()).filter(|index| example.weights[*index] > 0.0);
    rows.map(|index| f64::from(example.weights[index]) * of_row(index)).sum()
}

/// The mean and the standard error of numbers.
pub fn mean(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.into_iter().collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}
