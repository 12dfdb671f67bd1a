//! Charts: pure functions from a run to a [`scene::Scene`], drawn to a canvas while live and to SVG for export.

pub mod axis;
pub mod canvas;
pub mod loss;
pub mod palette;
pub mod rate;
pub mod scene;
pub mod sparkline;
pub mod svg;
pub mod ticks;
