//! What the control groups of Linux leave a process of memory: in containers and under systemd
//! that can be far less than the machine has.

use std::path::{Path, PathBuf};

/// Limits above this are no limits (version 1 writes a huge number for none).
const UNLIMITED: u64 = 1 << 60;

/// The files of one version of control groups.
struct Form {
    limit: &'static str,
    usage: &'static str,
    /// Lines of `memory.stat`: file pages, which the kernel gives back when they are needed.
    reclaimable: [&'static str; 2],
}

const V1: Form = Form {
    limit: "memory.limit_in_bytes",
    usage: "memory.usage_in_bytes",
    reclaimable: ["total_active_file", "total_inactive_file"],
};
const V2: Form = Form {
    limit: "memory.max",
    usage: "memory.current",
    reclaimable: ["active_file", "inactive_file"],
};

/// What a control group leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes that are free: the least of all groups of this process.
    pub free: u64,
    /// Bytes that the same group has in all.
    pub limit: u64,
}

/// What the tightest group of this process leaves; None where nothing limits it.
pub(crate) fn room() -> Option<Room> {
    let membership = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    room_under(Path::new("/sys/fs/cgroup"), &membership)
}

/// The same, for groups mounted at `root` and the text of `/proc/self/cgroup`.
fn room_under(root: &Path, membership: &str) -> Option<Room> {
    let mut least: Option<Room> = None;
    for line in membership.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (fields.next(), fields.next()) else {
            continue;
        };
        let (form, mount) = match controllers {
            "" => (V2, root.to_owned()),
            some if some.split(',').any(|name| name == "memory") => (V1, root.join("memory")),
            _ => continue,
        };
        // In a container the group's path may be the host's: then only the mount itself is there.
        let group: PathBuf = mount.join(group.trim_start_matches('/'));
        for folder in group.ancestors().take_while(|f| f.starts_with(&mount)) {
            let rooms = [least, room_in(folder, &form)].into_iter().flatten();
            least = rooms.min_by_key(|room| room.free);
        }
    }
    least
}

fn room_in(folder: &Path, form: &Form) -> Option<Room> {
    let number = |name: &str| -> Option<u64> {
        let text = std::fs::read_to_string(folder.join(name)).ok()?;
        text.trim().parse().ok()
    };
    let limit = number(form.limit).filter(|limit| *limit < UNLIMITED)?;
    let usage = number(form.usage)?;
    let stat = std::fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let reclaimable: u64 = stat
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(name, _)| form.reclaimable.contains(name))
        .filter_map(|(_, bytes)| bytes.trim().parse::<u64>().ok())
        .sum();
    let free = limit.saturating_sub(usage.saturating_sub(reclaimable));
    Some(Room { free, limit })
}

#[cfg(test)]
mod tests {
    use super::{Room, room_under};
    use std::path::Path;

    fn check(files: &[(&str, &str)], membership: &str, room: Option<(u64, u64)>) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let room = room.map(|(free, limit)| Room { free, limit });
        assert_eq!(room_under(root.path(), membership), room, "{membership:?}");
    }

    #[test]
    fn the_tightest_group_counts() {
        let v2 = [
            ("a/memory.max", "1000\n"),
            ("a/memory.current", "700\n"),
            (
                "a/memory.stat",
                "anon 100\nactive_file 50\ninactive_file 150\n",
            ),
            ("a/b/memory.max", "max\n"),
            ("a/b/memory.current", "600\n"),
        ];
        check(&v2, "0::/a/b\n", Some((500, 1000)));
        check(&v2, "0::/elsewhere\n", None);
        let v1 = [
            ("memory/x/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/x/memory.usage_in_bytes", "10\n"),
            ("memory/memory.limit_in_bytes", "4096\n"),
            ("memory/memory.usage_in_bytes", "96\n"),
        ];
        check(&v1, "5:cpu:/x\n4:memory:/x\n0::/\n", Some((4000, 4096)));
        check(&v1, "4:cpuset,memory:/not/here\n", Some((4000, 4096)));
        check(&[], "", None);
        assert_eq!(room_under(Path::new("/nowhere"), "nonsense"), None);
    }
}
