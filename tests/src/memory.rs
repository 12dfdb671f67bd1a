//! What the processes of a browser hold in memory, as `/proc` tells it.

use std::fs;

/// A process of the system.
struct Process {
    id: u32,
    parent: u32,
    /// Bytes in memory.
    resident: u64,
    /// Whether it runs pages and workers.
    is_renderer: bool,
}

/// Bytes that the renderers below a process hold; 0 where there is no `/proc`.
pub fn of_renderers(root: u32) -> u64 {
    let processes: Vec<Process> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| read(entry.file_name().to_str()?))
        .collect();
    let mut family = vec![root];
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        family.extend(processes.iter().filter(|process| process.parent == parent).map(|process| process.id));
        next += 1;
    }
    let is_ours = |process: &&Process| family.contains(&process.id) && process.is_renderer;
    processes.iter().filter(is_ours).map(|process| process.resident).sum()
}

fn read(name: &str) -> Option<Process> {
    let id = name.parse().ok()?;
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let command = fs::read(format!("/proc/{id}/cmdline")).ok()?;
    let is_renderer = String::from_utf8_lossy(&command).contains("--type=renderer");
    let parent = field("PPid:").and_then(|parent| u32::try_from(parent).ok())?;
    Some(Process { id, parent, resident: 1024 * field("VmRSS:").unwrap_or_default(), is_renderer })
}
