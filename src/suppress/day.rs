//! A day until which something is allowed, as people write it: `2027-01-31`, in UTC, the day itself included.

use std::fmt;

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(jiff::civil::Date);

impl Day {
    /// A date in ISO form.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == 10).then(|| text.parse().ok().map(Self)).flatten()
    }

    /// The day in UTC of a moment in seconds since 1970; the first or last that there is for one beyond.
    pub fn of(seconds: i64) -> Self {
        let moment = jiff::Timestamp::from_second(seconds);
        let far = if seconds < 0 { jiff::civil::Date::MIN } else { jiff::civil::Date::MAX };
        Self(moment.map_or(far, |moment| moment.to_zoned(jiff::tz::TimeZone::UTC).date()))
    }

    /// Today, by the system's clock.
    pub fn today() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self::of(since.map_or(0, |since| since.as_secs() as i64))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_compared() {
        assert_eq!(Day::of(1_704_067_200).to_string(), "2024-01-01");
        assert!(Day::parse("2024-01-31") > Day::parse("2024-01-30"));
        assert_eq!(["2024-13-01", "2024-1-1", "soon", "2024-01-01T00:00"].map(Day::parse), [None; 4]);
        assert!(Day::of(i64::MAX) > Day::of(0) && Day::of(i64::MIN) < Day::of(0));
    }
}
