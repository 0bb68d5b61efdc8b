//! The one window: Parley's own page and nothing else.

use crate::feed::Feed;
use std::path::PathBuf;
use tauri::{
    AppHandle, Manager, Runtime, Url, WebviewWindow, WebviewWindowBuilder,
    webview::{NewWindowResponse, PageLoadEvent},
};

/// Opens the window as tauri.conf.json describes it. What the web view keeps goes to `web_data`,
/// a folder that exists; None: it keeps nothing.
pub fn open<R: Runtime>(app: &AppHandle<R>, web_data: Option<PathBuf>) -> tauri::Result<()> {
    let config = app.config();
    let described = config
        .app
        .windows
        .first()
        .ok_or(tauri::Error::WindowNotFound)?;
    let served = config.build.dev_url.clone().filter(|_| cfg!(dev));
    let mut builder = WebviewWindowBuilder::from_config(app, described)?
        .on_navigation(move |url| is_ours(url, served.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Started {
                window.state::<Feed>().end(); // the page that listened is gone
            }
        });
    builder = match web_data {
        Some(folder) => builder.data_directory(folder),
        None => builder.incognito(true).data_directory(std::env::temp_dir()),
    };
    let window = builder.build()?;
    #[cfg(target_os = "linux")]
    reload_when_the_page_dies(&window)?;
    Ok(())
}

/// Whether the window may show this address: only the page that was built into the program, or in
/// development the server that builds it. A content policy does not stop navigation; this does.
fn is_ours(url: &Url, served: Option<&Url>) -> bool {
    let built_in = match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        // where the platform's web view knows no schemes of one's own
        "http" | "https" if cfg!(any(windows, target_os = "android")) => {
            url.host_str() == Some("tauri.localhost")
        }
        _ => false,
    };
    built_in || served.is_some_and(|served| served.origin() == url.origin())
}

/// WebKit runs the page in a process of its own. Where that one dies (memory, a fault of the
/// graphics driver) the page is loaded again; it rebuilds itself from a snapshot.
#[cfg(target_os = "linux")]
fn reload_when_the_page_dies<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    use std::time::Duration;
    use webkit2gtk::WebViewExt;

    /// Time between a death and the reload, so that a page that dies at once does not spin.
    const BREATH: Duration = Duration::from_millis(500);

    let reloaded = window.clone();
    window.with_webview(move |view| {
        view.inner()
            .connect_web_process_terminated(move |_, reason| {
                eprintln!(
                    "parley-desktop: the page's process ended ({reason:?}); loading it again"
                );
                let window = reloaded.clone();
                tauri::async_runtime::spawn(async move {
                    tokio::time::sleep(BREATH).await;
                    let _ = window.reload(); // fails only once the window is closed
                });
            });
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_own_page_is_shown() {
        let check = |address: &str, served: Option<&str>, expected: bool| {
            let parse = |text: &str| text.parse::<Url>().expect("an address");
            let served = served.map(parse);
            assert_eq!(
                is_ours(&parse(address), served.as_ref()),
                expected,
                "{address}"
            );
        };
        let server = Some("http://localhost:5173/");
        check("tauri://localhost/", None, true);
        check("tauri://localhost/index.html#x", None, true);
        check("tauri://elsewhere/", None, false);
        check("https://example.org/", None, false);
        check("http://localhost:5173/", None, false);
        check("http://localhost:5173/index.html", server, true);
        check("http://localhost:5174/", server, false);
        check("https://localhost:5173/", server, false);
        check("file:///etc/passwd", server, false);
        check("data:text/html,x", server, false);
        check("blob:tauri://localhost/1", server, false);
        check("about:blank", server, false);
        check("http://tauri.localhost/", None, cfg!(windows));
        check("tauri://user@localhost.example.org/", None, false);
    }
}
