//! What can go wrong on the way, by what is to be done about it; and when it is tried again.

use super::Tuning;
use protocol::{AppError, failure};
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::{Duration, SystemTime};

/// The longest that a hub's word is taken for when to come again.
const LONGEST_REST: Duration = Duration::from_secs(3600);
/// Doublings of the back-off before its limit.
const MOST_DOUBLINGS: u32 = 16;

/// Why a step of a transfer did not succeed.
#[derive(Debug)]
pub enum Trouble {
    /// It passes: tried again, not before `after` where the hub says when.
    Again {
        /// What the hub asked for.
        after: Option<Duration>,
        /// For people, while they wait.
        error: AppError,
    },
    /// The storage does not take the address any more: the hub is asked for another.
    Expired(AppError),
    /// What is there now is not what the transfer began with.
    Changed,
    /// The whole file came where a range was asked for.
    Whole,
    /// All bytes came, and they are not the file.
    Mismatch,
    /// So many bytes of the disk are missing.
    Short(u64),
    /// Another program writes the same file.
    Held,
    /// It cannot be had.
    Over(AppError),
}

impl Trouble {
    /// That of a file of ours that could not be written.
    pub fn writing(error: AppError) -> Trouble {
        match error.key.as_str() {
            "disk-full" => Trouble::Short(0),
            _ => Trouble::Over(error),
        }
    }

    /// That of an answer that is none of success; `error` is what it says to people.
    pub fn answered(status: StatusCode, headers: &HeaderMap, error: AppError) -> Trouble {
        match status.as_u16() {
            408 | 425 | 429 | 500..=504 | 509 | 520..=529 => Trouble::Again {
                after: retry_after(headers, now_there(headers)),
                error,
            },
            _ => Trouble::Over(error),
        }
    }

    /// That of a request without an answer; `error` is what it says to people.
    pub fn unreached(error: AppError) -> Trouble {
        match error.key.as_str() {
            // Not by waiting.
            "certificate-unknown" | "proxy-refused" | "redirect-refused" => Trouble::Over(error),
            _ => Trouble::Again { after: None, error },
        }
    }

    /// Nothing came for too long.
    pub fn stalled() -> Trouble {
        Trouble::Again {
            after: None,
            error: failure::download_stalled(),
        }
    }
}

/// How long to rest after `failures` in a row: twice as long each time, with jitter, so that many
/// do not come back at once.
pub fn back_off(failures: u32, tuning: &Tuning) -> Duration {
    let doubled = tuning
        .rest
        .saturating_mul(1 << failures.saturating_sub(1).min(MOST_DOUBLINGS));
    doubled
        .min(tuning.longest_rest)
        .mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// When the hub wants to be asked again: seconds, or a date (RFC 9110, 10.2.3).
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let rest = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(http_date(text)?);
            at.duration_since(now).unwrap_or_default()
        }
    };
    Some(rest.min(LONGEST_REST))
}

/// The time by the clock of who answered, where it says so: this machine's may be wrong.
pub fn now_there(headers: &HeaderMap) -> SystemTime {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let said = date.and_then(|date| http_date(date.trim()));
    said.map_or_else(SystemTime::now, |seconds| {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    })
}

/// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<u64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.split_ascii_whitespace().skip(1);
    let day: u64 = words.next()?.parse().ok()?;
    let month = MONTHS.find(words.next()?)? as u64 / 3 + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<u64>);
    let (hour, minute, second) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    if words.next() != Some("GMT")
        || !(1970..10_000).contains(&year)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    // Days of the Gregorian calendar, with years that begin in March.
    let (y, m) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1;
    let since_1970 = days.checked_sub(719_468)?;
    Some(since_1970 * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that fails panics")]
mod tests {
    use super::*;

    #[test]
    fn the_hub_says_when_to_come_again() {
        // 2026-11-22 21:00:00.
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_381_200);
        let check = |text: &str, seconds: Option<u64>| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            let rest = retry_after(&headers, now);
            assert_eq!(rest, seconds.map(Duration::from_secs), "{text}");
        };
        check("7", Some(7));
        check(" 0 ", Some(0));
        check("Sun, 22 Nov 2026 21:00:30 GMT", Some(30));
        check("Sun, 22 Nov 2026 20:00:00 GMT", Some(0));
        check("Sun, 06 Nov 1994 08:49:37 GMT", Some(0));
        check("99999999999", Some(3600));
        check("Fri, 31 Dec 9999 23:59:59 GMT", Some(3600));
        check("Sun, 22 Nov 2026 21:00:30 CET", None);
        check("Sun, 99 Nov 2026 21:00:30 GMT", None);
        check("soon", None);
        check("-1", None);
        check("", None);
        assert_eq!(
            http_date("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(784_111_777)
        );
        assert_eq!(
            http_date("Thu, 29 Feb 2024 00:00:00 GMT"),
            Some(1_709_164_800)
        );
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
    }

    #[test]
    fn rests_grow_to_a_limit() {
        let tuning = Tuning {
            rest: Duration::from_secs(1),
            longest_rest: Duration::from_secs(60),
            ..Tuning::default()
        };
        let check = |failures: u32, most: f64| {
            for _ in 0..20 {
                let rest = back_off(failures, &tuning).as_secs_f64();
                assert!((most / 2.0..=most).contains(&rest), "{failures}: {rest}");
            }
        };
        check(1, 1.0);
        check(2, 2.0);
        check(6, 32.0);
        check(7, 60.0);
        check(u32::MAX, 60.0);
    }
}
