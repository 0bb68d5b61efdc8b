//! Starts of one data folder, as threads and as processes that speak badly.

use super::*;
use std::{
    io::{Read, Write},
    sync::mpsc,
};

const SOON: Duration = Duration::from_secs(5);
/// For a first that does not answer.
const SHORT: Duration = Duration::from_millis(300);

fn wish(files: &[&str]) -> Handover {
    let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    Handover::new(&files, Some("token".to_owned()))
}

fn first(places: &Places) -> Instance {
    match claim_within(places, &wish(&[]), SHORT).expect("no other") {
        Claim::First(instance) => instance,
        Claim::HandedOver => panic!("there was no other"),
    }
}

/// The first, listening; what it was handed comes out.
fn listening(places: &Places) -> mpsc::Receiver<Handover> {
    let (heard, hears) = mpsc::channel();
    first(places).listen(move |wish| heard.send(wish).is_ok());
    hears
}

fn caller(places: &Places) -> UnixStream {
    let folder = File::open(places.data()).expect("a folder");
    UnixStream::connect(address(&folder, &places.socket())).expect("it listens")
}

#[test]
fn a_second_start_hands_over_and_a_later_one_is_the_first_again() {
    let home = tempfile::tempdir().expect("a folder");
    let places = Places::under(home.path());
    let held = first(&places);
    let second = claim_within(&places, &wish(&[]), SHORT);
    let refused = second.err().expect("nobody listens yet");
    assert_eq!(refused.key, "already-open");
    drop(held);

    let hears = listening(&places); // the socket of the one before lies there still
    let files = ["/a b.gguf", "/模型.gguf"];
    let second = claim_within(&places, &wish(&files), SOON).expect("it answers");
    assert!(matches!(second, Claim::HandedOver));
    assert_eq!(hears.try_recv(), Ok(wish(&files)));
}

#[test]
fn of_two_at_the_same_moment_one_stays() {
    for _ in 0..20 {
        let home = tempfile::tempdir().expect("a folder");
        let places = Places::under(home.path());
        let (heard, hears) = mpsc::channel();
        let start = |file: &'static str| {
            let (places, heard) = (places.clone(), heard.clone());
            thread::spawn(move || {
                match claim_within(&places, &wish(&[file]), SOON).expect("both are well") {
                    Claim::First(instance) => {
                        instance.listen(move |wish| heard.send(wish).is_ok());
                        None
                    }
                    Claim::HandedOver => Some(file),
                }
            })
        };
        let ends = [start("/a"), start("/b")].map(|start| start.join().expect("no panic"));
        let [handed] = ends.iter().flatten().collect::<Vec<_>>()[..] else {
            panic!("{ends:?}");
        };
        assert_eq!(hears.recv_timeout(SOON), Ok(wish(&[handed])));
    }
}

#[test]
fn a_folder_deeper_than_an_address_has_room_for() {
    let home = tempfile::tempdir().expect("a folder");
    let places = Places::under(&home.path().join("deep/".repeat(40)));
    let hears = listening(&places);
    let second = claim_within(&places, &wish(&["/a"]), SOON).expect("it answers");
    assert!(matches!(second, Claim::HandedOver));
    assert_eq!(hears.try_recv(), Ok(wish(&["/a"])));
    assert!(places.socket().exists());
}

#[test]
fn a_folder_that_cannot_be_written_is_the_chat_cores_affair() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("file");
    fs::write(&file, "").expect("written");
    first(&Places::under(&file)).listen(|_| true);
}

#[test]
fn a_first_that_hangs_does_not_hang_the_second() {
    let home = tempfile::tempdir().expect("a folder");
    let places = Places::under(home.path());
    let _silent = first(&places); // it listens, and nobody hears
    let began = Instant::now();
    let refused = claim_within(&places, &wish(&[]), SHORT);
    assert_eq!(refused.err().expect("no answer").key, "already-open");
    assert!(began.elapsed() < SHORT * 5);
}

#[test]
fn garbage_silence_and_floods_do_nothing_bad() {
    let home = tempfile::tempdir().expect("a folder");
    let places = Places::under(home.path());
    let hears = listening(&places);

    let lines: [&[u8]; 6] = [
        b"\n",
        b"GET / HTTP/1.1\r\n",
        b"\xff\xfe\0\n",
        br#"{"version":1,"files":"/a","token":null}"#,
        br#"{"version":1}"#,
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
    ];
    for line in lines {
        let mut caller = caller(&places);
        caller.write_all(line).expect("it reads");
        caller.write_all(b"\n").ok();
        let mut answer = String::new();
        let _ = caller.read_to_string(&mut answer);
        assert_eq!(answer, "", "{}", String::from_utf8_lossy(line));
    }

    let mut newer = caller(&places);
    let line = b"{\"version\":2,\"files\":[\"/a\"],\"token\":null}\n";
    newer.write_all(line).expect("it reads");
    let mut answer = String::new();
    newer.read_to_string(&mut answer).expect("an answer");
    assert_eq!(answer, "{\"version\":1,\"taken\":false}\n");

    let mut flood = caller(&places);
    let piece = [b'x'; 1 << 16];
    let sent = (0..1000).take_while(|_| flood.write_all(&piece).is_ok());
    assert!(sent.count() < 100, "it is cut off");

    let silent: Vec<UnixStream> = (0..50).map(|_| caller(&places)).collect();
    let second = claim_within(&places, &wish(&["/a"]), SOON).expect("it answers all the same");
    assert!(matches!(second, Claim::HandedOver));
    drop(silent);
    assert_eq!(hears.try_iter().collect::<Vec<_>>(), [wish(&["/a"])]);
}
