//! No noise from panics that are caught and told in another way.
//!
//! A panic inside a run is a failure of that run. The hook prints those of all other threads, and of
//! this one outside of [`quietly`], as it did before.

use std::cell::Cell;
use std::sync::Once;

thread_local! {
    static QUIET: Cell<u32> = const { Cell::new(0) };
}

/// Calls `f`; panics in it on this thread print nothing.
pub fn quietly<T>(f: impl FnOnce() -> T) -> T {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if QUIET.get() == 0 {
                before(info);
            }
        }));
    });
    let _guard = Guard::new();
    f()
}

struct Guard;

impl Guard {
    fn new() -> Guard {
        QUIET.set(QUIET.get() + 1);
        Guard
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        QUIET.set(QUIET.get() - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_quiet_only_inside_also_after_a_panic() {
        let inside = std::panic::catch_unwind(|| quietly(|| quietly(|| panic!("not printed"))));
        assert!(inside.is_err());
        assert_eq!(QUIET.get(), 0);
        quietly(|| assert_eq!(QUIET.get(), 1));
    }
}
