//! What the shell tells the page of its own window, beside the chat core's events.

use crate::Event;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One send to the page: at most one a frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[ts(export)]
pub struct Pushed {
    /// The chat core's, in order.
    pub events: Vec<Event>,
    /// The window's own. Not numbered: what came while no page listened comes with the first
    /// send to the next one.
    pub window: Vec<WindowEvent>,
}

/// What happened to the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(export)]
pub enum WindowEvent {
    /// The person opened model files: on the command line, by a double click, by a second
    /// start, or dropped on the window. To be added to the library, and the last one chosen.
    FilesOpened {
        /// Absolute paths.
        paths: Vec<String>,
    },
    /// Files are being dragged over the window, or no longer.
    FilesHover {
        /// Whether they are.
        over: bool,
    },
    /// The person wants to close the window while an answer is being made: to be asked once.
    /// The page calls `close_window` where they mean it.
    CloseAsked,
}
