//! How a system ends.

use crate::actors::{Do, Puppet, block_on, both};
use seedbed_core::{
    Actor, At, Context, Event, ExitReason, Factory, Observer, Reason, Result, Signal, SpawnFlags,
    SpawnOptions, StopCode,
};
use seedbed_rt::{AskError, SpawnError, Stopped, System};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Keeps who ended, and why.
#[derive(Clone, Default)]
struct Ends(Arc<Mutex<Vec<(String, ExitReason)>>>);

impl Observer for Ends {
    fn event(&mut self, _: At, event: &Event<'_>) {
        if let Event::Exited { who, reason, .. } = event {
            self.0.lock().unwrap().push((who.text.to_owned(), (*reason).clone()));
        }
    }
}

impl Ends {
    fn paths(&self) -> Vec<String> {
        self.0.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }
}

#[test]
fn a_shutdown_stops_the_roots_last_first_and_then_what_outlived_them() {
    let ends = Ends::default();
    block_on(async {
        let system = System::builder().observe(ends.clone()).start().unwrap();
        for name in ["a", "b", "c"] {
            let pid = system.spawn(name, Puppet::default).await.unwrap();
            let _: seedbed_core::Pid = system.ask(pid, Do::Spawn(format!("{name}-child"))).await.unwrap();
        }
        let finished = system.shutdown().await.unwrap();
        assert_eq!((finished.killed, finished.turns), (0, 15));
        assert_eq!(system.shutdown().await.unwrap_err(), Stopped);
        assert_eq!(system.ask::<_, u64>(system.pid(), Do::Echo(1)).await, Err(AskError::Stopped(Stopped)));
        assert_eq!(system.spawn("d", Puppet::default).await, Err(SpawnError::Stopped(Stopped)));
        assert_eq!(system.monitor(system.pid()).await, Err(Stopped));
        let lost = system.send(system.pid(), Do::Echo(5)).unwrap_err();
        assert!(matches!(lost.0, Do::Echo(5)), "the message comes back");
        assert_eq!(system.send_raw(system.pid(), 1, vec![1, 2]).unwrap_err().0.0, [1, 2]);
    });
    let expected = ["main/c", "main/b", "main/a", "main/c/c-child", "main/b/b-child", "main/a/a-child"];
    assert_eq!(ends.paths(), expected);
    assert!(ends.0.lock().unwrap().iter().all(|(_, reason)| *reason == ExitReason::Shutdown));
}

#[test]
fn the_last_handle_that_goes_takes_the_system_along() {
    let ends = Ends::default();
    block_on(async {
        let system = System::builder().observe(ends.clone()).start().unwrap();
        let a = system.spawn("a", Puppet::default).await.unwrap();
        let down = system.monitor(a);
        let clone = system.clone();
        drop(system);
        assert_eq!(clone.ask(a, Do::Echo(1)).await, Ok(1u64));
        drop(clone);
        assert_eq!(down.await, Ok(ExitReason::Shutdown));
    });
}

/// Spawns another of its kind when it is asked to stop, by way of a child's exit.
struct Hydra;

impl Actor for Hydra {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        cx.spawn(SpawnOptions::default().flags(SpawnFlags::MONITOR), Puppet::default)?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context, signal: Signal) -> Result<()> {
        if let Signal::Down { .. } = signal {
            cx.spawn(SpawnOptions::default(), || Hydra)?;
        }
        Ok(())
    }
}

#[test]
fn what_is_spawned_during_a_shutdown_is_stopped_too() {
    block_on(async {
        let system = System::start().unwrap();
        system.spawn("hydra", || Hydra).await.unwrap();
        assert_eq!(system.shutdown().await.unwrap().killed, 0);
    });
}

#[test]
fn a_shutdown_whose_time_is_over_kills() {
    block_on(async {
        let system = System::start().unwrap();
        system.spawn("a", Puppet::default).await.unwrap();
        system.spawn("b", Puppet::default).await.unwrap();
        let finished = system.shutdown_within(Duration::ZERO).await.unwrap();
        assert!(finished.killed >= 1, "{finished:?}");
    });
}

#[test]
fn on_stop_runs_and_may_still_reply() {
    struct Last(Option<seedbed_core::Request>);
    impl Actor for Last {
        type Message = u64;
        fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
            if n == 0 {
                self.0 = cx.request();
                return Ok(());
            }
            cx.reply(n)
        }
        fn on_stop(&mut self, cx: &mut Context, code: StopCode) -> Result<()> {
            cx.reply_to(self.0.take().expect("it was asked"), code as i32)
        }
    }
    block_on(async {
        let system = System::start().unwrap();
        let a = system.spawn("a", || Last(None)).await.unwrap();
        let stop = async {
            assert_eq!(system.ask(a, 7u64).await, Ok(7u64), "the request before this has come");
            system.stop(a, Reason::Normal).await
        };
        let (asked, stopped) = both(system.ask::<_, i32>(a, 0u64), stop).await;
        assert_eq!((asked, stopped), (Ok(StopCode::Requested as i32), Ok(ExitReason::Normal)));
    });
}

#[test]
fn factories_of_any_kind_go_to_the_node() {
    fn shared(factory: impl Factory) -> Arc<dyn Factory> {
        Arc::new(factory)
    }
    block_on(async {
        let system = System::start().unwrap();
        let a = system.spawn_with(SpawnOptions::named("a"), shared(Puppet::default)).await.unwrap();
        assert_eq!(system.whereis("a").await, Ok(None), "named, not registered");
        assert_eq!(system.ask(a, Do::Echo(1)).await, Ok(1u64));
    });
}

/// Rule V5.
#[test]
fn lives_count_from_the_start_of_their_system() {
    struct Lives;
    impl Actor for Lives {
        type Message = ();
        fn on_message(&mut self, cx: &mut Context, (): ()) -> Result<()> {
            let life = cx.life().0;
            cx.reply(life)
        }
    }
    block_on(async {
        for _ in 0..2 {
            let system = System::start().unwrap();
            for life in 1..=2u32 {
                let pid = system.spawn("a", || Lives).await.unwrap();
                assert_eq!(system.ask(pid, ()).await, Ok(life));
                system.stop(pid, Reason::Normal).await.unwrap();
            }
            system.shutdown().await.unwrap();
        }
    });
}
