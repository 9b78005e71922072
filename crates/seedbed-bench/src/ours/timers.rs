//! Timers that are set and cancelled.

use super::system::{SOON, elsewhere};
use seedbed_core::*;
use std::time::Duration;

/// Sets `pending` timers and cancels them, again and again.
struct Alarms {
    pending: u64,
    left: u64,
}

impl Actor for Alarms {
    type Message = ();

    fn on_message(&mut self, cx: &mut Context, (): ()) -> Result<()> {
        if self.left == 0 {
            cx.stop(Reason::Normal);
            return Ok(());
        }
        let mut set = Vec::new();
        for tag in 0..self.pending.min(self.left) {
            set.push(cx.set_timer(SOON + Duration::from_nanos(tag * 7_919 % 1_000), tag)?);
        }
        self.left -= set.len() as u64;
        for timer in set {
            assert_eq!(cx.cancel_timer(timer), Cancelled::Cancelled);
        }
        let me = cx.me();
        Ok(cx.send(me, &())?)
    }
}

/// `n` timers set and cancelled, `pending` of them at a time.
pub(crate) fn timers(n: u64, pending: u64) {
    elsewhere(|system| async move {
        let alarms = Limited {
            factory: move || Alarms { pending, left: n },
            limits: Limits { pending_max: u32::MAX, ..Limits::default() },
            permissions: Permissions::default(),
        };
        let alarms = system.spawn("alarms", alarms).await.expect("it starts");
        let done = system.monitor(alarms);
        system.send(alarms, ()).expect("it is there");
        done.await.expect("the system runs");
    });
}
