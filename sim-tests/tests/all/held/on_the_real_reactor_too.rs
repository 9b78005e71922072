//! H1, H2, H3, H5 on the real reactor; its runs are recorded, and replay in the simulator event for event.

use super::rig::{Clerk, FAIL};
use crate::mistakes::rig::real;
use seedbed_core::supervise::{Backoff, ChildSpec};
use seedbed_core::{ChildStart, Hold, Pid, RequestFailure, Supervisor};
use seedbed_rt::{AskError, System};
use sim_tests::Diary;
use std::time::Duration;

/// A child that comes back after so long.
fn tree(diary: &Diary<(Pid, u64)>, hold: Hold, after: Duration) -> Supervisor {
    let diary = diary.clone();
    let backoff = Backoff { min: after, max: after, factor: 1, jitter_permille: 0, reset_after: after };
    let start = ChildStart::new(move || Clerk(diary.clone())).registered("clerk").held(hold);
    let clerk = ChildSpec { backoff: Some(backoff), ..ChildSpec::worker("clerk", start) };
    Supervisor::one_for_one().intensity(9, Duration::from_secs(60)).child(clerk)
}

/// Ends the child, so that nobody has its name.
async fn end(system: &System, clerk: Pid) {
    let gone = system.monitor(clerk);
    system.send(clerk, FAIL).expect("it runs");
    assert!(gone.await.is_ok());
}

#[test]
fn mail_waits_for_the_next_life_up_to_its_bound() {
    let diary = Diary::new();
    real(
        || vec![("top", tree(&diary, Hold { count: 4, bytes: 100 }, Duration::from_millis(30)))],
        async |system, _| {
            let clerk = system.address("clerk").expect("a name");
            end(system, clerk).await;
            // Three messages and a request wait; for the last there is no room.
            for n in 1..4u64 {
                system.send(clerk, n).expect("it runs");
            }
            let waits = system.ask_with::<_, u64>(clerk, 4u64, Duration::from_secs(60));
            let refused = system.ask_with::<_, u64>(clerk, 5u64, Duration::from_secs(60));
            // Asked in this order, by the first look at each.
            let (waits, refused) = futures_in_order(waits, refused).await;
            assert_eq!(refused, Err(AskError::Failed(RequestFailure::Refused)));
            assert_eq!(waits, Ok(2), "the second life answered");
        },
    );
    let numbers: Vec<u64> = diary.all().iter().map(|e| e.1).collect();
    assert_eq!(numbers[..4], [1, 2, 3, 4]);
    assert_eq!(numbers.len(), 8, "the run, and its replay");
}

#[test]
fn and_ends_when_the_child_is_given_up() {
    let diary = Diary::new();
    real(
        || vec![("top", tree(&diary, Hold::default(), Duration::from_secs(3600)))],
        async |system, pids| {
            let clerk = system.address("clerk").expect("a name");
            end(system, clerk).await;
            let waits = system.ask_with::<_, u64>(clerk, 4u64, Duration::from_secs(60));
            let stop = system.supervisor(pids[0]).stop_child("clerk");
            let (answer, stopped) = futures_in_order(waits, stop).await;
            assert_eq!((answer, stopped), (Err(AskError::Failed(RequestFailure::Dead)), Ok(())));
            let after = system.ask_with::<_, u64>(clerk, 5u64, Duration::from_secs(60)).await;
            assert_eq!(after, Err(AskError::Failed(RequestFailure::Dead)), "at once");
        },
    );
    assert_eq!(diary.all(), []);
}

/// Polls both, the first one first, until both are done.
async fn futures_in_order<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    use std::task::Poll;
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut done_a, mut done_b) = (None, None);
    std::future::poll_fn(|cx| {
        if done_a.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(cx)
        {
            done_a = Some(value);
        }
        if done_b.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(cx)
        {
            done_b = Some(value);
        }
        match (done_a.take(), done_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (done_a, done_b) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
