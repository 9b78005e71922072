//! A node that is asked for something by another task of its thread does it at once.

use crate::actors::{Do, Puppet};
use crate::effects::{Performer, perform};
use seedbed_core::Reason;
use seedbed_rt::System;
use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Runs a test beside a node of its thread, with a puppet.
fn here<F: Future<Output = ()>>(test: impl FnOnce(System, seedbed_core::Pid) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let system = System::builder().effect("later", later).run_local().unwrap();
        let puppet = system.spawn("puppet", Puppet::default).await.unwrap();
        test(system, puppet).await;
    });
}

/// An effect that takes some rounds of the executor.
async fn later(request: seedbed_core::EffectRequest) -> seedbed_core::EffectOutcome {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    Ok(request.payload)
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn what_is_asked_for_is_done_before_others_have_their_turn() {
    here(|system, puppet| async move {
        assert_eq!(poll_once(system.ask(puppet, Do::Echo(7))), Poll::Ready(Ok(7u64)));
        let Poll::Ready(Ok(one)) = poll_once(system.spawn("one", Puppet::default)) else {
            panic!("it starts at once")
        };
        assert!(poll_once(system.stop(one, Reason::Normal)).is_ready());
        assert!(poll_once(system.tree()).is_ready());
    });
}

/// What one handle sends and asks stays in order (rule M1), also when the node could be run at once.
#[test]
fn what_was_sent_before_comes_before() {
    here(|system, puppet| async move {
        for n in 0..3 {
            system.send(puppet, Do::Observe("n".into(), n)).unwrap();
        }
        let mut ask = pin!(system.ask(puppet, Do::Echo(1)));
        assert!(poll_once(ask.as_mut()).is_pending(), "something waits in its inbox");
        assert_eq!(ask.await, Ok(1u64));
        let facts = system.facts().await.unwrap();
        assert_eq!(facts[0].value, 2);
    });
}

#[test]
fn a_node_with_turns_to_come_lets_others_have_theirs() {
    here(|system, puppet| async move {
        system.send(puppet, Do::Spin).unwrap();
        tokio::task::yield_now().await;
        let others = Rc::new(Cell::new(0));
        let theirs = Rc::clone(&others);
        let count = tokio::task::spawn_local(async move {
            loop {
                theirs.set(theirs.get() + 1);
                tokio::task::yield_now().await;
            }
        });
        for n in 0..10 {
            assert_eq!(system.ask(puppet, Do::Echo(n)).await, Ok(n));
        }
        assert!(others.get() >= 10, "{} turns of the other task", others.get());
        count.abort();
        system.kill(puppet).await.unwrap();
    });
}

/// Its task, which waits for what was due before, learns of what is due sooner.
#[test]
fn what_such_a_turn_sets_is_due_in_its_time() {
    here(|system, puppet| async move {
        let long = Duration::from_secs(20);
        let held = pin!(system.ask_with::<_, u64>(puppet, Do::Hold, long));
        assert!(poll_once(held).is_pending());
        for _ in 0..4 {
            // The node's task comes to wait.
            tokio::task::yield_now().await;
        }
        assert_eq!(system.ask_with(puppet, Do::ReplyAfter(1_000), long).await, Ok(2u64));
        let short = Duration::from_millis(1);
        assert!(system.ask_with::<_, u64>(puppet, Do::Hold, short).await.is_err(), "it is over in its time");
    });
}

#[test]
fn what_such_a_turn_performs_completes() {
    here(|system, _| async move {
        let performer = system.spawn("performer", Performer::default).await.unwrap();
        for _ in 0..3 {
            assert_eq!(perform(&system, performer, "later", b"bread").await, b"bread");
        }
    });
}

/// A handle that an actor's turn uses finds the node at work, and is served after that turn.
#[test]
fn a_turn_can_ask_its_own_node() {
    struct Asks(System);

    impl seedbed_core::Actor for Asks {
        type Message = ();

        fn on_message(&mut self, _: &mut seedbed_core::Context, (): ()) -> seedbed_core::Result<()> {
            assert!(poll_once(self.0.turns()).is_pending());
            Ok(())
        }
    }

    here(|system, puppet| async move {
        let handle = system.clone();
        let asks = system.spawn("asks", move || Asks(handle.clone())).await.unwrap();
        system.send(asks, ()).unwrap();
        assert_eq!(system.ask(puppet, Do::Echo(1)).await, Ok(1u64));
        assert_eq!(system.actors().await.unwrap().len(), 2, "it did not fail");
        assert!(system.shutdown().await.unwrap().turns > 0);
    });
}
