//! What was measured.

use serde_json::{Map, Value, json};
use std::path::Path;

/// Values by name, each measured several times. Names end in their unit: `_ms`, `_mb`.
#[derive(Default)]
pub struct Figures(Map<String, Value>);

impl Figures {
    /// Notes one more value.
    pub fn note(&mut self, name: &str, value: f64) {
        assert!(value.is_finite() && value >= 0.0, "{name}: {value}");
        eprintln!("{name}: {value:.1}");
        let values = self.0.entry(name).or_insert_with(|| json!([]));
        let rounded = (value * 10.0).round() / 10.0;
        values.as_array_mut().expect("a list").push(rounded.into());
    }

    /// Writes all as one JSON object.
    pub fn write(self, path: &Path) {
        std::fs::write(path, Value::from(self.0).to_string()).expect("written");
    }

    /// Fails where a measure gave nothing.
    pub fn assert_whole(&self) {
        for name in [
            "start_warm_ms",
            "memory_parley_mb",
            "worker_peak_mb",
            "turn_reused_ms",
            "turn_afresh_ms",
            "frame_p99_ms",
        ] {
            assert!(self.0.contains_key(name), "{name} was not measured");
        }
    }
}
