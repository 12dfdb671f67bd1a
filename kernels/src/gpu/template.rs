//! WGSL with choices: the few directives that turn one kernel file into the source for one shape.
//!
//! A kernel file is WGSL plus lines that begin with `//#`:
//!
//! ```text
//! //# if NAME          the lines up to `else` or `end` stay when the flag NAME is set (`if !NAME`: is not set)
//! //# else
//! //# repeat r COUNT   the lines up to `end` are written COUNT times, with `{r}` replaced by 0, 1, ...
//! //# end
//! ```
//!
//! `repeat` exists because register tiles must be unrolled in the text: drivers keep indexed private arrays in memory.
//! Bindings are written `@binding(auto)` and numbered in order, so that an absent buffer leaves no hole: a pipeline
//! layout that the browser derives from the source holds exactly the bindings that the entry point uses.

use std::fmt::Write as _;

/// The value of a constant of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    /// A count, an offset, a shape.
    U32(u32),
    /// A factor.
    F32(f32),
    /// A choice; also what `//# if` tests.
    Flag(bool),
}

impl Constant {
    /// Something that two constants share exactly when they are the same constant.
    pub(crate) fn key(self) -> u64 {
        match self {
            Self::U32(value) => u64::from(value),
            Self::F32(value) => 1 << 32 | u64::from(value.to_bits()),
            Self::Flag(value) => 2 << 32 | u64::from(value),
        }
    }

    fn declare(self, name: &str, out: &mut String) {
        let written = match self {
            Self::U32(value) => writeln!(out, "const {name}: u32 = {value}u;"),
            // Through f64: the shortest decimal of an f32 can lie outside f32's range, which browsers reject.
            Self::F32(value) => writeln!(out, "const {name}: f32 = f32({:?});", f64::from(value)),
            Self::Flag(_) => Ok(()),
        };
        written.expect("a string takes everything");
    }
}

/// The constants of a kernel by name.
pub type Constants = [(&'static str, Constant)];

/// The complete WGSL of a kernel: constants first, directives carried out, bindings numbered, the entry point named.
///
/// With `shared_pages`, every buffer is bound for reading and writing: two buffers of one dispatch may lie in one
/// allocation, and an allocation may not be bound in two ways at once.
///
/// # Panics
/// When the template names an unknown flag or count or does not close a directive: the kernel file is wrong.
pub fn expand(template: &str, name: &str, constants: &Constants, shared_pages: bool) -> String {
    let mut out = format!("// {name}\n");
    for (name, constant) in constants {
        constant.declare(name, &mut out);
    }
    let lines: Vec<&str> = template.lines().collect();
    let mut body = String::new();
    block(&lines, constants, &[], &mut body);

    let mut binding = 0;
    for line in body.lines() {
        let mut line = line.replace("fn main(", &format!("fn {name}("));
        if line.contains("@binding(auto)") {
            line = line.replace("@binding(auto)", &format!("@binding({binding})"));
            if shared_pages {
                line = line.replace("var<storage, read>", "var<storage, read_write>");
            }
            binding += 1;
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Names of the buffers that an expanded source binds, in order.
pub fn bindings(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter(|line| line.contains("@binding("))
        .filter_map(|line| line.split("> ").nth(1)?.split(':').next())
        .collect()
}

fn block(lines: &[&str], constants: &Constants, loops: &[(&str, u32)], out: &mut String) {
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let Some(directive) = line.trim_start().strip_prefix("//# ") else {
            let line = loops
                .iter()
                .fold(line.to_string(), |line, (name, value)| line.replace(&format!("{{{name}}}"), &value.to_string()));
            out.push_str(&line);
            out.push('\n');
            at += 1;
            continue;
        };
        let (middle, end) = close(lines, at);
        let words: Vec<&str> = directive.split_whitespace().collect();
        match words[..] {
            ["if", flag] => {
                let (flag, wanted) = flag.strip_prefix('!').map_or((flag, true), |flag| (flag, false));
                let Constant::Flag(set) = constant(constants, flag) else { panic!("{flag} is no flag") };
                let (then, other) = (&lines[at + 1..middle], &lines[(middle + 1).min(end)..end]);
                block(if set == wanted { then } else { other }, constants, loops, out);
            }
            ["repeat", index, count] => {
                let count = count.parse().unwrap_or_else(|_| match constant(constants, count) {
                    Constant::U32(count) => count,
                    _ => panic!("{count} is no count"),
                });
                for value in 0..count {
                    let inner: Vec<(&str, u32)> = loops.iter().copied().chain([(index, value)]).collect();
                    block(&lines[at + 1..end], constants, &inner, out);
                }
            }
            _ => panic!("unknown directive: {directive}"),
        }
        at = end + 1;
    }
}

/// The lines of the `else` (or of the `end` when there is none) and of the `end` of the directive at `start`.
fn close(lines: &[&str], start: usize) -> (usize, usize) {
    let (mut depth, mut middle) = (0, None);
    for (at, line) in lines.iter().enumerate().skip(start) {
        match line.trim_start().strip_prefix("//# ").map(str::trim) {
            Some("end") => depth -= 1,
            Some("else") if depth == 1 => middle = Some(at),
            Some("else") | None => {}
            Some(_) => depth += 1,
        }
        if depth == 0 {
            return (middle.unwrap_or(at), at);
        }
    }
    panic!("a directive is not closed: {}", lines[start])
}

fn constant(constants: &Constants, name: &str) -> Constant {
    constants.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("no constant {name}")).1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATE: &str = "\
@group(0) @binding(auto) var<storage, read> x: array<f32>;
//# if BIAS
@group(0) @binding(auto) var<storage, read> bias: array<f32>;
//# else
// none
//# end
@group(0) @binding(auto) var<storage, read_write> y: array<f32>;
fn main() {
    //# repeat r TILE
    //# repeat c 2
    let a{r}{c} = {r}u;
    //# end
    //# end
}";

    #[test]
    fn flags_choose_and_repeats_unroll() {
        let constants = |bias| [("BIAS", Constant::Flag(bias)), ("TILE", Constant::U32(2))];
        let source = expand(TEMPLATE, "probe", &constants(true), false);
        assert_eq!(bindings(&source), ["x", "bias", "y"]);
        assert!(source.contains("@binding(2) var<storage, read_write> y"));
        assert!(source.contains("const TILE: u32 = 2u;") && source.contains("fn probe() {"));
        assert!(["a00 = 0u", "a01 = 0u", "a10 = 1u", "a11 = 1u"].iter().all(|line| source.contains(line)));
        let source = expand(TEMPLATE, "probe", &constants(false), true);
        assert_eq!(bindings(&source), ["x", "y"]);
        assert!(source.contains("@binding(1)") && source.contains("// none") && !source.contains("storage, read>"));
    }

    #[test]
    fn factors_keep_their_value_and_stay_in_range() {
        for value in [f32::MAX, 1e-30, 0.1, -1.0] {
            let source = expand("", "probe", &[("F", Constant::F32(value))], false);
            let text = source.split("f32(").nth(1).and_then(|rest| rest.split(')').next()).expect("a literal");
            assert_eq!(text.parse::<f64>().expect("a number"), f64::from(value), "{source}");
        }
    }

    #[test]
    #[should_panic(expected = "not closed")]
    fn an_open_directive_is_an_error() {
        expand("//# if A", "probe", &[("A", Constant::Flag(true))], false);
    }
}
