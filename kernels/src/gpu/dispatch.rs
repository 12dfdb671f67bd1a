//! One launch of one kernel, described without saying who launches it.

use std::fmt;

use super::template::{Constant, bindings, expand};

/// Invocations of a workgroup in every kernel but `normalise`.
pub(crate) const WORKGROUP: u32 = 64;

/// Workgroups along x before a launch spreads over y; WebGPU allows 65535 per dimension.
const LINE: u32 = 32_768;

/// A kernel file.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// The name in traces, also the entry point of the expanded source.
    pub name: &'static str,
    /// The WGSL with directives, see [`template`](super::template).
    pub template: &'static str,
    /// Invocations of a workgroup, all along x.
    pub workgroup: u32,
}

impl fmt::Debug for Kernel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

/// One launch: a kernel, the constants that fit it to a shape, how many workgroups, and which buffers it expects.
///
/// Dispatches with equal [`Dispatch::key`] share a pipeline. Launching means: take or make the pipeline of
/// [`Dispatch::source`] with entry point [`Kernel::name`], bind one buffer per name in [`Dispatch::buffers`] to the
/// bindings 0, 1, ... of group 0, and dispatch [`Dispatch::workgroups`]; nothing at all when a count is 0.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// The kernel file.
    pub kernel: Kernel,
    /// Shapes, strides, factors and choices; they are written into the source.
    pub constants: Vec<(&'static str, Constant)>,
    /// Number of workgroups along each dimension.
    pub workgroups: [u32; 3],
    /// What each binding is, in order; the names are those in the kernel file.
    pub buffers: Vec<&'static str>,
}

impl Dispatch {
    /// A dispatch of `invocations` invocations of the kernel, bound to `buffers`; `None` entries are absent.
    pub(crate) fn new<const N: usize>(
        kernel: Kernel,
        invocations: usize,
        buffers: [Option<&'static str>; N],
        constants: Vec<(&'static str, Constant)>,
    ) -> Self {
        let workgroups = lines(invocations.div_ceil(kernel.workgroup as usize));
        Self { kernel, constants, workgroups, buffers: buffers.into_iter().flatten().collect() }
    }

    /// The complete WGSL. See [`expand`] for `shared_pages`.
    pub fn source(&self, shared_pages: bool) -> String {
        expand(self.kernel.template, self.kernel.name, &self.constants, shared_pages)
    }

    /// What tells pipelines apart: the name and the constants. A cache needs no look at the source.
    pub fn key(&self) -> (&'static str, Vec<u64>) {
        (self.kernel.name, self.constants.iter().map(|(_, constant)| constant.key()).collect())
    }

    /// Whether there is nothing to launch.
    pub fn is_empty(&self) -> bool {
        self.workgroups.contains(&0)
    }

    /// Whether the kernel writes the binding, as the source declares it; the others are only read.
    pub fn writes(&self, source: &str, binding: usize) -> bool {
        let declaration = format!("@binding({binding}) var<storage, read_write>");
        source.contains(&declaration)
    }

    /// Panics unless the source binds what [`Dispatch::buffers`] says: a mistake in this module or in a kernel file.
    pub fn check(&self) {
        let source = self.source(false);
        assert_eq!(bindings(&source), self.buffers, "bindings of {}", self.kernel.name);
    }
}

/// Workgroup counts that cover a linear number of workgroups within WebGPU's limit per dimension.
pub(crate) fn lines(workgroups: usize) -> [u32; 3] {
    let workgroups = u32::try_from(workgroups).expect("fewer than 2^32 workgroups");
    if workgroups <= LINE { [workgroups, 1, 1] } else { [LINE, workgroups.div_ceil(LINE), 1] }
}

/// A count as a constant.
pub(crate) fn count(value: usize) -> Constant {
    Constant::U32(u32::try_from(value).expect("sizes fit in 32 bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workgroups_stay_within_the_limit_per_dimension() {
        assert_eq!(lines(0), [0, 1, 1]);
        assert_eq!(lines(7), [7, 1, 1]);
        let [x, y, _] = lines(100_000);
        assert!(x <= 65_535 && y <= 65_535 && x * y >= 100_000);
    }

    #[test]
    fn a_key_tells_a_count_from_a_flag_and_a_factor() {
        let key = |constant| {
            Dispatch::new(Kernel { name: "probe", template: "", workgroup: WORKGROUP }, 1, [], vec![("A", constant)])
                .key()
        };
        let keys = [key(Constant::U32(1)), key(Constant::Flag(true)), key(Constant::F32(f32::from_bits(1)))];
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    }
}
