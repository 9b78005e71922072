//! Monitors, `never`, `again`, ready-made properties, and histories.

mod common;

use common::{Do, MS, SECOND, nodes, pass, tell};
use seedbed_core::{Actor, At, Context, Event, Hook, Level, Result, SpawnOptions};
use seedbed_linear::models::Kind;
use seedbed_sim::{InWorld, Monitor, Outcome, RunConfig, StrategySpec, World, WorldConfig, run_with};
use std::sync::Arc;

fn run(body: impl Fn(&mut World) -> anyhow::Result<()>) -> Outcome {
    let program =
        InWorld { config: WorldConfig { allow_failures: true, ..WorldConfig::default() }, program: body };
    run_with(&program, &RunConfig::seed(1), StrategySpec::Plain.build(), Vec::new()).0
}

/// Name, moment and message of what a run broke.
fn broken(outcome: &Outcome) -> Option<(&str, &str, &str)> {
    outcome.found.as_ref().map(|f| (f.property.as_str(), f.when.as_str(), f.message.as_str()))
}

fn last(world: &World) -> i64 {
    world.facts().all("last 1").count() as i64
}

#[test]
fn never_is_the_opposite_of_always() {
    for (n, found) in [(1, Some(("one came", "never", "it holds"))), (2, None)] {
        let outcome = run(|world| {
            nodes(world)?;
            world.never("one came", |world| last(world) > 0);
            tell(world, "a", Do::Take(n))?;
            Ok(())
        });
        assert_eq!(broken(&outcome), found);
    }
}

#[test]
fn what_must_hold_again_may_not_be_broken_for_long_nor_at_the_end() {
    let owed = |pause: u64, paid: bool| {
        run(move |world| {
            nodes(world)?;
            let paid_back =
                |world: &World| world.facts().all("at 2").count() >= world.facts().all("at 1").count();
            world.again("what is taken is given", SECOND, paid_back);
            tell(world, "a", Do::Take(1))?;
            world.run_for(MS * pause as u32)?;
            // Something else happens: time is looked at when there is a turn.
            tell(world, "b", Do::Take(3))?;
            world.run_for(MS)?;
            if paid {
                tell(world, "a", Do::Take(2))?;
            }
            Ok(())
        })
    };
    assert_eq!(broken(&owed(900, true)), None);
    let late = owed(1_500, true);
    let (name, when, message) = broken(&late).expect("it took too long");
    assert_eq!((name, when), ("what is taken is given", "again within 1s"));
    assert!(message.contains("not since"), "{message}");
    assert!(broken(&owed(100, false)).is_some(), "hot at the end");
}

/// Each message to `b` must be followed by one to `c`; two to `b` in a row are wrong.
#[derive(Default)]
struct Turns(u32);

impl Monitor for Turns {
    fn event(&mut self, _: At, event: &Event<'_>) -> std::result::Result<(), String> {
        let Event::Turn { who, hook: Hook::Message, .. } = event else { return Ok(()) };
        match who.text {
            "b/probe" if self.0 == 1 => return Err("twice in a row".to_owned()),
            "b/probe" => self.0 = 1,
            "c/probe" => self.0 = 0,
            _ => {}
        }
        Ok(())
    }

    fn is_hot(&self) -> bool {
        self.0 == 1
    }
}

#[test]
fn a_monitor_says_what_is_wrong_at_once_and_what_is_owed_at_the_end() {
    for (order, found) in [
        (&["b", "c", "b", "c"][..], None),
        (&["b", "b"], Some(("turns", "always", "twice in a row"))),
        (&["b", "c", "b"], Some(("turns", "again within 1s", "it is hot"))),
    ] {
        let outcome = run(|world| {
            nodes(world)?;
            world.monitor("turns", SECOND, Turns::default());
            for node in order {
                tell(world, node, Do::Take(1))?;
                world.run_for(MS)?;
            }
            Ok(())
        });
        assert_eq!(broken(&outcome), found, "{order:?}");
    }
}

#[test]
fn ready_made_properties_notice() {
    let alone = |ask: fn(&mut World), wrong: fn(&mut World) -> anyhow::Result<()>| {
        let fine = run(move |world| {
            ask(world);
            world.node("a", |_| {});
            Ok(())
        });
        assert_eq!(broken(&fine), None);
        broken(&run(move |world| {
            ask(world);
            wrong(world)
        }))
        .map(|(name, ..)| name.to_owned())
    };
    let same_name = |world: &mut World| -> anyhow::Result<()> {
        nodes(world)?;
        tell(world, "a", Do::Take(1))?;
        Ok(())
    };
    assert_eq!(
        alone(|w| w.at_most_one("probe"), same_name).as_deref(),
        Some("at most one has the name `probe`")
    );
    let many = |world: &mut World| -> anyhow::Result<()> {
        nodes(world)?;
        (0..9).try_for_each(|n| tell(world, "a", Do::Take(n)))
    };
    assert_eq!(alone(|w| w.mailboxes_within(3), many).as_deref(), Some("mailboxes hold at most 3 messages"));
    let nobody = |world: &mut World| -> anyhow::Result<()> {
        nodes(world)?;
        let to = world.address("nobody", "a")?;
        world.send(to, 1u64);
        world.run_for(MS)?;
        pass(world, "a", "b", 1)
    };
    assert_eq!(alone(World::no_dead_letters, nobody).as_deref(), Some("no dead letters"));
    struct Restless;
    impl Actor for Restless {
        type Message = u64;
        fn on_start(&mut self, cx: &mut Context) -> Result<()> {
            cx.set_timer(SECOND, 0)?;
            Ok(())
        }
        fn on_message(&mut self, _: &mut Context, _: u64) -> Result<()> {
            Ok(())
        }
        fn on_signal(&mut self, cx: &mut Context, _: seedbed_core::Signal) -> Result<()> {
            cx.set_timer(SECOND, 0)?;
            Ok(())
        }
    }
    let restless = |world: &mut World| -> anyhow::Result<()> {
        world.node("a", |boot| {
            boot.spawn(SpawnOptions::registered("r"), Arc::new(|| Restless)).expect("the name is free");
        });
        Ok(())
    };
    assert_eq!(alone(World::comes_to_rest, restless).as_deref(), Some("the world comes to rest"));
}

/// A client of a register that says in its log what it sees.
struct Client(&'static [&'static str]);

impl Actor for Client {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
        cx.log(Level::Trace, self.0[n as usize]);
        Ok(())
    }
}

/// Two clients that say their lines in turn: a's first, b's first, a's second, …
fn lines(a: &'static [&'static str], b: &'static [&'static str]) -> Outcome {
    run(move |world| {
        let calls = world.linearizable("x", Kind::Register);
        let clients =
            [("a", a), ("b", b)].map(|(name, lines)| (world.spawn(name, move || Client(lines)), lines.len()));
        for n in 0..a.len().max(b.len()) {
            for (pid, len) in clients {
                if n < len {
                    world.send(pid, n as u64);
                    world.settle()?;
                }
            }
        }
        anyhow::ensure!(!calls.is_empty(), "something was written down");
        Ok(())
    })
}

#[test]
fn what_actors_say_of_their_calls_must_be_linearizable() {
    const WRITES: &[&str] =
        &["history x 1 write 7", "history x 1 = 0", "about something else", "history xy 1 read"];
    assert_eq!(broken(&lines(WRITES, &["history x 1 read", "history x 1 = 7"])), None);
    assert_eq!(broken(&lines(WRITES, &["history x 1 read", "history x 1 = 0"])), None);
    let stale = lines(WRITES, &["nothing", "nothing", "history x 5 read", "history x 5 = 0"]);
    let (name, when, message) = broken(&stale).expect("7 was written before");
    assert_eq!((name, when), ("`x` is linearizable", "at the end"));
    assert!(
        message.contains("main/a:1") && message.contains("write 7 → 0") && message.contains("read → 0"),
        "{message}"
    );
    for bad in [&["history x 1 fly"][..], &["history x one read"], &["history x 3 = 0"], &["history x"]] {
        let (_, _, message) = broken(&lines(WRITES, bad))
            .map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()))
            .expect("it cannot be read");
        assert!(message.contains("is no call or answer"), "{message}");
    }
}
