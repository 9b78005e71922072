//! What handles promise.

use crate::actors::{Do, Puppet, block_on, both, end_of, settle};
use seedbed_core::{
    Actor, Code, Context, ExitReason, Failure, Limited, Limits, NodeId, Permissions, Pid, Reason,
    RequestFailure, Result, SpawnOptions, address_of, node_of,
};
use seedbed_rt::{AskError, SpawnError, StartError, StopError, System};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn an_ask_ends_in_one_of_its_ways() {
    block_on(async {
        let system = System::start().unwrap();
        let a = system.spawn("a", Puppet::default).await.unwrap();
        assert_eq!(system.ask(a, Do::Echo(7)).await, Ok(7u64));
        assert_eq!(system.ask(a, Do::ReplyAfter(1)).await, Ok(2u64), "the correlation of the second request");
        let other_type = system.ask::<_, String>(a, Do::Echo(300)).await;
        assert_eq!(other_type, Err(AskError::Type { len: 2 }));
        let held = system.ask_with::<_, u64>(a, Do::Hold, Duration::from_micros(1)).await;
        assert_eq!(held, Err(RequestFailure::Timeout.into()));

        let dead = Err(RequestFailure::Dead.into());
        let (held, failed) =
            both(system.ask::<_, u64>(a, Do::Hold), system.ask::<_, u64>(a, Do::Fail(3))).await;
        assert_eq!((&held, &failed), (&dead, &dead));
        for nobody in [a, Pid::NOBODY, system.pid(), system.address("nobody").unwrap()] {
            assert_eq!(system.ask::<_, u64>(nobody, Do::Echo(1)).await, dead, "{nobody}");
        }
        let elsewhere = system.ask::<_, u64>(address_of(NodeId(9), "a"), Do::Echo(1)).await;
        assert_eq!(elsewhere, Err(RequestFailure::NoConnection.into()));
    });
}

#[test]
fn a_full_mailbox_refuses_the_asker_and_loses_the_rest() {
    block_on(async {
        let system = System::start().unwrap();
        let limits = Limits { mailbox_count: 0, ..Limits::default() };
        let small = Limited { factory: Puppet::default, limits, permissions: Permissions::default() };
        let a = system.spawn("a", small).await.unwrap();
        let refused = system.ask::<_, u64>(a, Do::Echo(1)).await;
        assert_eq!(refused, Err(RequestFailure::Refused.into()));
        system.send(a, Do::Echo(1)).unwrap();
        assert_eq!(system.dead_letters().await, Ok(2));
    });
}

struct Picky(&'static str);

impl Actor for Picky {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        match self.0 {
            "ignore" => cx.ignore(),
            "error" => anyhow::bail!("no such table"),
            "panic" => panic!("at the disco"),
            "stop" => cx.stop(Reason::Shutdown),
            _ => {}
        }
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        Ok(())
    }
}

#[test]
fn a_spawn_waits_for_the_start_and_tells_how_it_went() {
    block_on(async {
        let system = System::start().unwrap();
        let start = |how: &'static str| system.spawn("a", move || Picky(how));
        let ended = |failure: Failure, detail: &str| {
            Err(SpawnError::Ended { reason: failure.into(), detail: Some(detail.into()) })
        };
        assert_eq!(start("ignore").await, Err(SpawnError::Ignored));
        assert_eq!(start("error").await, ended(Failure::HandlerError(-1), "no such table"));
        assert_eq!(start("panic").await, ended(Failure::HostPanic, "at the disco"));
        let a = start("well").await.unwrap();
        assert_eq!(start("well").await, Err(SpawnError::Refused(Code::NameTaken)));
        assert_eq!(system.spawn("a/b", || Picky("well")).await, Err(SpawnError::Refused(Code::Invalid)));
        let short = system.spawn_with(SpawnOptions::default(), Arc::new(|| Picky("stop"))).await.unwrap();
        assert!([ExitReason::Shutdown, ExitReason::NoProcess].contains(&end_of(&system, short).await));
        let tree = system.actors().await.unwrap();
        assert_eq!(tree.iter().map(|i| (i.path.as_str(), i.pid)).collect::<Vec<_>>(), [("main/a", a)]);
        assert_eq!(tree[0].life.0, 4);
    });
}

#[test]
fn a_name_is_found_and_its_address_follows_it() {
    block_on(async {
        let system = System::builder().name("bank").start().unwrap();
        let first = system.spawn("ledger", Puppet::default).await.unwrap();
        let address = system.address("ledger").unwrap();
        assert_eq!(system.address("ledger@bank"), Ok(address));
        assert_eq!(system.address("ledger@moon"), Err(Code::NotFound));
        assert_eq!(system.whereis("ledger").await, Ok(Some(first)));
        assert_eq!(system.stop(first, Reason::Normal).await, Ok(ExitReason::Normal));
        assert_eq!(system.whereis("ledger").await, Ok(None));
        let second = system.spawn("ledger", Puppet::default).await.unwrap();
        assert_ne!(first, second);
        assert_eq!(system.ask(address, Do::Echo(1)).await, Ok(1u64));
        assert!(matches!(System::builder().name("a@b").start(), Err(StartError::Name { .. })));
    });
}

#[test]
fn an_actor_is_stopped_killed_and_watched() {
    block_on(async {
        let system = System::start().unwrap();
        let spawn = async || system.spawn("a", Puppet::default).await.unwrap();
        let a = spawn().await;
        let down = system.monitor(a);
        assert_eq!(system.kill(a).await, Ok(()));
        assert_eq!(down.await, Ok(ExitReason::Killed));
        assert_eq!(system.kill(a).await, Err(StopError::Gone(a)));
        assert_eq!(system.stop(a, Reason::Normal).await, Err(StopError::Gone(a)));
        assert_eq!(system.monitor(a).await, Ok(ExitReason::NoProcess));
        assert_eq!(system.monitor(address_of(NodeId(9), "a")).await, Ok(ExitReason::NoConnection));
        assert_eq!(system.monitor(system.pid()).await, Ok(ExitReason::NoProcess));

        let a = spawn().await;
        let (down, other) = (system.monitor(a), system.monitor(a));
        drop(other);
        settle(&system, a).await;
        assert_eq!(system.actors().await.unwrap()[0].watched, 1, "a watch that was dropped is taken back");
        system.send(a, Do::Fail(9)).unwrap();
        assert_eq!(down.await, Ok(Failure::HandlerError(9).into()));

        let a = spawn().await;
        let down = system.monitor(a);
        system.send(a, Do::Panic).unwrap();
        assert_eq!(down.await, Ok(Failure::HostPanic.into()));
        let a = spawn().await;
        let (one, two) = both(system.stop(a, Reason::Shutdown), system.stop(a, Reason::Normal)).await;
        assert_eq!(one, Ok(ExitReason::Shutdown));
        assert!([one, Err(StopError::Gone(a))].contains(&two), "it may be gone by then: {two:?}");
    });
}

#[test]
fn every_handle_is_a_client_of_its_own_and_a_client_gets_mail() {
    block_on(async {
        let system = System::start().unwrap();
        let a = system.spawn("a", Puppet::default).await.unwrap();
        let clone = system.clone();
        let mut client = system.client().unwrap();
        let mine: Pid = system.ask(a, Do::WhoAmI).await.unwrap();
        let its: Pid = clone.ask(a, Do::WhoAmI).await.unwrap();
        let the_clients: Pid = client.ask(a, Do::WhoAmI).await.unwrap();
        assert_eq!((mine, its, the_clients), (system.pid(), clone.pid(), client.pid()));
        assert!(mine != its && its != the_clients && node_of(mine) == NodeId::OUTSIDE);

        client.send(a, Do::Send(client.pid(), 5)).unwrap();
        let mail = client.receive().await.unwrap();
        assert_eq!((mail.envelope.from, &*mail.payload), (a.to_raw(), &[5u8][..]));
        system.send(a, Do::Send(system.pid(), 5)).unwrap(); // it takes no mail
        settle(&system, a).await;
    });
}

#[test]
fn mail_of_one_handle_stays_in_order_and_threads_share_a_handle() {
    struct Inc(u64);
    impl Actor for Inc {
        type Message = u64;
        fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
            if cx.request().is_some() {
                return cx.reply(self.0);
            }
            anyhow::ensure!(n == 0 || n == self.0 + 1, "{n} after {}", self.0);
            self.0 += 1;
            Ok(())
        }
    }
    block_on(async {
        let system = System::start().unwrap();
        let (a, b) =
            (system.spawn("a", || Inc(0)).await.unwrap(), system.spawn("b", || Inc(0)).await.unwrap());
        (1..=1000u64).for_each(|n| system.send(a, n).unwrap());
        assert_eq!(system.ask(a, 0u64).await, Ok(1000u64));
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| (0..250).for_each(|_| system.send(b, 0u64).unwrap()));
            }
        });
        assert_eq!(system.ask(b, 0u64).await, Ok(1000u64));
    });
}

#[test]
fn actors_that_never_rest_hold_up_neither_mail_nor_timers() {
    block_on(async {
        let system = System::start().unwrap();
        let busy = system.spawn("busy", Puppet::default).await.unwrap();
        let calm = system.spawn("calm", Puppet::default).await.unwrap();
        system.send(busy, Do::Spin).unwrap();
        assert_eq!(system.ask(calm, Do::ReplyAfter(10)).await, Ok(1u64));
        settle(&system, busy).await;
        system.kill(busy).await.unwrap();
    });
}

#[test]
fn a_node_runs_in_the_callers_local_set() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let system = System::local().unwrap();
        let a = system.spawn("a", Puppet::default).await.unwrap();
        assert_eq!(system.ask(a, Do::ReplyAfter(10)).await, Ok(1u64));
        system.send(a, Do::Observe("x".into(), 3)).unwrap();
        settle(&system, a).await;
        let facts = system.facts().await.unwrap();
        assert_eq!((facts.len(), facts[0].key.as_str(), facts[0].value), (1, "x", 3));
        assert_eq!(system.shutdown().await.unwrap().killed, 0);
    });
}
