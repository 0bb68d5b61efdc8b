//! A window's size and place, as a small file remembers it. In the desktop's own units, which do
//! not change with a screen's density.

use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{self, Read},
    ops::RangeInclusive,
    path::Path,
};

/// The smallest window, as in tauri.conf.json.
const LEAST: (i32, i32) = (720, 480);
/// No file of ours is longer, in bytes.
const LONGEST: u64 = 4096;
/// No desk is larger; what is reckoned with these numbers stays far from its limits.
const DESK: RangeInclusive<i32> = -100_000..=100_000;

/// How a window stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Of its inside, where it is not maximised.
    pub width: i32,
    pub height: i32,
    /// Its upper left corner. None where the desktop keeps places to itself, as Wayland does.
    pub place: Option<(i32, i32)>,
    pub maximised: bool,
}

/// A piece of the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Area {
    /// How much of both is the same, in units of area.
    fn overlap(&self, other: &Area) -> i64 {
        let both = |a: i32, long: i32, b: i32, wide: i32| {
            i64::from((a + long).min(b + wide).saturating_sub(a.max(b)).max(0))
        };
        both(self.x, self.width, other.x, other.width)
            * both(self.y, self.height, other.y, other.height)
    }
}

impl Frame {
    /// The same on these monitors, given by their free areas, the main one first: no larger than
    /// the one that shows most of it, and wholly on that one.
    pub fn fitted(self, monitors: &[Area]) -> Frame {
        let within = |wish: i32, least: i32, most: i32| wish.min(most).max(least);
        let window = self.place.map(|(x, y)| Area {
            x,
            y,
            width: self.width,
            height: self.height,
        });
        let shown = |monitor: &Area| window.map_or(0, |window| window.overlap(monitor));
        let most = monitors.iter().max_by_key(|monitor| shown(monitor));
        let home = most.filter(|monitor| shown(monitor) > 0);
        let Some(area) = home.or(monitors.first()) else {
            return Frame {
                place: None,
                ..self
            };
        };
        let width = within(self.width, LEAST.0, area.width);
        let height = within(self.height, LEAST.1, area.height);
        let place = home.and(self.place).map(|(x, y)| {
            let right = area.x + area.width - width;
            let bottom = area.y + area.height - height;
            (within(x, area.x, right), within(y, area.y, bottom))
        });
        Frame {
            width,
            height,
            place,
            ..self
        }
    }

    /// What stands in the file; None where it cannot be understood.
    pub fn read(file: &Path) -> Option<Frame> {
        let mut text = Vec::new();
        fs::File::open(file)
            .and_then(|file| file.take(LONGEST).read_to_end(&mut text))
            .ok()?;
        let frame: Frame = serde_json::from_slice(&text).ok()?;
        let (x, y) = frame.place.unwrap_or_default();
        let sane = |number: &i32| DESK.contains(number);
        [frame.width, frame.height, x, y]
            .iter()
            .all(sane)
            .then_some(frame)
    }

    /// Whole or not at all.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let part = file.with_extension("part");
        fs::write(&part, serde_json::to_vec(self)?)?;
        fs::rename(part, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: i32, height: i32, place: Option<(i32, i32)>) -> Frame {
        let maximised = false;
        Frame {
            width,
            height,
            place,
            maximised,
        }
    }

    #[test]
    fn a_window_stands_on_the_monitors_that_are_there() {
        let check = |monitors: &[[i32; 4]], before: Frame, after: Frame| {
            let areas: Vec<_> = monitors
                .iter()
                .map(|&[x, y, width, height]| Area {
                    x,
                    y,
                    width,
                    height,
                })
                .collect();
            assert_eq!(before.fitted(&areas), after, "{before:?} on {monitors:?}");
        };
        let laptop = [0, 30, 1366, 738];
        let large = [1366, 0, 2560, 1440];
        // As it was.
        let beside = frame(1280, 800, Some((1500, 100)));
        check(&[laptop, large], beside, beside);
        check(&[large, laptop], beside, beside);
        let small = frame(900, 600, None);
        check(&[laptop], small, small);
        // The large monitor is gone: the desktop finds a place.
        check(&[laptop], beside, frame(1280, 738, None));
        // Most of it was on the laptop; or hung over an edge; or is smaller than can be.
        check(
            &[laptop, large],
            frame(800, 600, Some((700, 100))),
            frame(800, 600, Some((566, 100))),
        );
        check(
            &[laptop],
            frame(800, 600, Some((-300, -300))),
            frame(800, 600, Some((0, 30))),
        );
        check(
            &[laptop],
            frame(1, 5, Some((10, 40))),
            frame(720, 480, Some((10, 40))),
        );
        // A monitor smaller than the smallest window.
        check(
            &[[0, 0, 640, 400]],
            frame(800, 600, Some((10, 10))),
            frame(720, 480, Some((0, 0))),
        );
        // Sizes that are none, and no monitor.
        check(
            &[laptop],
            frame(-1, 0, Some((10, 40))),
            frame(720, 480, None),
        );
        check(&[], frame(800, 600, Some((1, 1))), frame(800, 600, None));
    }

    #[test]
    fn what_cannot_be_understood_is_not_remembered() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config/window.json");
        assert_eq!(Frame::read(&file), None);
        let whole = frame(900, 600, Some((-5, 7)));
        whole.write(&file).expect("written");
        assert_eq!(Frame::read(&file), Some(whole));
        let check = |text: &str| {
            fs::write(&file, text).expect("written");
            assert_eq!(Frame::read(&file), None, "{text}");
        };
        check("");
        check("{}");
        check(r#"{"width":900,"height":600,"place":null,"#);
        check(r#"{"width":9e9,"height":600,"place":null,"maximised":false}"#);
        check(r#"{"width":900,"height":600,"place":[2147483647,0],"maximised":false}"#);
        check(&" ".repeat(1 << 20));
    }
}
