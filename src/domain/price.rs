//! What stored bytes cost a month, roughly: the list prices of `assets/prices.toml`.
//!
//! An estimate and no bill: tiers, other regions, agreements and minimum durations are not in it.

use super::units::GIB;
use serde::{Deserialize, Serialize};

/// The price of one storage class.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Where it holds.
    pub region: String,
    /// `STANDARD` and so on.
    pub storage_class: String,
    /// US dollars for 2^30 bytes kept for a month.
    pub usd_per_gb_month: f64,
    /// Where the figure was read.
    pub source: String,
    /// The month of that reading.
    pub read: String,
    /// Where the figure is not the whole truth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What bytes cost a month at a price.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// US dollars a month.
    pub usd_per_month: f64,
    /// The price it is made with.
    pub price: &'static Price,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceFile {
    price: Vec<Price>,
}

/// Every price, in the order of the file.
pub fn prices() -> &'static [Price] {
    static PRICES: std::sync::OnceLock<Vec<Price>> = std::sync::OnceLock::new();
    // The file is part of the program; a test reads it, so a mistake in it cannot ship.
    PRICES.get_or_init(|| {
        toml::from_str::<PriceFile>(include_str!("../../assets/prices.toml"))
            .map(|f| f.price)
            .unwrap_or_default()
    })
}

/// What `bytes` of a storage class cost a month; `None` for a class without a known price.
pub fn estimate(storage_class: Option<&str>, bytes: u64) -> Option<Estimate> {
    let class = storage_class?;
    let price = prices().iter().find(|p| p.storage_class == class)?;
    // Beyond 2^53 bytes the last digits are lost, far below a cent.
    #[allow(clippy::cast_precision_loss)]
    let gigabytes = bytes as f64 / GIB as f64;
    Some(Estimate { usd_per_month: gigabytes * price.usd_per_gb_month, price })
}

/// Dollars for people: `$12.34`, `below $0.01`, `$0`.
pub fn dollars(usd: f64) -> String {
    match usd {
        n if n <= 0.0 => "$0".into(),
        n if n < 0.01 => "below $0.01".into(),
        n => format!("${n:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_file_is_read_and_every_price_says_where_from() {
        let file: PriceFile = toml::from_str(include_str!("../../assets/prices.toml")).unwrap();
        assert_eq!((file.price.len(), prices().len()), (6, 6));
        for p in prices() {
            assert!(!p.source.is_empty() && p.read.starts_with("20") && p.region == "us-east-1");
            assert!(p.usd_per_gb_month > 0.0 && p.usd_per_gb_month < 1.0);
            assert_eq!(prices().iter().filter(|o| o.storage_class == p.storage_class).count(), 1);
        }
    }

    #[test]
    fn s3_182_parts_in_progress_cost_what_their_class_does() {
        let usd = |class, bytes| estimate(class, bytes).map(|e| dollars(e.usd_per_month));
        assert_eq!(usd(Some("STANDARD"), 1000 * GIB).as_deref(), Some("$23.00"));
        assert_eq!(usd(Some("DEEP_ARCHIVE"), 1000 * GIB).as_deref(), Some("$23.00"));
        assert_eq!(usd(Some("STANDARD_IA"), GIB / 100).as_deref(), Some("below $0.01"));
        assert_eq!(usd(Some("STANDARD"), 0).as_deref(), Some("$0"));
        assert_eq!(usd(Some("MADE_UP"), GIB), None);
        assert_eq!(usd(None, GIB), None);
    }
}
