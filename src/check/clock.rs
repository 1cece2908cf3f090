//! Dates as tokens carry them: to a readable date, and from ISO text to seconds since 1970. It never asks what
//! time it is.

/// A day in seconds.
pub(super) const DAY: i64 = 86_400;

/// The moment as ISO 8601 in UTC; the number itself where no calendar has it.
pub(super) fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |at| at.to_string())
}

/// Seconds since 1970 of an ISO date, with or without a time; without a zone it is UTC.
pub(super) fn seconds(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_second());
    }
    let civil = text.trim_end_matches('Z').parse::<jiff::civil::DateTime>().ok()?;
    Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Seconds since 1970 of year, month, day, hour, minute and second in fourteen digits, with nothing between; it is UTC.
pub(super) fn compact(digits: &str) -> Option<i64> {
    let part = |from: usize, to: usize| digits.get(from..to);
    let date = [part(0, 4)?, part(4, 6)?, part(6, 8)?].join("-");
    let time = [part(8, 10)?, part(10, 12)?, part(12, 14)?].join(":");
    seconds(&format!("{date}T{time}Z"))
}

/// The first moment of a month.
pub(super) fn month(year: i16, month: i8) -> Option<i64> {
    let first = jiff::civil::Date::new(year, month, 1).ok()?;
    Some(first.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_dates() {
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(i64::MAX), i64::MAX.to_string());
        assert_eq!(seconds("2024-01-01T00:00:00Z"), Some(1_704_067_200));
        assert_eq!(seconds("2024-01-01"), Some(1_704_067_200));
        assert_eq!(seconds("2024-01-01T00:00Z"), Some(1_704_067_200));
        assert_eq!(seconds("soon"), None);
        assert_eq!((compact("20240101000000"), compact("20240101"), compact("201é00000000000")), (Some(1_704_067_200), None, None));
        assert_eq!(month(2024, 1), Some(1_704_067_200));
        assert_eq!(month(2024, 13), None);
    }
}
