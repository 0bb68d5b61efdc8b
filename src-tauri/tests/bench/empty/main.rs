//! A window with nothing in it: what `cargo xtask bench` holds Parley's memory against.

fn main() -> tauri::Result<()> {
    tauri::Builder::default().run(tauri::generate_context!(
        "tests/bench/empty/tauri.conf.json"
    ))
}
