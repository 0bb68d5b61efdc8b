//! A stand-in for a file manager, for the tests of dragging: a small window in the upper left
//! corner, from which the file named on the command line can be dragged.

#[cfg(target_os = "linux")]
fn main() {
    use gtk::{gdk, prelude::*};

    let path = std::env::args().nth(1).unwrap_or_default();
    if let Err(error) = gtk::init() {
        eprintln!("files: {error}");
        std::process::exit(1);
    }
    let window = gtk::Window::new(gtk::WindowType::Toplevel);
    window.set_title("Files");
    window.set_default_size(160, 80);
    let file = gtk::EventBox::new();
    let uris = gtk::TargetEntry::new("text/uri-list", gtk::TargetFlags::empty(), 0);
    let button = gdk::ModifierType::BUTTON1_MASK;
    file.drag_source_set(button, &[uris], gdk::DragAction::COPY);
    file.connect_drag_data_get(move |_, _, data, _, _| {
        data.set_uris(&[&format!("file://{path}")]);
    });
    window.add(&file);
    window.connect_destroy(|_| gtk::main_quit());
    window.show_all();
    window.move_(0, 0);
    gtk::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {}
