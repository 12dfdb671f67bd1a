//! What is known of a WebGPU adapter before it is opened.

use serde::{Deserialize, Serialize};

/// What the search for a WebGPU adapter came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Adapter {
    /// There is none.
    Missing,
    /// Only one that computes on the CPU.
    Software {
        /// Its name.
        name: String,
    },
    /// A graphics card.
    Hardware,
}

/// Words in the names of software adapters, for drivers that do not say what they are.
const SOFTWARE: [&str; 3] = ["swiftshader", "llvmpipe", "basic render"];

impl Adapter {
    /// The adapter of this name, of which the driver says whether it is software.
    pub fn judge(name: String, is_software: bool) -> Self {
        let lower = name.to_lowercase();
        if is_software || SOFTWARE.iter().any(|word| lower.contains(word)) {
            Self::Software { name }
        } else {
            Self::Hardware
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn software_is_known_by_its_name_or_by_what_the_driver_says() {
        let is_software = |name: &str, said| matches!(Adapter::judge(name.into(), said), Adapter::Software { .. });
        assert!(is_software("Google SwiftShader", false));
        assert!(is_software("Microsoft Basic Render Driver", false));
        assert!(is_software("some adapter", true));
        assert!(!is_software("NVIDIA GeForce", false));
    }
}
