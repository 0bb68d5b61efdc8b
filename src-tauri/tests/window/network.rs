//! Nothing leaves: all that a person does with Parley, on a machine without any way out, and on
//! one where every way out leads to a recorder.

use crate::{
    apart::{is_apart, run},
    computer::{Home, SECOND, signal},
};
use std::{
    fs,
    io::Read,
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// Addresses for documentation, which nobody has.
const NOBODY: &str = "192.0.2.1:80";
const NOBODY_6: &str = "[2001:db8::1]:80";
const OURS: &str = "198.51.100.2";

/// Starts Parley, talks, brings another model, talks with it, changes settings, and ends; then
/// asks once on the command line. Returns the ports that the window's driver and the window
/// speak to each other on.
async fn use_all_of_it() -> Vec<String> {
    let home = Home::new();
    let window = home.open().await;
    let mut ports = vec![window.port.to_string()];
    ports.extend(inspected_at(&home));

    window.say("Hello! Who are you?").await;
    window.answered(1, 3).await;
    window.stop().await;
    let second = window.import(SECOND).await;
    window.choose(&second).await;
    window.say("See https://example.org/ and say hello.").await;
    window.answered(2, 3).await;
    window.stop().await;
    window.set("zh-Hant", 2).await;
    window.set("en", 1).await;
    window.assert_nothing_refused().await;
    window.close(&home).await;

    let said = home.parley(&["chat", "--once", "Say hello.", "--max-tokens", "8"]);
    assert!(!said.trim().is_empty());
    ports
}

/// Where the driver speaks to the window: WebKit's own variable, as the driver set it.
fn inspected_at(home: &Home) -> Option<String> {
    let window = home.processes("parley-desktop");
    let environment = fs::read(format!("/proc/{}/environ", window.first()?)).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let address = variables.find_map(|one| one.strip_prefix(b"WEBKIT_INSPECTOR_SERVER="))?;
    let address = String::from_utf8(address.to_vec()).ok()?;
    Some(address.rsplit(':').next()?.to_owned())
}

/// Keeps every packet of the only interface there is.
struct Recorder {
    tcpdump: Child,
    packets: thread::JoinHandle<String>,
}

impl Recorder {
    fn begin() -> Recorder {
        // As the root it is: its own user could not be taken on in a namespace of users.
        let mut tcpdump = Command::new("tcpdump")
            .args(["-i", "lo", "-nn", "-q", "-t", "-l", "--immediate-mode"])
            .args(["-Z", "root"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("tcpdump");
        // It says so when it listens.
        let mut errors = tcpdump.stderr.take().expect("its errors");
        let mut said = String::new();
        while !said.contains("listening on") {
            let mut byte = [0];
            let read = errors.read(&mut byte).expect("tcpdump says something");
            assert!(read == 1, "tcpdump: {said}");
            said.push(char::from(byte[0]));
        }
        thread::spawn(move || errors.read_to_end(&mut Vec::new()));
        let mut out = tcpdump.stdout.take().expect("its output");
        let packets = thread::spawn(move || {
            let mut packets = String::new();
            out.read_to_string(&mut packets).expect("text");
            packets
        });
        Recorder { tcpdump, packets }
    }

    /// One line a packet.
    fn end(mut self) -> Vec<String> {
        thread::sleep(Duration::from_millis(500)); // the last packets are on their way to it
        signal("INT", &self.tcpdump.id().to_string());
        self.tcpdump.wait().expect("it ends");
        let packets = self.packets.join().expect("its output");
        let packets = packets.lines().filter(|line| !line.is_empty());
        packets.map(str::to_owned).collect()
    }
}

/// Tries what must not happen, so that the recorder can prove that it would be seen.
fn try_to_leave() {
    for address in [NOBODY, NOBODY_6] {
        let address: SocketAddr = address.parse().expect("an address");
        let gone = TcpStream::connect_timeout(&address, Duration::from_millis(300));
        assert!(gone.is_err(), "nobody is there");
    }
    let mut asked = Command::new("getent")
        .args(["ahosts", "parley.example.org"])
        .stdout(Stdio::null())
        .spawn()
        .expect("getent");
    thread::sleep(Duration::from_millis(500));
    let _ = asked.kill().and_then(|()| asked.wait());
}

/// Whether it is between two of the loopback's ports, one of them among `ports`.
fn is_ours(packet: &str, ports: &[String]) -> bool {
    // `IP 127.0.0.1.40412 > 127.0.0.1.44321: tcp 181`
    let Some((ends, rest)) = packet
        .strip_prefix("IP ")
        .and_then(|packet| packet.split_once(": "))
    else {
        return false;
    };
    let Some((from, to)) = ends.split_once(" > ") else {
        return false;
    };
    let port = |end: &str| Some(end.strip_prefix("127.0.0.1.")?.to_owned());
    match (port(from), port(to)) {
        (Some(from), Some(to)) => {
            rest.starts_with("tcp ") && (ports.contains(&from) || ports.contains(&to))
        }
        _ => false,
    }
}

#[test]
fn packets_are_told_apart() {
    let ports = ["4444".to_owned()];
    for (packet, ours) in [
        ("IP 127.0.0.1.50000 > 127.0.0.1.4444: tcp 181", true),
        ("IP 127.0.0.1.4444 > 127.0.0.1.50000: tcp 0", true),
        ("IP 127.0.0.1.50000 > 127.0.0.1.80: tcp 0", false),
        ("IP 127.0.0.1.50000 > 127.0.0.53.53: UDP, length 36", false),
        ("IP 127.0.0.1.4444 > 127.0.0.1.53: UDP, length 36", false),
        ("IP 127.0.0.1.4444 > 192.0.2.1.4444: tcp 0", false),
        ("IP6 ::1.4444 > ::1.50000: tcp 0", false),
        ("ARP, Request who-has 192.0.2.1 tell 127.0.0.1", false),
    ] {
        assert_eq!(is_ours(packet, &ports), ours, "{packet}");
    }
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn all_of_it_works_without_any_network() {
    let name = "network::all_of_it_works_without_any_network";
    if !is_apart(name, &["--net"], &[]) {
        return;
    }
    run("ip", &["link", "set", "lo", "up"]); // for the driver
    let unreachable = TcpStream::connect(NOBODY).expect_err("there is no way out");
    assert_eq!(unreachable.kind(), std::io::ErrorKind::NetworkUnreachable);
    use_all_of_it().await;
}

#[tokio::test]
#[ignore = "needs the test models and a display: cargo xtask test"]
async fn nothing_leaves() {
    if !is_apart("network::nothing_leaves", &["--net"], &[]) {
        return;
    }
    run("ip", &["link", "set", "lo", "up"]);
    run("ip", &["address", "add", OURS, "dev", "lo"]);
    run("ip", &["route", "add", "default", "dev", "lo", "src", OURS]);
    // Where the system has no IPv6, nothing can leave by it.
    let six = fs::read_to_string("/proc/net/if_inet6").is_ok_and(|all| !all.is_empty());
    if six {
        run("ip", &["-6", "route", "add", "default", "dev", "lo"]);
    }

    let recorder = Recorder::begin();
    try_to_leave();
    let control = recorder.end();
    let tried = [" > 192.0.2.1.80:", ".53:", "2001:db8::1"];
    for tried in &tried[..if six { 3 } else { 2 }] {
        assert!(
            control.iter().any(|packet| packet.contains(tried)),
            "the recorder does not see an attempt: {tried} is not in {control:#?}"
        );
    }

    let recorder = Recorder::begin();
    let ports = use_all_of_it().await;
    let packets = recorder.end();
    assert_eq!(ports.len(), 2, "both ways to the window are known");
    assert!(!packets.is_empty(), "the driver's own are seen");
    let others: Vec<_> = packets
        .iter()
        .filter(|packet| !is_ours(packet, &ports))
        .collect();
    assert!(others.is_empty(), "something leaves: {others:#?}");
    println!(
        "nothing leaves: {} packets, all of them the driver's; the control was seen in {}",
        packets.len(),
        control.len()
    );
}
