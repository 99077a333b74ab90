//! In which order part sizes are worth trying when the data is at hand, and the layouts that are not uniform.

use super::interval::MB;
use super::{Interval, clients};
use crate::domain::layout::PartLayout;
use crate::domain::units::{KIB, MIB};

/// Most sizes in [`SearchOrder::plausible`].
pub const MAX_SEARCH: usize = 4096;

/// Part sizes to try, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchOrder {
    /// What client rules arrive at, in the order of their file, whether or not they would use multipart here.
    pub defaults: Vec<u64>,
    /// The other whole MiB, then whole MB, then whole KiB; at most [`MAX_SEARCH`].
    pub plausible: Vec<u64>,
    /// Everything that is possible with equal parts.
    pub interval: Option<Interval>,
}

impl SearchOrder {
    /// How many whole MiB, MB and KiB of the interval did not find room in `plausible`.
    pub fn left_out(&self) -> u64 {
        let round = |p: &u64| p.is_multiple_of(KIB) || p.is_multiple_of(MB);
        let named = self.defaults.iter().filter(|p| round(p)).count() + self.plausible.len();
        let all = self.interval.and_then(Interval::counts).map_or(0, |c| c.kib_or_mb);
        all.saturating_sub(u64::try_from(named).unwrap_or(u64::MAX))
    }
}

/// Which part sizes to try for an object of this size and count. For one part every size gives the same object,
/// so that both lists hold its size only.
pub fn search_order(object_size: u64, part_count: u32) -> SearchOrder {
    let interval = Interval::of(object_size, part_count);
    if part_count == 1 {
        let whole = vec![object_size.max(1)];
        return SearchOrder { defaults: whole.clone(), plausible: whole, interval };
    }
    let Some(inside) = interval else {
        return SearchOrder { defaults: Vec::new(), plausible: Vec::new(), interval };
    };
    let mut defaults: Vec<u64> = Vec::new();
    for part_size in clients().iter().filter(|c| c.is_uniform()).filter_map(|c| c.part_size_for(object_size))
    {
        if inside.contains(part_size) && !defaults.contains(&part_size) {
            defaults.push(part_size);
        }
    }
    let mib = inside.each_multiple(MIB);
    let mb = inside.each_multiple(MB).filter(|p| !p.is_multiple_of(MIB));
    let kib = inside.each_multiple(KIB).filter(|p| !p.is_multiple_of(MIB) && !p.is_multiple_of(MB));
    let plausible = mib.chain(mb).chain(kib).filter(|p| !defaults.contains(p)).take(MAX_SEARCH).collect();
    SearchOrder { defaults, plausible, interval }
}

/// The layouts of clients whose parts are not all equal and whose rule gives exactly this count, by client.
pub fn known_layouts(object_size: u64, part_count: u32) -> Vec<(String, PartLayout)> {
    clients()
        .iter()
        .filter(|c| !c.is_uniform())
        .filter_map(|c| Some((c.name.clone(), c.layout_for(object_size)?)))
        .filter(|(_, layout)| u32::try_from(layout.count()) == Ok(part_count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::GIB;
    use proptest::prelude::*;

    #[test]
    fn defaults_come_first_and_then_round_sizes() {
        let order = search_order(20_971_520, 2);
        assert_eq!(order.defaults, [15 * MIB, 16 * MIB, 10 * MIB, 17_179_870]);
        assert_eq!(order.plausible[..3], [11 * MIB, 12 * MIB, 13 * MIB]);
        let first_mb = order.plausible.iter().position(|p| p.is_multiple_of(MB)).unwrap();
        assert_eq!((first_mb, order.plausible[first_mb]), (7, 11_000_000));
        assert_eq!(order.plausible.len(), MAX_SEARCH);
        // 10 240 whole KiB and 10 whole MB of which one is whole KiB too.
        assert_eq!(order.left_out(), 10_240 + 10 - 1 - 3 - 4096);
    }

    #[test]
    fn a_narrow_interval_is_searched_whole() {
        let order = search_order(20_277_918_669, 2418);
        assert_eq!(order.defaults, [8 * MIB]);
        assert_eq!((order.plausible.len(), order.left_out()), (3, 0));
        let whole = search_order(0, 1);
        assert_eq!((whole.defaults, whole.plausible), (vec![1], vec![1]));
        let none = search_order(10, 7);
        assert_eq!((none.defaults.len(), none.plausible.len(), none.interval), (0, 0, None));
    }

    #[test]
    fn layouts_that_are_not_uniform_are_named_by_count() {
        let names =
            |size, count| -> Vec<String> { known_layouts(size, count).into_iter().map(|(n, _)| n).collect() };
        assert_eq!(names(11 * GIB, 3), ["minio-go ComposeObject and copy"]);
        assert_eq!(names(500 * 5 * MIB + 1, 501), ["goofys"]);
        assert_eq!(names(34 * MIB, 2), ["ClickHouse"]);
        assert_eq!(names(34 * MIB, 5), [""; 0]);
    }

    proptest! {
        #[test]
        fn every_size_to_try_gives_the_count_and_comes_once(size in 1_u64..60_000_000, count in 2_u32..40) {
            let order = search_order(size, count);
            let mut all: Vec<u64> = order.defaults.iter().chain(&order.plausible).copied().collect();
            prop_assert!(all.iter().all(|p| size.div_ceil(*p) == u64::from(count)));
            let n = all.len();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), n);
        }

        #[test]
        fn known_layouts_cover_the_object(size in 1_u64..200_000_000_000) {
            for count in [2, 3, 10, 600] {
                for (name, layout) in known_layouts(size, count) {
                    prop_assert_eq!(layout.object_size(), size, "{}", name);
                }
            }
        }
    }
}
