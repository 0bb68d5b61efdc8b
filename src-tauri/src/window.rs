//! The one window: Parley's own page and nothing else.

use crate::{chat_core::ChatCore, closing::Closing, feed::Feed, frame::Frame};
use protocol::WindowEvent;
use std::{path::PathBuf, sync::Arc};
use tauri::{
    AppHandle, DragDropEvent, Manager, Runtime, Url, WebviewWindow, WebviewWindowBuilder,
    webview::{NewWindowResponse, PageLoadEvent},
};

/// Opens the window as tauri.conf.json describes it. What the web view keeps goes to `web_data`,
/// a folder that exists; None: it keeps nothing. It stands as `frame` says, where one is remembered.
pub fn open<R: Runtime>(
    app: &AppHandle<R>,
    web_data: Option<PathBuf>,
    frame: Option<Frame>,
) -> tauri::Result<WebviewWindow<R>> {
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
    if let Some(frame) = frame {
        let (width, height) = (frame.width.into(), frame.height.into());
        builder = builder.inner_size(width, height).maximized(frame.maximised);
        if let Some((x, y)) = frame.place {
            builder = builder.position(x.into(), y.into());
        }
    }
    let window = builder.build()?;
    heed(&window);
    Ok(window)
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

/// What the person does with the window, other than in its page.
fn heed<R: Runtime>(window: &WebviewWindow<R>) {
    let heeding = window.clone();
    window.on_window_event(move |event| {
        let feed = heeding.state::<Feed>();
        match event {
            tauri::WindowEvent::CloseRequested { api, .. } => {
                let answering = heeding.state::<Arc<ChatCore>>().answering();
                let asks = |answering| heeding.state::<Closing>().asks(answering);
                // A page that does not listen would not ask.
                if feed.is_heard() && answering.is_some_and(asks) {
                    api.prevent_close();
                    feed.tell(WindowEvent::CloseAsked);
                }
            }
            tauri::WindowEvent::DragDrop(dragged) => {
                dragging(dragged)
                    .into_iter()
                    .for_each(|event| feed.tell(event));
            }
            _ => {}
        }
    });
}

/// What the page is told of what is dragged. Only files are of interest: they have absolute paths.
fn dragging(dragged: &DragDropEvent) -> Vec<WindowEvent> {
    let files = |paths: &[PathBuf]| -> Vec<String> {
        let files = paths.iter().filter(|path| path.is_absolute());
        files
            .map(|path| path.to_string_lossy().into_owned())
            .collect()
    };
    match dragged {
        DragDropEvent::Enter { paths, .. } if files(paths).is_empty() => vec![],
        DragDropEvent::Enter { .. } => vec![WindowEvent::FilesHover { over: true }],
        DragDropEvent::Drop { paths, .. } => {
            let mut events = vec![WindowEvent::FilesHover { over: false }];
            let paths = files(paths);
            if !paths.is_empty() {
                events.push(WindowEvent::FilesOpened { paths });
            }
            events
        }
        DragDropEvent::Leave => vec![WindowEvent::FilesHover { over: false }],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_of_interest_when_dragged() {
        let check = |paths: &[&str], entered: &[WindowEvent], dropped: &[WindowEvent]| {
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            let position = Default::default();
            let dropping = paths.clone();
            assert_eq!(dragging(&DragDropEvent::Enter { paths, position }), entered);
            let paths = dropping;
            assert_eq!(dragging(&DragDropEvent::Drop { paths, position }), dropped);
        };
        let hover = |over| WindowEvent::FilesHover { over };
        let paths = vec!["/a b.gguf".to_owned()];
        let opened = WindowEvent::FilesOpened { paths };
        check(&[], &[], &[hover(false)]);
        let others = ["https://example.org/x.gguf", "text"];
        check(&others, &[], &[hover(false)]);
        let mixed = ["/a b.gguf", "http://x"];
        check(&mixed, &[hover(true)], &[hover(false), opened]);
        assert_eq!(dragging(&DragDropEvent::Leave), [hover(false)]);
    }

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
