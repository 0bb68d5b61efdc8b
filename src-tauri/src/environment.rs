//! What WebKitGTK reads from the process environment, decided before it starts.
//!
//! WebKitGTK hands pictures from its web process to the window by DMA-BUF. With NVIDIA's own
//! driver, or where nothing but software draws, that leaves the window blank or slow; there it is
//! told to hand them over in plain memory. `PARLEY_DMABUF=on` and `=off` decide by hand.

use std::{env, path::Path};

/// WebKitGTK's own switch: set to `1`, it does without DMA-BUF.
const WEBKIT_SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// What is known of the machine and of the person's wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Graphics {
    /// `PARLEY_DMABUF`.
    wish: Option<String>,
    /// The person has set WebKitGTK's switch, to whatever value.
    switch_set: bool,
    /// NVIDIA's own driver is loaded.
    nvidia: bool,
    /// There is a graphics processor that can draw.
    render_node: bool,
    /// Mesa is told to draw in software.
    software: bool,
}

/// Sets what WebKitGTK needs on this machine.
///
/// Call it first in `main`, while the process has one thread.
pub fn prepare() {
    let graphics = Graphics {
        wish: env::var("PARLEY_DMABUF").ok(),
        switch_set: env::var_os(WEBKIT_SWITCH).is_some(),
        nvidia: Path::new("/proc/driver/nvidia/version").exists(),
        render_node: Path::new("/dev/dri/renderD128").exists(),
        software: env::var("LIBGL_ALWAYS_SOFTWARE").is_ok_and(|on| on == "1" || on == "true"),
    };
    let Some(without_dmabuf) = graphics.decide() else {
        return;
    };
    // SAFETY: `main` calls this before anything else, so no other thread exists that could read
    // or write the environment at the same time.
    #[allow(unsafe_code)] // invariant 10: the one file for the process environment
    unsafe {
        if without_dmabuf {
            env::set_var(WEBKIT_SWITCH, "1");
        } else {
            env::remove_var(WEBKIT_SWITCH);
        }
    }
}

impl Graphics {
    /// Some(true): switch DMA-BUF off; Some(false): make sure it is on; None: leave all as it is.
    fn decide(&self) -> Option<bool> {
        match self.wish.as_deref() {
            Some("off") => Some(true),
            Some("on") => Some(false),
            _ if self.switch_set => None,
            _ => (self.nvidia || self.software || !self.render_node).then_some(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wish: Option<&str>, facts: [bool; 4], expected: Option<bool>) {
        let [switch_set, nvidia, render_node, software] = facts;
        let wish = wish.map(str::to_owned);
        let graphics = Graphics {
            wish,
            switch_set,
            nvidia,
            render_node,
            software,
        };
        assert_eq!(graphics.decide(), expected, "{graphics:?}");
    }

    #[test]
    fn dmabuf_is_switched_off_only_where_it_is_the_trouble() {
        const T: bool = true;
        const F: bool = false;
        // the wish, then: switch set by hand, NVIDIA, render node, software
        check(None, [F, F, T, F], None);
        check(None, [F, T, T, F], Some(true));
        check(None, [F, F, T, T], Some(true));
        check(None, [F, F, F, F], Some(true));
        check(None, [T, T, F, T], None);
        check(Some("on"), [T, T, F, T], Some(false));
        check(Some("on"), [F, T, T, F], Some(false));
        check(Some("off"), [F, F, T, F], Some(true));
        check(Some("maybe"), [F, F, T, F], None);
        check(Some("maybe"), [F, T, T, F], Some(true));
    }
}
