//! The imports, as they are. `docs/guest-abi.md` says what each means.
//!
//! Those without a pointer are safe: the host checks every number. Those with one are called only from
//! `context`, with the pointer and length of a live slice.

#![expect(unsafe_code, reason = "imports are foreign functions")]

#[link(wasm_import_module = "seedbed")]
unsafe extern "C" {
    fn send(to: u64, tag: u64, payload: *const u8, len: usize) -> i32;
    fn request(to: u64, tag: u64, payload: *const u8, len: usize, timeout_ns: u64) -> i64;
    fn reply(to: u64, correlation: u64, tag: u64, payload: *const u8, len: usize) -> i32;
    fn address(name: *const u8, len: usize) -> i64;
    fn whereis(name: *const u8, len: usize) -> i64;
    fn register(name: *const u8, len: usize) -> i32;
    fn random(to: *mut u8, len: usize);
    fn spawn(
        entry: *const u8,
        entry_len: usize,
        args: *const u8,
        args_len: usize,
        flags: u32,
        name: *const u8,
        name_len: usize,
    ) -> i64;
    fn log(level: i32, text: *const u8, len: usize);
    fn observe(key: *const u8, len: usize, value: i64) -> i32;
    fn buggify(site: *const u8, len: usize) -> i32;
    fn always(name: *const u8, len: usize, truth: i32);
    fn sometimes(name: *const u8, len: usize, truth: i32);
    fn perform(effect: *const u8, effect_len: usize, payload: *const u8, len: usize) -> i64;

    #[link_name = "self"]
    pub(crate) safe fn me() -> u64;
    pub(crate) safe fn parent() -> u64;
    pub(crate) safe fn unregister() -> i32;
    pub(crate) safe fn now() -> u64;
    pub(crate) safe fn unix_time() -> u64;
    pub(crate) safe fn set_timer(after_ns: u64, tag: u64) -> i64;
    pub(crate) safe fn set_interval(every_ns: u64, tag: u64) -> i64;
    pub(crate) safe fn cancel_timer(id: u64) -> i32;
    pub(crate) safe fn link(pid: u64) -> i32;
    pub(crate) safe fn unlink(pid: u64) -> i32;
    pub(crate) safe fn monitor(pid: u64) -> i64;
    pub(crate) safe fn demonitor(monitor: u64, flush: i32) -> i32;
    pub(crate) safe fn trap_exits(on: i32);
    pub(crate) safe fn exit(pid: u64, reason: i32) -> i32;
    pub(crate) safe fn stop(reason: i32);
    pub(crate) safe fn fuel_left() -> u64;
}

/// The length of an entry's id that means the caller's own module.
const OWN_MODULE: usize = usize::MAX;

/// The imports that take a slice, with its pointer and length.
pub(crate) mod slices {
    // Each call below: the pointer and length are those of a slice that lives through the call, and
    // the host touches nothing else, and nothing after it.

    pub(crate) fn send(to: u64, tag: u64, payload: &[u8]) -> i32 {
        unsafe { super::send(to, tag, payload.as_ptr(), payload.len()) }
    }

    pub(crate) fn request(to: u64, tag: u64, payload: &[u8], timeout_ns: u64) -> i64 {
        unsafe { super::request(to, tag, payload.as_ptr(), payload.len(), timeout_ns) }
    }

    pub(crate) fn reply(to: u64, correlation: u64, tag: u64, payload: &[u8]) -> i32 {
        unsafe { super::reply(to, correlation, tag, payload.as_ptr(), payload.len()) }
    }

    pub(crate) fn address(name: &str) -> i64 {
        unsafe { super::address(name.as_ptr(), name.len()) }
    }

    pub(crate) fn whereis(name: &str) -> i64 {
        unsafe { super::whereis(name.as_ptr(), name.len()) }
    }

    pub(crate) fn register(name: &str) -> i32 {
        unsafe { super::register(name.as_ptr(), name.len()) }
    }

    pub(crate) fn random(to: &mut [u8]) {
        unsafe { super::random(to.as_mut_ptr(), to.len()) }
    }

    pub(crate) fn spawn(entry: Option<&str>, args: &[u8], flags: u32, name: &str) -> i64 {
        let (entry, entry_len) = match entry {
            Some(entry) => (entry.as_ptr(), entry.len()),
            None => (core::ptr::null(), super::OWN_MODULE),
        };
        unsafe { super::spawn(entry, entry_len, args.as_ptr(), args.len(), flags, name.as_ptr(), name.len()) }
    }

    pub(crate) fn log(level: i32, text: &str) {
        unsafe { super::log(level, text.as_ptr(), text.len()) }
    }

    pub(crate) fn observe(key: &str, value: i64) -> i32 {
        unsafe { super::observe(key.as_ptr(), key.len(), value) }
    }

    pub(crate) fn buggify(site: &str) -> i32 {
        unsafe { super::buggify(site.as_ptr(), site.len()) }
    }

    pub(crate) fn always(name: &str, truth: i32) {
        unsafe { super::always(name.as_ptr(), name.len(), truth) }
    }

    pub(crate) fn sometimes(name: &str, truth: i32) {
        unsafe { super::sometimes(name.as_ptr(), name.len(), truth) }
    }

    pub(crate) fn perform(effect: &str, payload: &[u8]) -> i64 {
        unsafe { super::perform(effect.as_ptr(), effect.len(), payload.as_ptr(), payload.len()) }
    }
}
