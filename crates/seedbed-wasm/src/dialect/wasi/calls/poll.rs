//! Calls that wait.

use super::super::abi::{
    ABSOLUTE, CLOCK_MONOTONIC, CLOCK_REALTIME, EVENT_CLOCK, EVENT_LEN, EVENT_READ, EVENT_WRITE,
    SUBSCRIPTION_LEN,
};
use super::{Done, Errno};
use crate::blocking::{Bytes, Data, Wait, charge, enter, suspend, with_turn};
use crate::host::Stop;
use seedbed_abi::Failure;
use seedbed_core::Want;
use std::time::Duration;
use wasmtime::Caller;

/// So many things can be waited for at once.
const SUBSCRIPTIONS_MAX: u32 = 4_096;

/// Others have their turn.
pub(super) async fn sched_yield(caller: &mut Caller<'_, Data>) -> Done {
    suspend(caller, Wait::Spin).await?;
    Ok(())
}

/// Something that is waited for.
struct Subscription {
    user: u64,
    kind: u8,
    until: Until,
}

enum Until {
    /// Nothing: it is so now, or will never be.
    Now(Errno),
    /// The node's monotonic clock is there.
    Time(u64),
}

pub(super) async fn poll_oneoff(
    caller: &mut Caller<'_, Data>,
    subscriptions: u32,
    events: u32,
    count: u32,
    happened: u32,
) -> Done {
    if count == 0 || count > SUBSCRIPTIONS_MAX {
        return Err(Errno::Inval.into());
    }
    charge(caller, count.saturating_mul(SUBSCRIPTION_LEN));
    let list = {
        let (bytes, data) = enter(caller, "poll_oneoff");
        let read = |n| {
            let at = bytes.nth(subscriptions, n, SUBSCRIPTION_LEN)?;
            subscription(&bytes, data, at)
        };
        let list = (0..count).map(read).collect::<Result<Vec<_>, Stop>>()?;
        // All that will be written must have its place before anything is waited for.
        bytes.at(events, bytes.nth(0, count, EVENT_LEN)?)?;
        bytes.at(happened, 4)?;
        list
    };
    let ready = list.iter().any(|s| matches!(s.until, Until::Now(_)));
    let first = list.iter().filter_map(|s| match s.until {
        Until::Time(ns) => Some(ns),
        Until::Now(_) => None,
    });
    if let (false, Some(first)) = (ready, first.min()) {
        sleep_until(caller, first).await?;
    }
    let now = with_turn(|turn| turn.cx().now().as_nanos());
    let (mut bytes, _) = enter(caller, "poll_oneoff");
    let mut written = 0;
    for s in &list {
        let errno = match s.until {
            Until::Now(errno) => errno,
            Until::Time(ns) if ns <= now => Errno::Success,
            Until::Time(_) => continue,
        };
        let mut event = [0; EVENT_LEN as usize];
        event[..8].copy_from_slice(&s.user.to_le_bytes());
        event[8..10].copy_from_slice(&(errno as u16).to_le_bytes());
        event[10] = s.kind;
        let at = bytes.nth(events, written, EVENT_LEN)?;
        bytes.write(at, &event)?;
        written += 1;
    }
    Ok(bytes.write(happened, &written.to_le_bytes())?)
}

fn subscription(bytes: &Bytes<'_>, data: &Data, at: u32) -> Result<Subscription, Stop> {
    let raw = bytes.at(at, SUBSCRIPTION_LEN)?;
    let word = |from: usize| u64::from_le_bytes(raw[from..from + 8].try_into().expect("eight bytes"));
    let half = |from: usize| u32::from_le_bytes(raw[from..from + 4].try_into().expect("four bytes"));
    let (user, kind) = (word(0), raw[8]);
    let until = match kind {
        EVENT_CLOCK => {
            let absolute = u16::from_le_bytes([raw[40], raw[41]]) & ABSOLUTE != 0;
            deadline(half(16), word(24), absolute)
        }
        EVENT_READ | EVENT_WRITE => Until::Now(match data.wasi.table.get(half(16)) {
            Ok(_) => Errno::Success,
            Err(errno) => errno,
        }),
        _ => Until::Now(Errno::Inval),
    };
    Ok(Subscription { user, kind, until })
}

fn deadline(clock: u32, ns: u64, absolute: bool) -> Until {
    with_turn(|turn| {
        let now = turn.cx().now().as_nanos();
        match (clock, absolute) {
            (CLOCK_REALTIME | CLOCK_MONOTONIC, false) => Until::Time(now.saturating_add(ns)),
            (CLOCK_MONOTONIC, true) => Until::Time(ns),
            (CLOCK_REALTIME, true) => {
                let left = ns.saturating_sub(turn.cx().unix_time().as_nanos());
                Until::Time(now.saturating_add(left))
            }
            _ => Until::Now(Errno::Inval),
        }
    })
}

/// Waits for a time of the node's monotonic clock.
async fn sleep_until(caller: &mut Caller<'_, Data>, ns: u64) -> Result<(), Stop> {
    let timer = with_turn(|turn| {
        let cx = turn.cx();
        let now = cx.now().as_nanos();
        (ns > now).then(|| cx.set_timer(Duration::from_nanos(ns - now), 0)).transpose()
    });
    let limit = |_| Stop::Failed(Failure::Protocol("no timer is left to sleep with".into()));
    if let Some(timer) = timer.map_err(limit)? {
        suspend(caller, Wait::one(Want::Timer(timer.0))).await?;
    }
    Ok(())
}
