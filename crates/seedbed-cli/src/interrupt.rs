//! Ctrl-C: the first asks for an end, the second is one.

use crate::exit::Exit;
use crate::failure::Failure;
use std::sync::atomic::{AtomicBool, Ordering};

static ASKED: AtomicBool = AtomicBool::new(false);

/// From here on, the first Ctrl-C is remembered and the second ends the process.
pub(crate) fn watch() -> Result<(), Failure> {
    watch_with(|| {})
}

/// The same, and the first is also told to `first`.
pub(crate) fn watch_with(first: impl Fn() + Send + 'static) -> Result<(), Failure> {
    ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
        eprintln!("\ninterrupted: coming to an end; again to quit at once");
        first();
    })
    .map_err(|e| Failure::unexpected(format_args!("catch Ctrl-C: {e}")))
}

/// True once somebody asked for an end.
pub(crate) fn asked() -> &'static AtomicBool {
    &ASKED
}
