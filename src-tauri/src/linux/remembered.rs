//! How the window stands, remembered while it is moved about, for the next one.

use crate::frame::{Area, Frame};
use gtk::{gdk, glib, prelude::*};
use std::{
    cell::Cell,
    path::PathBuf,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A window that has stood still for this long is remembered.
const SETTLED: Duration = Duration::from_millis(400);

/// The file, and what stands in it.
#[derive(Clone)]
pub struct Remembered {
    file: PathBuf,
    last: Arc<Mutex<Option<Frame>>>,
}

impl Remembered {
    /// What was remembered in this file; one that cannot be understood holds nothing.
    pub fn read(file: PathBuf) -> Remembered {
        let last = Arc::new(Mutex::new(Frame::read(&file)));
        Remembered { file, last }
    }

    /// How to open the window on the monitors that are there now. On the main thread.
    pub fn frame(&self) -> Option<Frame> {
        let display = gdk::Display::default()?;
        let monitors = (0..display.n_monitors()).filter_map(|number| display.monitor(number));
        let areas: Vec<Area> = monitors.map(|monitor| area(monitor.workarea())).collect();
        self.locked().map(|frame| frame.fitted(&areas))
    }

    /// Remembers from now on how the window stands. On the main thread.
    pub fn follow(&self, window: &gtk::ApplicationWindow) {
        let moving = Rc::new(Cell::new(None::<glib::SourceId>));
        let all = self.clone();
        let changed = move |window: &gtk::ApplicationWindow| {
            let (all, window) = (all.clone(), window.downgrade());
            let settled = Rc::clone(&moving);
            if let Some(earlier) = moving.take() {
                earlier.remove();
            }
            let later = glib::timeout_add_local_once(SETTLED, move || {
                settled.take();
                if let Some(window) = window.upgrade() {
                    all.remember(&window);
                }
            });
            moving.set(Some(later));
        };
        let moved = changed.clone();
        window.connect_configure_event(move |window, _| {
            moved(window);
            false
        });
        window.connect_window_state_event(move |window, _| {
            changed(window);
            glib::Propagation::Proceed
        });
    }

    /// Remembers how the window stands now. Where that cannot be written, the next window opens
    /// as the one before did. On the main thread.
    pub fn remember(&self, window: &gtk::ApplicationWindow) {
        let Some(frame) = standing(window, *self.locked()) else {
            return;
        };
        let mut last = self.locked();
        if *last != Some(frame) && frame.write(&self.file).is_ok() {
            *last = Some(frame);
        }
    }

    fn locked(&self) -> MutexGuard<'_, Option<Frame>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the window stands. None where that is only for now (full screen, put away).
fn standing(window: &gtk::ApplicationWindow, last: Option<Frame>) -> Option<Frame> {
    let state = window.window()?.state();
    let passing =
        gdk::WindowState::FULLSCREEN | gdk::WindowState::ICONIFIED | gdk::WindowState::WITHDRAWN;
    if state.intersects(passing) {
        return None;
    }
    let maximised = window.is_maximized();
    if let Some(last) = last.filter(|_| maximised) {
        return Some(Frame { maximised, ..last });
    }
    let (width, height) = match maximised {
        true => window.default_size(),
        false => window.size(),
    };
    let placed = !maximised && !window.display().backend().is_wayland();
    Some(Frame {
        width,
        height,
        place: placed.then(|| window.position()),
        maximised,
    })
}

fn area(free: gdk::Rectangle) -> Area {
    Area {
        x: free.x(),
        y: free.y(),
        width: free.width(),
        height: free.height(),
    }
}
