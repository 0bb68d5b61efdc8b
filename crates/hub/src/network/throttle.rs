//! A limit on the speed of all downloads together.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// What may come at once after a pause, as the time that it takes at the limit.
const BURST: Duration = Duration::from_millis(200);

/// Bytes a second for all who take from it. Those who take wait in the order they came.
#[derive(Default)]
pub struct Throttle {
    flow: Mutex<Flow>,
    changed: Notify,
}

/// Counts from the beginning of the process, so that who waits needs only one number.
#[derive(Default)]
struct Flow {
    /// Bytes a second; None: no limit.
    rate: Option<f64>,
    /// Bytes that were asked for.
    asked: f64,
    /// Bytes that may have come by `at`.
    granted: f64,
    at: Option<Instant>,
}

impl Flow {
    /// Grants what the time since the last look allows.
    fn settle(&mut self) {
        let now = Instant::now();
        let passed = self.at.replace(now).map_or(BURST, |at| now - at);
        self.granted = match self.rate {
            None => self.asked,
            Some(rate) => {
                let most = self.asked + rate * BURST.as_secs_f64();
                (self.granted + rate * passed.as_secs_f64()).min(most)
            }
        };
    }
}

impl Throttle {
    /// Sets the limit, also for those who wait; None or 0: there is none.
    pub fn set(&self, bytes_per_second: Option<u64>) {
        let mut flow = self.flow();
        flow.settle();
        flow.rate = bytes_per_second
            .filter(|rate| *rate > 0)
            .map(|rate| rate as f64);
        flow.settle();
        drop(flow);
        self.changed.notify_waiters();
    }

    /// The limit in bytes a second.
    pub fn bytes_per_second(&self) -> Option<u64> {
        self.flow().rate.map(|rate| rate as u64)
    }

    /// Waits until `bytes` more may have come. Who gives up waiting has taken them all the same.
    pub async fn take(&self, bytes: u64) {
        let mine = {
            let mut flow = self.flow();
            flow.settle();
            flow.asked += bytes as f64;
            flow.asked
        };
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Listens before it looks, so that no change falls between the two.
            changed.as_mut().enable();
            let Some(wait) = self.wait(mine) else { return };
            let _ = tokio::time::timeout(wait, changed).await;
        }
    }

    /// How long until `mine` bytes are granted.
    fn wait(&self, mine: f64) -> Option<Duration> {
        let mut flow = self.flow();
        flow.settle();
        let rate = flow.rate?;
        let missing = mine - flow.granted;
        // Less than a byte is what rounding leaves.
        (missing >= 1.0).then(|| Duration::from_secs_f64((missing / rate).min(3600.0)))
    }

    fn flow(&self) -> MutexGuard<'_, Flow> {
        self.flow.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Seconds that `takers` need who take `times` times `bytes` each.
    async fn seconds(throttle: &Arc<Throttle>, takers: u64, times: u64, bytes: u64) -> f64 {
        let start = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..takers {
            let throttle = throttle.clone();
            tasks.spawn(async move {
                for _ in 0..times {
                    throttle.take(bytes).await;
                }
            });
        }
        while tasks.join_next().await.is_some() {}
        start.elapsed().as_secs_f64()
    }

    #[tokio::test(start_paused = true)]
    async fn all_together_keep_to_the_limit() {
        for (limit, takers, times, bytes, expected) in [
            (Some(1000), 1, 10, 1000, 10.0),
            (Some(1000), 4, 10, 1000, 40.0),
            (Some(1000), 1, 1, 60_000, 60.0),
            (Some(1 << 40), 4, 10, 1000, 0.0),
            (None, 4, 10, 1 << 40, 0.0),
            (Some(0), 4, 10, 1 << 40, 0.0),
        ] {
            let throttle = Arc::new(Throttle::default());
            throttle.set(limit);
            let took = seconds(&throttle, takers, times, bytes).await;
            assert!(
                (expected - 0.5..=expected + 0.1).contains(&took),
                "{limit:?} {takers} {times} {bytes}: {took} s and not {expected}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn another_limit_holds_for_who_waits() {
        let throttle = Arc::new(Throttle::default());
        for (first, then, expected) in [
            (10, Some(1000), 11.0),
            (10, None, 1.0),
            (1000, Some(100), 91.0),
        ] {
            throttle.set(Some(first));
            let other = throttle.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                other.set(then);
            });
            let took = seconds(&throttle, 1, 1, 10_000).await;
            assert!((took - expected).abs() < 0.5, "{first} {then:?}: {took} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_not_saved_up() {
        let throttle = Arc::new(Throttle::default());
        throttle.set(Some(1000));
        throttle.take(1).await;
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let took = seconds(&throttle, 1, 10, 1000).await;
        assert!(took > 9.5, "{took} s");
    }
}
