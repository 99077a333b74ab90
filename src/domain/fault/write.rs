//! A rule as text, which reads back as the same rule.

use super::names::ANY;
use super::{Fault, FaultAction};
use std::fmt::{self, Write as _};

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.operation.unwrap_or(ANY))?;
        match self.parts {
            Some((first, last)) if first == last => write!(f, " part={first}")?,
            Some((first, last)) => write!(f, " part={first}-{last}")?,
            None => {}
        }
        if let Some(key) = &self.key {
            f.write_str(" key=")?;
            escaped(f, key)?;
        }
        if self.after > 0 {
            write!(f, " after={}", self.after)?;
        }
        match self.times {
            Some(1) => {}
            Some(n) => write!(f, " times={n}")?,
            None => f.write_str(" always")?,
        }
        write!(f, " {}", self.action)
    }
}

impl fmt::Display for FaultAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowDown => f.write_str("slow-down"),
            Self::InternalError => f.write_str("internal-error"),
            Self::Delay(time) => write!(f, "delay={}", Time(time.as_millis())),
            Self::SlowAnswer(rate) => write!(f, "slow-answer={rate}"),
            Self::Reset => f.write_str("reset"),
            Self::ResetAfter(bytes) => write!(f, "reset-after={bytes}"),
            Self::LostAnswer => f.write_str("lost-answer"),
            Self::Corrupt => f.write_str("corrupt"),
            Self::ErrorAfterOk => f.write_str("error-after-200"),
            Self::ExpiredToken => f.write_str("expired-token"),
            Self::ClockSkew(seconds) => {
                let sign = if *seconds < 0 { "-" } else { "" };
                write!(f, "clock-skew={sign}{}", Time(u128::from(seconds.unsigned_abs()) * 1000))
            }
            Self::PermanentRedirect(region) => write!(f, "permanent-redirect={region}"),
            Self::TemporaryRedirect(region) => write!(f, "temporary-redirect={region}"),
        }
    }
}

/// Milliseconds in the largest unit that holds them whole.
struct Time(u128);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("h", 3_600_000), ("m", 60_000), ("s", 1000)];
        match units.iter().find(|(_, size)| self.0 > 0 && self.0.is_multiple_of(*size)) {
            Some((unit, size)) => write!(f, "{}{unit}", self.0 / size),
            None => write!(f, "{}ms", self.0),
        }
    }
}

/// White space would end the word, and controls do not belong into a line.
fn escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() || c == '%' {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                write!(f, "%{byte:02X}")?;
            }
        } else {
            f.write_char(c)?;
        }
    }
    Ok(())
}
