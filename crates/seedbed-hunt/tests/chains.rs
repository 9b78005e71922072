//! The chains of findings: in a real application, `transfer`, whose ledgers count a retried credit twice, and in small programs
//! that one kind of oddity breaks.

mod common;

use common::{hunt, race, run};
use seedbed_core::abi::store::Records;
use seedbed_core::{Actor, Context, Factory, Level, Result, Shared, Signal, SpawnOptions, WithArgs};
use seedbed_guest::{Message, SpawnFlags};
use seedbed_hunt::Hunt;
use seedbed_sim::{Faults, InWorld, Program, StrategySpec, World, WorldConfig};
use std::sync::Arc;
use std::time::Duration;
use transfer_protocol::record;

/// Keeps one child alive, whatever it dies of, unless it is done.
struct Keeper {
    name: &'static str,
    args: Vec<u8>,
    child: Shared,
}

impl Keeper {
    fn start(&self, cx: &mut Context<'_>) -> Result<()> {
        let options = SpawnOptions::registered(self.name).args(&*self.args).flags(SpawnFlags::MONITOR);
        cx.spawn(SpawnOptions { supervised: true, ..options }, self.child.clone())?;
        Ok(())
    }
}

impl Actor for Keeper {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        self.start(cx)
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, signal: Signal) -> Result<()> {
        match signal {
            Signal::Down { reason, .. } if !reason.is_clean() => self.start(cx),
            _ => Ok(()),
        }
    }
}

fn shared(factory: impl Factory) -> Shared {
    Shared(Arc::new(factory))
}

/// Two ledgers, a teller and a client, on four nodes.
fn transfer(world: &mut World) -> anyhow::Result<()> {
    let ledger = shared(WithArgs(ledger::Ledger::new));
    let client = client::Client {
        teller: "teller@c".into(),
        a: "ledger-a@a".into(),
        b: "ledger-b@b".into(),
        transfers: 3,
    };
    let ask = shared(WithArgs(|args: &[u8]| Ok(client::Client::decode(args)?)));
    for (node, name, child, args) in [
        ("a", "ledger-a", &ledger, record(&500u32)),
        ("b", "ledger-b", &ledger, record(&500u32)),
        ("c", "teller", &shared(teller::Teller::default), Vec::new()),
        ("d", "client", &ask, record(&client)),
    ] {
        let child = child.clone();
        world.node(node, move |boot| {
            let (child, args) = (child.clone(), args.clone());
            let keep = move || Keeper { name, args: args.clone(), child: child.clone() };
            boot.spawn(SpawnOptions::named("keeper"), Arc::new(keep)).expect("the name is free");
        });
    }
    world.idle("money is conserved", |world: &World| match world.facts().sum("balance") {
        1000 => Ok(()),
        found => Err(format!("expected 1000, found {found}")),
    });
    Ok(())
}

/// A hunt in which order and faults come at their rates, so that what is odd is of the kind that a case is about.
fn at_random(program: &(dyn Program + Sync)) -> Hunt<'_> {
    Hunt { strategy: StrategySpec::Random, ..hunt(program, 2_000) }
}

/// A fault, how it is switched on, and what follows it in the chain.
type Case = (&'static str, fn(&mut Faults), &'static [&'static str]);

#[test]
fn a_chain_leads_from_the_fault_over_the_retry_to_the_money() {
    let cases: [Case; 6] = [
        ("kill", |f| f.kill = 50_000, &["restart", "retry"]),
        ("crash", |f| f.crash = 20_000, &["boot", "restart", "failed", "retry"]),
        ("clog", |f| f.clog = 50_000, &["failed", "retry"]),
        ("drop", |f| f.drop = 50_000, &["failed", "retry"]),
        ("twice", |f| f.duplicate = 50_000, &["copy"]),
        ("clock", |f| f.clock = 50_000, &["failed", "retry"]),
    ];
    for (fault, faults, consequences) in cases {
        let mut config = WorldConfig { faults: Faults::none(), ..WorldConfig::default() };
        faults(&mut config.faults);
        let program: InWorld<fn(&mut World) -> anyhow::Result<()>> = InWorld { config, program: transfer };
        let finding = run(&at_random(&program)).found.expect("the mistake is found").finding;
        assert_eq!(finding.property, "money is conserved");
        let chain: Vec<String> = finding.why.iter().map(ToString::to_string).collect();
        let chain_text = chain.join("\n");
        let mut kinds = finding.why.iter().map(|line| line.kind.as_str());
        for wanted in [fault].iter().chain(consequences).chain(&["fact"]) {
            assert!(kinds.any(|kind| kind == *wanted), "{fault}: no {wanted} in its place:\n{chain_text}");
        }
        assert!(chain.len() <= seedbed_trace::LINES_MAX, "{chain_text}");
        assert!(chain_text.contains("says balance = "), "{chain_text}");
        // What actors say in their logs is what is told, not bytes.
        assert!(chain_text.contains("Credit(") || chain_text.contains("Debit("), "{chain_text}");
    }
}

#[test]
fn a_chain_begins_with_what_a_plan_did() {
    for (line, fault, consequences) in [
        ("at 0ns drop b -> c for 50ms", "drop b -> c", &["lost", "failed", "retry"][..]),
        ("at 0ns partition b->c for 50ms", "partition b->c", &["lost", "failed", "retry"]),
    ] {
        let config = WorldConfig { faults: Faults::none(), ..WorldConfig::default() };
        let body = move |world: &mut World| {
            transfer(world)?;
            Ok(world.plan(line)?)
        };
        let program = InWorld { config, program: body };
        let finding = run(&at_random(&program)).found.expect("the mistake is found").finding;
        assert_eq!(finding.property, "money is conserved", "{line}");
        let chain: Vec<String> = finding.why.iter().map(ToString::to_string).collect();
        let text = chain.join("\n");
        let told = finding.why.iter().any(|why| why.kind == "fault" && why.text.contains(fault));
        assert!(told, "{line}:\n{text}");
        let mut kinds = finding.why.iter().map(|why| why.kind.as_str());
        for wanted in consequences.iter().chain(&["fact"]) {
            assert!(kinds.any(|kind| kind == *wanted), "{line}: no {wanted} in its place:\n{text}");
        }
        assert!(chain.len() <= seedbed_trace::LINES_MAX, "{text}");
    }
}

/// The kinds and texts of a chain that a hunt comes to.
fn chain(faults: Faults, program: fn(&mut World) -> anyhow::Result<()>) -> Vec<(String, String)> {
    let config = WorldConfig { faults, ..WorldConfig::default() };
    let found = run(&at_random(&InWorld { config, program })).found.expect("the mistake is found");
    found.finding.why.into_iter().map(|line| (line.kind, line.text)).collect()
}

/// True for a chain of just these lines, by their kinds and what is in them.
fn is_chain(chain: &[(String, String)], lines: &[(&str, &str)]) -> bool {
    let is = |((kind, text), (wanted, part)): (&(String, String), &(&str, &str))| {
        kind == wanted && text.contains(part)
    };
    chain.len() == lines.len() && chain.iter().zip(lines).all(is)
}

#[test]
fn a_chain_tells_what_was_held_back_until_when() {
    let chain = chain(Faults::none(), race);
    let held = "message 1 of main/writer-3 → main/register waits for message 1 of main/writer-";
    assert!(is_chain(&chain, &[("hold", held), ("fact", "says seen = 3")]), "{chain:#?}");
}

/// Says how long it slept.
struct Sleeper;

impl Actor for Sleeper {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        cx.set_timer(Duration::from_millis(100), 0)?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, _: Signal) -> Result<()> {
        let now = cx.now().as_nanos() as i64;
        cx.log(seedbed_core::Level::Info, "wakes up");
        cx.observe("slept", now / 1_000_000);
        Ok(())
    }
}

#[test]
fn a_chain_tells_of_timers_that_were_late() {
    let faults = Faults { timer_late: 500_000, ..Faults::none() };
    let chain = chain(faults, |world| {
        world.spawn("sleeper", || Sleeper);
        world.always("it wakes in time", |w: &World| w.facts().values("slept").iter().all(|ms| *ms < 150));
        Ok(())
    });
    let lines = [("late", "timers of node main that are due"), ("fact", "main/sleeper says slept = ")];
    assert!(is_chain(&chain, &lines), "{chain:#?}");
    assert!(chain[1].1.ends_with(": \"wakes up\""), "{chain:#?}");
}

/// Tells itself the time, and publishes how long that took.
#[derive(Default)]
struct Runner;

impl Actor for Runner {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let me = cx.me();
        Ok(cx.send(me, &1u64)?)
    }

    fn on_message(&mut self, cx: &mut Context<'_>, n: u64) -> Result<()> {
        let (me, now) = (cx.me(), cx.now().as_nanos() as i64);
        cx.observe("ran", now / 1_000_000);
        if n < 30 {
            cx.send(me, &(n + 1))?;
        }
        Ok(())
    }
}

#[test]
fn a_chain_tells_of_a_node_that_was_slow() {
    let faults = Faults { slow: 100_000, slow_by: (5_000_000, 5_000_000), ..Faults::none() };
    let chain = chain(faults, |world| {
        world.node("a", |boot| {
            boot.spawn(SpawnOptions::named("runner"), Arc::new(|| Runner)).expect("the node is empty");
        });
        world.always("it runs in no time", |w: &World| w.facts().values("ran").iter().all(|ms| *ms < 40));
        Ok(())
    });
    let lines = [("slow", "turns of node a take longer"), ("fact", "a/runner says ran = ")];
    assert!(is_chain(&chain, &lines), "{chain:#?}");
}

/// Appends records, and says of what it finds at its start how long the shortest is.
#[derive(Default)]
struct Journal {
    read: Option<seedbed_core::Correlation>,
}

impl Actor for Journal {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        self.read = Some(cx.store_read()?);
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, (): ()) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, signal: Signal) -> Result<()> {
        match signal {
            Signal::Completion { correlation, outcome } if self.read == Some(correlation) => {
                let bytes = outcome.expect("no read fails here");
                cx.observe("shortest", Records::new(&bytes).map(<[u8]>::len).min().unwrap_or(6) as i64);
                cx.set_timer(Duration::from_millis(1), 0)?;
            }
            Signal::Timer { .. } => drop(cx.store_append(b"record")?),
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn a_chain_tells_what_a_crash_left_of_a_log() {
    let faults = Faults { crash: 200_000, unsynced: 500_000, torn: 500_000, ..Faults::none() };
    let chain = chain(faults, |world| {
        world.node("a", |boot| {
            let keep = || Keeper { name: "journal", args: Vec::new(), child: shared(Journal::default) };
            boot.spawn(SpawnOptions::named("keeper"), Arc::new(keep)).expect("the name is free");
        });
        world.always("records are whole", |w: &World| w.facts().values("shortest").iter().all(|n| *n == 6));
        Ok(())
    });
    let lines = [
        ("crash", "node a, after a/keeper/journal"),
        ("unsynced", "a record of the log of a/keeper/journal that had not been synced"),
        ("torn", "a record of the log of a/keeper/journal: only its beginning is left"),
        ("boot", "node a, for the second time"),
        ("restart", "a/keeper, life 2"),
        ("restart", "a/keeper/journal, life 2"),
        ("fact", "a/keeper/journal life 2 says shortest = "),
    ];
    assert!(is_chain(&chain, &lines), "{chain:#?}");
}

/// Passes numbers on to another node.
struct Passer;

impl Actor for Passer {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context<'_>) -> Result<()> {
        cx.set_timer(Duration::from_millis(10), 1)?;
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context<'_>, _: u64) -> Result<()> {
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut Context<'_>, signal: Signal) -> Result<()> {
        let Signal::Timer { tag, .. } = signal else { return Ok(()) };
        let shelf = cx.address("shelf@b")?;
        cx.send(shelf, &tag)?;
        if tag < 40 {
            cx.set_timer(Duration::from_millis(10), tag + 1)?;
        }
        Ok(())
    }
}

/// Says of each number what it does with it: of three, it cuts two and keeps one.
#[derive(Default)]
struct Shelf(i64);

impl Actor for Shelf {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context<'_>, n: u64) -> Result<()> {
        let does = if n.is_multiple_of(3) { "keeps" } else { "cuts" };
        cx.log(Level::Info, &format!("{does} {n}"));
        self.0 += 1;
        let came = self.0;
        cx.observe("came", came);
        Ok(())
    }
}

#[test]
fn a_chain_tells_one_saying_of_each_kind_before_a_second_of_any() {
    let program = |world: &mut World| {
        world.node("a", |boot| {
            boot.spawn(SpawnOptions::named("passer"), Arc::new(|| Passer)).expect("the name is free");
        });
        world.node("b", |boot| {
            let shelf = Arc::new(Shelf::default);
            boot.spawn(SpawnOptions::registered("shelf"), shelf).expect("the name is free");
        });
        world.idle("all came", |world: &World| world.facts().sum("came") == 40);
        Ok(())
    };
    let config = WorldConfig { faults: Faults { drop: 100_000, ..Faults::none() }, ..WorldConfig::default() };
    let program = InWorld { config, program };
    let finding = run(&at_random(&program)).found.expect("one is lost").finding;
    assert_eq!(finding.tape.choices(), 1);
    // What it cuts is said twice as often, and is told all the same.
    let told = |word: &str| {
        let lines = finding.why.iter().filter(|line| line.kind == "says");
        lines.filter(|line| line.text.contains(word)).count()
    };
    let chain: Vec<String> = finding.why.iter().map(ToString::to_string).collect();
    assert!(told("keeps") >= 3 && told("cuts") >= 3, "{chain:#?}");
}
