//! Tells Tauri which commands there are, so that each is refused unless a capability names it.

fn main() {
    // SQLite is linked in statically; without this its symbols are exported, and WebKit, in the
    // same process, would bind to them instead of to the system's own SQLite.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-link-arg-bins=-Wl,--exclude-libs,ALL");
    }
    let commands = tauri_build::AppManifest::new().commands(&[
        "call",
        "subscribe",
        "close_window",
        "pick_model",
    ]);
    if let Err(error) =
        tauri_build::try_build(tauri_build::Attributes::new().app_manifest(commands))
    {
        println!("cargo:error=tauri-build: {error:#}");
        std::process::exit(1);
    }
}
