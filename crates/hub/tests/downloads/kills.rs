//! Cuts, kills and new starts at random moments: the file is whole and right at the end, and no
//! range is fetched twice but those that were in flight.

use crate::hub_server::{Fault, On};
use crate::scene::{FILE, RANGE, Scene, hurry, model, repository, wish};
use hub::network::{Environment, Keyring};
use hub::{Hub, Network, Places, Tuning};
use protocol::{DownloadState, NetworkSettings};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What a process for tests is told by.
const HOME: &str = "DOWNLOADS_TEST_HOME";
const ENDPOINT: &str = "DOWNLOADS_TEST_ENDPOINT";
const HURRY: &str = "DOWNLOADS_TEST_HURRY";

/// Numbers that look like chance, and are the same again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Fetches models, each ended some times at random moments, until there were so many ends; as
/// processes that are killed, or as runs in this one.
fn check(ends: u32, processes: bool, seed: u64) {
    let mut chance = Chance(seed);
    let mut ended = 0;
    let mut round = 0;
    while ended < ends {
        round += 1;
        let scene = Scene::new();
        let bytes = model(seed + round);
        scene.server.put(repository(&bytes));
        scene.server.set_speed(600_000 + chance.below(3_000_000));
        scene.hub.download_start(&wish()).unwrap();
        let (mut kills, mut cuts) = (0, 0);
        while !matches!(scene.only().state, DownloadState::Done { .. }) {
            if chance.below(3) == 0 {
                let at = chance.below(u64::from(RANGE));
                scene.server.fail(On::Bytes, Fault::Cut(at), 1);
                cuts += 1;
            }
            let time = Duration::from_millis(chance.below(400));
            if processes {
                killed(&scene, time);
            } else {
                let fetching = scene.fetch();
                wait(&scene, time);
                drop(fetching);
            }
            kills += 1;
            assert!(kills < 200, "it never ends: {:?}", scene.only());
        }
        let DownloadState::Done { model } = scene.only().state else {
            unreachable!()
        };
        let path = scene.hub.path(&model).unwrap();
        assert!(
            std::fs::read(path).unwrap() == bytes,
            "round {round} of {seed}"
        );
        let range = u64::from(RANGE);
        let most = bytes.len() as u64 + (kills * 4 + cuts) * range;
        let sent = scene.server.bytes_sent(FILE);
        assert!(sent <= most, "round {round} of {seed}: {sent} of {most}");
        ended += u32::try_from(kills).unwrap();
    }
}

/// Waits so long, or until it is done.
fn wait(scene: &Scene, time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time && !matches!(scene.only().state, DownloadState::Done { .. }) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that fetches, in a hurry or as people get it.
pub fn process(scene: &Scene, hurry: bool) -> Child {
    let home = scene.desk.path("home");
    Command::new(std::env::current_exe().unwrap())
        .args(["kills::a_process_for_tests_to_kill", "--exact", "--ignored"])
        .env(HOME, &home)
        .env(ENDPOINT, scene.server.endpoint())
        .envs(hurry.then_some((HURRY, "1")))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A process that fetches, killed after some time of it.
fn killed(scene: &Scene, time: Duration) {
    let mut child = process(scene, true);
    // From its first request on: a process is slow to start.
    let (asked, began) = (scene.server.requests().len(), Instant::now());
    while scene.server.requests().len() == asked && began.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    wait(scene, time);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
#[ignore = "a process for tests to kill: does nothing by itself"]
fn a_process_for_tests_to_kill() {
    let (Some(home), Ok(endpoint)) = (std::env::var_os(HOME), std::env::var(ENDPOINT)) else {
        return;
    };
    let places = Places::under(Path::new(&home));
    let settings = NetworkSettings {
        endpoint: Some(endpoint),
        ..NetworkSettings::default()
    };
    let network = Network::with(&places, settings, Environment::of(&[]), Keyring::none());
    let hub = Hub::open(&places).unwrap();
    let tuning = match std::env::var_os(HURRY) {
        Some(_) => hurry(),
        None => Tuning::default(),
    };
    let _fetching = hub.fetch_tuned(&network, None, tuning);
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn a_few_ends_at_random_moments() {
    check(6, false, 1);
    check(3, true, 2);
}

#[test]
#[ignore = "takes minutes: cargo xtask test"]
fn two_hundred_ends_at_random_moments() {
    check(120, false, 3);
    check(80, true, 4);
}
