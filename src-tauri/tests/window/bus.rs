//! A D-Bus of a test's own, and what answers on it in the place of a desktop's services.

use crate::computer::Home;
use gtk::{
    gio::{DBusCallFlags, DBusConnection, DBusConnectionFlags, DBusMethodInvocation, DBusNodeInfo},
    glib::{MainContext, MainLoop, Variant, prelude::*},
};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

/// The bus. It ends with the test.
pub struct Bus {
    daemon: Child,
    /// For `DBUS_SESSION_BUS_ADDRESS` and the like.
    pub address: String,
}

impl Bus {
    /// One that starts nothing by itself.
    pub fn new(home: &Home) -> Bus {
        let file = home.path().join("bus.conf");
        let configuration = format!(
            r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
             "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig>
              <type>session</type>
              <listen>unix:dir={}</listen>
              <policy context="default">
                <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
              </policy>
            </busconfig>"#,
            home.path().display()
        );
        fs::write(&file, configuration).expect("written");
        Bus::by(Command::new("dbus-daemon").arg(format!("--config-file={}", file.display())))
    }

    /// The bus that this daemon makes.
    pub fn by(daemon: &mut Command) -> Bus {
        let mut daemon = daemon
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon starts (Debian: dbus-daemon)");
        let mut address = String::new();
        let stdout = daemon.stdout.take().expect("it says its address");
        BufReader::new(stdout)
            .read_line(&mut address)
            .expect("a line");
        let address = address.trim().to_owned();
        Bus { daemon, address }
    }

    /// A new connection to it.
    pub fn connect(&self) -> DBusConnection {
        connect(&self.address)
    }

    /// Has `answer` be the service called `name`, with one object: its method calls, by name and
    /// with their arguments. Stays as long as the test.
    pub fn serve(
        &self,
        name: &'static str,
        object: &'static str,
        interface: &'static str,
        answer: impl Fn(&str, Variant, DBusMethodInvocation) + Send + Sync + 'static,
    ) -> DBusConnection {
        let connection = self.connect();
        let serving = connection.clone();
        let (ready, is_ready) = mpsc::channel();
        thread::spawn(move || {
            let context = MainContext::new();
            let run = || {
                let node = DBusNodeInfo::for_xml(interface).expect("an interface");
                let interface = node.interfaces().first().cloned().expect("one");
                serving
                    .register_object(
                        object,
                        &interface,
                        move |_, _, _, _, method, arguments, call| answer(method, arguments, call),
                        |_, _, _, _, _| 0u32.to_variant(),
                        |_, _, _, _, _, _| false,
                    )
                    .expect("it is served");
                own(&serving, name);
                ready.send(()).expect("the test waits");
                MainLoop::new(Some(&context), false).run();
            };
            context.with_thread_default(run).expect("a context");
        });
        is_ready.recv().expect("it is ready");
        connection
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.daemon.kill().and_then(|()| self.daemon.wait());
    }
}

/// A new connection to the bus at this address.
pub fn connect(address: &str) -> DBusConnection {
    let flags =
        DBusConnectionFlags::AUTHENTICATION_CLIENT | DBusConnectionFlags::MESSAGE_BUS_CONNECTION;
    let none = gtk::gio::Cancellable::NONE;
    DBusConnection::for_address_sync(address, flags, None, none).expect("a connection")
}

fn own(connection: &DBusConnection, name: &str) {
    let owned = connection.call_sync(
        Some("org.freedesktop.DBus"),
        "/org/freedesktop/DBus",
        "org.freedesktop.DBus",
        "RequestName",
        Some(&(name, 0u32).to_variant()),
        None,
        DBusCallFlags::NONE,
        5000,
        gtk::gio::Cancellable::NONE,
    );
    owned.expect("the name is free");
}
