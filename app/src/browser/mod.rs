//! What the page asks of the browser around it: its address, its clipboard, its theme, its keyboard, its files.

pub mod adapter;
pub mod address;
pub mod classroom;
pub mod download;
pub mod embed;
pub mod frame;
pub mod keyboard;
pub mod language;
pub mod library;
pub mod made;
pub mod offline;
pub mod picture;
pub mod print;
pub mod replay;
pub mod screen;
pub mod simd;
pub mod speed;
pub mod storage;
pub mod studies;
pub mod support;
pub mod theme;
pub mod trials;
