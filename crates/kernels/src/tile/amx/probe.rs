//! Whether tiles can be used: asked of the processor, then of the system, then tried.
//!
//! A flag of the processor is not enough: without the system's permission the first instruction
//! ends the process. So a child process tries all of it first, against plain Rust. Only where it
//! comes back with the same bits does this process ask for permission.

use super::multiply;
use crate::activations::{Codes, Span};
use crate::panel::{Panel, ROWS};
use crate::probe::{Level, vectors};
use crate::tile::portable;
use std::arch::asm;
use std::arch::x86_64::__cpuid_count;
use std::sync::OnceLock;

const ARCH_PRCTL: usize = 158;
const ARCH_REQ_XCOMP_PERM: usize = 0x1023;
/// The tiles' registers among the processor's states.
const TILE_DATA: usize = 18;
const CLONE: usize = 56;
const WAIT4: usize = 61;
const EXIT_GROUP: usize = 231;
/// Waits for children that end without a signal to their parent, too.
const WALL: usize = 0x4000_0000;

/// Whether they can.
pub(crate) fn usable() -> bool {
    static USABLE: OnceLock<bool> = OnceLock::new();
    *USABLE.get_or_init(|| {
        cfg!(target_os = "linux")
            && vectors() == Level::Avx512Vnni
            && has_tiles()
            && in_child(|| permitted() && is_right())
            && permitted()
    })
}

/// Whether the processor says so.
fn has_tiles() -> bool {
    const TILES: u32 = 1 << 24;
    const BYTES: u32 = 1 << 25;
    let found = __cpuid_count(7, 0).edx;
    found & TILES != 0 && found & BYTES != 0
}

/// A system call of Linux.
///
/// # Safety
/// As the call's own.
unsafe fn call(number: usize, arguments: [usize; 5]) -> isize {
    let [a, b, c, d, e] = arguments;
    let result: isize;
    // SAFETY: the convention of Linux on x86-64; the caller promises the rest.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") e,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

fn permitted() -> bool {
    // SAFETY: asks for registers to be kept, and changes nothing else.
    unsafe { call(ARCH_PRCTL, [ARCH_REQ_XCOMP_PERM, TILE_DATA, 0, 0, 0]) == 0 }
}

/// Whether a child process comes to the end of `work`, and that it is true. `work` allocates no
/// memory and takes no lock.
fn in_child(work: fn() -> bool) -> bool {
    // SAFETY: as a fork, without a signal when it ends. The child uses nothing of what other
    // threads might hold, by what is asked of `work`.
    let child = unsafe { call(CLONE, [0; 5]) };
    if child == 0 {
        let right = work();
        // SAFETY: ends the child, at once.
        unsafe { call(EXIT_GROUP, [usize::from(!right), 0, 0, 0, 0]) };
        unreachable!("a process that has ended");
    }
    let Ok(child) = usize::try_from(child) else {
        return false;
    };
    let mut status = 0i32;
    loop {
        let place = (&raw mut status).addr();
        // SAFETY: four bytes are written.
        let ended = unsafe { call(WAIT4, [child, place, WALL, 0, 0]) };
        const INTERRUPTED: isize = -4;
        if ended != INTERRUPTED {
            return ended == child as isize && status == 0;
        }
    }
}

/// Compares with plain Rust, on numbers of every size, in memory of the stack alone.
fn is_right() -> bool {
    let mut seed = 9u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u32
    };
    let mut panels = [Panel::EMPTY; 2];
    for panel in &mut panels {
        for byte in panel.quants.as_flattened_mut() {
            *byte = next() as u8;
        }
        for scale in panel.scales.as_flattened_mut() {
            *scale = next() as f32 / 1e9;
        }
        for offset in panel.offsets.as_flattened_mut() {
            *offset = next() as f32 / -1e9;
        }
    }
    // As bytes for tiles, as words for plain Rust.
    let mut bytes = [Span::ZERO; super::TOKENS];
    let mut words = [Span::ZERO; super::TOKENS];
    for (bytes, words) in bytes.iter_mut().zip(&mut words) {
        let mut values = [0f32; crate::block::SPAN];
        for value in &mut values {
            *value = next() as f32 - 1e9;
        }
        bytes.fill(&values, Codes::Planes);
        words.fill(&values, Codes::Words);
    }
    is_right_for::<32, false>(&panels, &bytes, &words)
        && is_right_for::<32, true>(&panels, &bytes, &words)
        && is_right_for::<16, false>(&panels, &bytes, &words)
        && is_right_for::<16, true>(&panels, &bytes, &words)
}

fn is_right_for<const GROUP: usize, const OFFSETS: bool>(
    panels: &[Panel; 2],
    bytes: &[Span; super::TOKENS],
    words: &[Span; super::TOKENS],
) -> bool {
    let groups = crate::block::SPAN / GROUP;
    let mut found = [[0f32; ROWS]; 2 * super::TOKENS];
    let mut expected = found;
    let [a, b] = panels;
    // SAFETY: the processor has the vectors, and the child the permission; it is there to try.
    unsafe { multiply::<GROUP, OFFSETS>(groups, [a, b], bytes, &mut found) };
    portable::multiply(GROUP, OFFSETS, groups, panels, words, &mut expected);
    let (found, expected) = (found.as_flattened(), expected.as_flattened());
    (found.iter().zip(expected)).all(|(a, b)| a.to_bits() == b.to_bits())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_does_is_told_and_harms_nobody() {
        assert!(in_child(|| true));
        assert!(!in_child(|| false));
        // An instruction that there is not.
        // SAFETY: it ends the child.
        assert!(!in_child(|| unsafe { asm!("ud2", options(noreturn)) }));
    }

    #[test]
    fn a_processor_without_tiles_is_found_out_by_trying_too() {
        if vectors() == Level::Avx512Vnni {
            assert_eq!(in_child(|| permitted() && is_right()), usable());
            assert!(usable() || !in_child(is_right));
        }
    }
}
