//! Hours of the day in which a wall is darker. No Bevy here.

use std::str::FromStr;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// From a minute of the day to another, over midnight if the second comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DimHours {
    from: u16,
    to: u16,
}

impl DimHours {
    /// Whether it is dark at a minute of the day.
    #[must_use]
    pub fn hold(self, minute: u16) -> bool {
        if self.from <= self.to {
            (self.from..self.to).contains(&minute)
        } else {
            minute >= self.from || minute < self.to
        }
    }
}

impl FromStr for DimHours {
    type Err = String;

    /// `22:00-06:30`, `22-6`.
    fn from_str(text: &str) -> Result<DimHours, String> {
        let wrong = || "expected two times of the day such as 22:00-06:30".to_owned();
        let minute = |t: &str| {
            let (hour, minute) = t.trim().split_once(':').unwrap_or((t.trim(), "0"));
            let (hour, minute) = (hour.parse::<u16>().ok()?, minute.parse::<u16>().ok()?);
            (minute < 60 && hour <= 24).then_some(hour * 60 + minute).filter(|m| *m <= DAY)
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = minute(from).zip(minute(to)).ok_or_else(wrong)?;
        if from % DAY == to % DAY { Err(wrong()) } else { Ok(DimHours { from, to }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_go_over_midnight() {
        let night: DimHours = "22:30-6".parse().expect("right");
        let at = |h: u16, m: u16| night.hold(h * 60 + m);
        assert!(at(22, 30) && at(0, 0) && at(5, 59) && !at(6, 0) && !at(22, 29) && !at(12, 0));
        let noon: DimHours = "12:00-13:15".parse().expect("right");
        assert!(noon.hold(12 * 60) && noon.hold(13 * 60 + 14) && !noon.hold(13 * 60 + 15) && !noon.hold(0));
        for wrong in ["", "22", "25-6", "22:60-6", "7-7", "0-24", "a-b"] {
            assert!(wrong.parse::<DimHours>().is_err(), "{wrong}");
        }
    }
}
