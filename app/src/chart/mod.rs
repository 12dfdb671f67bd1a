//! Charts: pure functions from the runs of an experiment to a [`scene::Scene`], drawn to a canvas while live and to SVG
//! for export.

pub mod alpha;
pub mod alpha_lines;
pub mod axis;
pub mod branches;
pub mod calibration;
pub mod canvas;
pub mod commits;
pub mod course;
pub mod curve;
pub mod difference;
pub mod esd;
pub mod fan;
pub mod fan_labels;
pub mod forecast;
pub mod forest;
pub mod gradient;
pub mod heat;
pub mod ink;
pub mod input;
pub mod labels;
pub mod loss;
pub mod mark;
pub mod mask;
pub mod matrices;
pub mod multipliers;
pub mod palette;
pub mod poster;
pub mod profile;
pub mod quality;
pub mod rate;
pub mod recorded;
pub mod scene;
pub mod sparkline;
pub mod strip;
pub mod svg;
pub mod synthetic;
#[cfg(test)]
mod testing;
pub mod texts;
pub mod ticks;
