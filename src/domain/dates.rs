//! Dates as S3 writes and reads them, as seconds since 1970.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads `x-amz-date`: `20261122T170000Z`.
pub fn parse_amz_date(text: &str) -> Option<i64> {
    seconds(DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?)
}

/// Reads an HTTP date, or an ISO 8601 one, which S3 takes too.
pub fn parse_http_date(text: &str) -> Option<i64> {
    match DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text.trim()) {
        Ok(civil) => seconds(civil),
        Err(_) => text.trim().parse::<Timestamp>().ok().map(Timestamp::as_second),
    }
}

fn seconds(civil: DateTime) -> Option<i64> {
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        assert_eq!(parse_amz_date("20270115T080000Z"), Some(1_800_000_000));
        assert_eq!(parse_http_date(" Fri, 15 Jan 2027 08:00:00 GMT"), Some(1_800_000_000));
        assert_eq!(parse_http_date("2027-01-15T08:00:00Z"), Some(1_800_000_000));
        for bad in ["", "20270115", "20271315T080000Z", "2027-01-15T08:00:00Z"] {
            assert_eq!(parse_amz_date(bad), None, "{bad}");
        }
    }
}
