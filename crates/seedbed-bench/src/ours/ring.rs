//! One number, passed round a ring.

use super::system::elsewhere;
use seedbed_core::*;

/// Passes a number on, one less, to the next; the last one stops who gets it.
struct Member {
    next: Option<Pid>,
}

impl Actor for Member {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, left: u64) -> Result<()> {
        let Some(left) = left.checked_sub(1) else {
            cx.stop(Reason::Normal);
            return Ok(());
        };
        let next = match self.next {
            Some(next) => next,
            None => *self.next.insert(cx.whereis("first").expect("it is registered")),
        };
        Ok(cx.send(next, &left)?)
    }
}

/// `n` messages round a ring of `length` actors, one at a time.
pub(crate) fn ring(n: u64, length: u64) {
    elsewhere(|system| async move {
        let mut pids = Vec::new();
        for at in (0..length).rev() {
            let name = if at == 0 { "first".to_owned() } else { format!("member{at}") };
            let next = pids.last().copied();
            pids.push(system.spawn(&name, move || Member { next }).await.expect("it starts"));
        }
        pids.reverse();
        let done = system.monitor(pids[(n % length) as usize]);
        system.send(pids[0], n).expect("it is there");
        done.await.expect("the system runs");
    });
}
