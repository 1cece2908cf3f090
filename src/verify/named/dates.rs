//! Dates as requests carry them. It never asks what time it is.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// `2026-01-31T23:59:59Z`.
pub fn iso(now: i64) -> String {
    moment(now).to_string()
}

/// `Fri, 26 Jun 2015 23:39:12 GMT`, as HTTP writes it.
pub fn http(now: i64) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&moment(now)).unwrap_or_default()
}

/// What no calendar has is the beginning of time.
fn moment(now: i64) -> Timestamp {
    Timestamp::from_second(now).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(http(1_435_361_952), "Fri, 26 Jun 2015 23:39:12 GMT");
        assert_eq!((http(0).as_str(), http(951_782_400).as_str()), ("Thu, 01 Jan 1970 00:00:00 GMT", "Tue, 29 Feb 2000 00:00:00 GMT"));
        assert_eq!((iso(951_782_400).as_str(), iso(i64::MAX).as_str()), ("2000-02-29T00:00:00Z", "1970-01-01T00:00:00Z"));
    }
}
