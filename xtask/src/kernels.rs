//! `cargo xtask kernels`: the kernels' tests where a mistake of unsafe code shows itself, and on
//! the other architecture.

use std::process::ExitCode;

use crate::{Outcome, place, shell, system};

/// Whose programs the emulator runs: linked without a C compiler of that architecture.
const NEON: &str = "aarch64-unknown-linux-musl";
/// The emulator's processors, one for each level of instructions, and which tests have something
/// new to say on it.
const PROCESSORS: [(&str, &[&str]); 3] = [
    ("max", ALL),
    ("cortex-a76", PRODUCTS),
    ("cortex-a72", PRODUCTS),
];
const ALL: &[&str] = &["--lib", "--tests"];
const PRODUCTS: &[&str] = &["--lib", "--test", "products", "--test", "ceilings"];

/// Runs all of it; what cannot run here is said not to have run.
pub(crate) fn verb() -> Outcome<ExitCode> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err("This is for Linux on x86-64; elsewhere, cargo test -p kernels.".to_owned());
    }
    shell::say("Every level of instructions under AddressSanitizer");
    test(
        "x86_64-unknown-linux-gnu",
        ALL,
        &[
            // The sanitizer's flag is for nightly compilers; this one knows it as well.
            ("RUSTC_BOOTSTRAP", "1"),
            ("RUSTFLAGS", "-Zsanitizer=address"),
        ],
    )?;
    let neon = shell::succeeds("rustup", &["target", "add", NEON]);
    if !neon || system::bring(&[&system::EMULATOR]).is_err() {
        println!(
            "AddressSanitizer found nothing. NEON was not run: it needs rustup and qemu-user-static."
        );
        return Ok(ExitCode::FAILURE);
    }
    for (processor, tests) in PROCESSORS {
        shell::say(&format!("NEON, as {processor} has it"));
        test(
            NEON,
            tests,
            &[
                (
                    "RUSTFLAGS",
                    "-Clinker=rust-lld -Clinker-flavor=ld.lld -Clink-self-contained=yes",
                ),
                (
                    "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_RUNNER",
                    "qemu-aarch64-static",
                ),
                ("QEMU_CPU", processor),
            ],
        )?;
    }
    println!("AddressSanitizer found nothing, and NEON gives what it should.");
    Ok(ExitCode::SUCCESS)
}

/// Tests of the crate, built for a target in a folder of their own.
fn test(target: &str, tests: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let mut cargo = shell::cargo(&["test", "-p", "kernels", "--target", target]);
    cargo.args(tests);
    cargo.env("CARGO_TARGET_DIR", place::target().join("kernels"));
    cargo.envs(environment.iter().copied());
    shell::complete(&mut cargo, "A kernel is wrong.")
}
