//! The ceilings are measured: that they are there, and that nothing was reckoned away.

use kernels::{Level, Pool, ceilings};

/// No processor of today does more in a second and on one thread: a loop that the compiler took
/// away would.
const MOST: f64 = 1e13;

#[test]
fn every_level_has_ceilings_that_a_processor_can_have() {
    for level in Level::usable() {
        let pool = Pool::with_level(1, level);
        let found = ceilings(&pool);
        for one in [found.read, found.integer, found.float] {
            assert!(one > 1e6 && one < MOST, "{level:?}: {found:?}");
        }
        println!("{} {found:?}", level.name());
    }
    println!("{:?}", ceilings(&Pool::new(2)));
}
