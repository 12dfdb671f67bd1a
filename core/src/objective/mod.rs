//! What the model is trained to predict, and the loss of a prediction.

mod next_token;

pub use next_token::cross_entropy;
