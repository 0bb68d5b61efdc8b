//! Serves a folder as a hub on loopback: `cargo run -p hub --example hub_server -- FOLDER [PORT [BYTES_PER_SECOND]]`,
//! then `HF_ENDPOINT=http://127.0.0.1:PORT`. The folder holds `owner/name/files`.

#[path = "../tests/hub_server/mod.rs"]
mod hub_server;

use hub_server::{HubServer, Repository};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(arguments.first().map_or(".", String::as_str));
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    let server = HubServer::on(
        number(1)
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(0),
    );
    server.set_speed(number(2).unwrap_or(0));
    if let Ok(token) = std::env::var("HUB_TOKEN") {
        server.set_token(&token);
    }
    for owner in std::fs::read_dir(folder)?.flatten() {
        for name in std::fs::read_dir(owner.path())
            .into_iter()
            .flatten()
            .flatten()
        {
            let full = format!(
                "{}/{}",
                owner.file_name().to_string_lossy(),
                name.file_name().to_string_lossy()
            );
            let mut repository = Repository::of_folder(&full, &name.path())?;
            // A name is all that says so here.
            repository.gated = full.contains("gated");
            println!(
                "{full} {} files, {}",
                repository.files.len(),
                repository.commit
            );
            server.put(repository);
        }
    }
    println!("HF_ENDPOINT={}", server.endpoint());
    loop {
        std::thread::park();
    }
}
