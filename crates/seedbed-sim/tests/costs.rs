//! Turns that take time occupy their node, and no other.

use seedbed_core::{
    Actor, ChoiceKey, ChoiceKind, Context, Input, Life, PathId, Result, SpawnOptions, Tape, TapeEntry,
};
use seedbed_sim::{
    Costs, Faults, InWorld, Latency, OUTSIDE, Program, RunConfig, StrategySpec, World, WorldConfig, replay,
    run_with,
};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Publishes when its turns began; tells the next, if it has one.
struct Link(Option<&'static str>);

impl Actor for Link {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
        let now = cx.now();
        cx.observe(&format!("turn {n}"), now.as_nanos() as i64);
        if let Some(next) = self.0 {
            let next = cx.address(next)?;
            cx.send(next, &n)?;
        }
        cx.reply(n)
    }
}

/// `first` on node a tells `second` on node b; three inputs at once; a link of 1 µs.
fn chain(costs: [u64; 2], fixed: bool) -> impl Fn(&mut World) -> anyhow::Result<()> {
    move |world: &mut World| {
        let spawn = |name: &'static str, next: Option<&'static str>| {
            move |boot: &mut seedbed_sim::NodeBoot<'_>| {
                let options = SpawnOptions::registered(name);
                boot.spawn(options, Arc::new(move || Link(next))).expect("the name is free");
            }
        };
        let a = world.node("a", spawn("first", Some("second@b")));
        let b = world.node("b", spawn("second", None));
        for (node, ns_per_turn) in [(a, costs[0]), (b, costs[1])] {
            world.costs(node, Costs { ns_per_turn, ns_per_fuel: 0 });
        }
        if fixed {
            world.link("a", "b", Latency::fixed(1_000))?;
            world.link(OUTSIDE, "a", Latency::fixed(0))?;
        }
        for n in 0..3u8 {
            world.input(Input {
                name: format!("input {n}"),
                to: world.address("first", "a")?,
                tag: 0,
                payload: vec![n],
                timeout: Some(Duration::from_secs(1)),
                at: Duration::from_millis(1),
                every: None,
                count: None,
                optional: false,
            });
        }
        Ok(())
    }
}

fn times(costs: [u64; 2]) -> Vec<[i64; 3]> {
    let chain = chain(costs, true);
    let program = move |world: &mut World| {
        chain(world)?;
        world.run()?;
        let of = |path: &'static str| {
            [0, 1, 2].map(|n| world.facts().get(path, &format!("turn {n}")).unwrap_or(-1))
        };
        let all = [of("a/first"), of("b/second")];
        anyhow::bail!("{all:?}")
    };
    let (outcome, _) = run_with(&program, &RunConfig::seed(1), StrategySpec::Plain.build(), Vec::new());
    let text = outcome.found.expect("the body says what it saw").message;
    let numbers: Vec<i64> =
        text.split(|c: char| !c.is_ascii_digit() && c != '-').filter_map(|n| n.parse().ok()).collect();
    numbers.chunks(3).map(|turns| [turns[0], turns[1], turns[2]]).collect()
}

#[test]
fn t11_a_turn_occupies_its_node_and_what_it_sends_leaves_at_its_end() {
    const MS: i64 = 1_000_000;
    // Free turns all happen at once.
    assert_eq!(times([0, 0]), [[MS, MS, MS], [MS + 1_000; 3]]);
    // The start cost a turn too, and was over long before.
    assert_eq!(times([300, 0]), [[MS, MS + 300, MS + 600], [MS + 1_300, MS + 1_600, MS + 1_900]]);
    // The second node is slower, and holds up nobody but itself.
    assert_eq!(times([300, 5_000]), [[MS, MS + 300, MS + 600], [MS + 1_300, MS + 6_300, MS + 11_300]]);
}

#[test]
fn runs_with_costs_replay_from_their_tapes() {
    let faults = Faults { crash: 50_000, kill: 50_000, ..Faults::chaos() };
    let config = WorldConfig { faults, ..WorldConfig::default() };
    let program = InWorld { config, program: chain([40_000, 3_000_000], false) };
    let program: &dyn Program = &program;
    let mut tapes = 0;
    for seed in 0..300 {
        let run = RunConfig::seed(seed);
        for strategy in [StrategySpec::Random, StrategySpec::Pct(3)] {
            let (a, _) = run_with(program, &run, strategy.build(), Vec::new());
            let b =
                replay(program, &run, &a.tape, true, Vec::new()).expect("a tape does not contradict itself");
            assert_eq!((b.replay_error, b.trace_hash), (None, a.trace_hash), "seed {seed}");
            assert_eq!(a.found, b.found);
            tapes += usize::from(!a.tape.entries.is_empty());
        }
    }
    assert!(tapes > 300, "{tapes}");
}

/// Of each turn that an input asked for: when it began, and how long after it the next turn could.
type Pace = Arc<Mutex<Vec<(u64, u64)>>>;

/// Answers an input by a message to itself, and that by writing down how much time has passed.
struct Paced(Pace);

impl Actor for Paced {
    type Message = u64;

    fn on_message(&mut self, cx: &mut Context, since: u64) -> Result<()> {
        let (me, now) = (cx.me(), cx.now().as_nanos());
        match since {
            0 => cx.send(me, &now)?,
            _ => self.0.lock().expect("one thread").push((since, now - since)),
        }
        Ok(())
    }
}

/// A node that is asked for a turn every 20 ms, for two seconds; slowness by chance; a plan.
fn paced(pace: &Pace, plan: &'static [&'static str]) -> impl Program {
    let pace = Arc::clone(pace);
    let slow = Faults { slow: 20_000, slow_by: (1_000_000, 4_000_000), ..Faults::none() };
    let faults = Faults { slow_for: (500_000_000, 800_000_000), ..slow };
    let program = move |world: &mut World| {
        let pace = Arc::clone(&pace);
        world.node("a", move |boot| {
            let pace = Arc::clone(&pace);
            let make = move || Paced(Arc::clone(&pace));
            boot.spawn(SpawnOptions::registered("paced"), Arc::new(make)).expect("the name is free");
        });
        plan.iter().try_for_each(|line| world.plan(line))?;
        world.input(Input {
            name: "clock".into(),
            to: world.address("paced", "a")?,
            tag: 0,
            payload: vec![0],
            timeout: None,
            at: Duration::from_millis(1),
            every: Some(Duration::from_millis(20)),
            count: Some(100),
            optional: false,
        });
        Ok(())
    };
    InWorld { config: WorldConfig { faults, ..WorldConfig::default() }, program }
}

#[test]
fn a_node_is_slow_by_chance_and_its_runs_replay() {
    let pace = Pace::default();
    let program = paced(&pace, &[]);
    let (mut slow, mut quick) = (0, 0);
    for seed in 0..60 {
        pace.lock().expect("one thread").clear();
        let run = RunConfig::seed(seed);
        let (a, _) = run_with(&program, &run, StrategySpec::Random.build(), Vec::new());
        assert_eq!(a.found, None);
        let took: Vec<(u64, u64)> = std::mem::take(&mut *pace.lock().expect("one thread"));
        assert_eq!(took.len(), 100);
        slow += took.iter().filter(|(_, took)| (1_000_000..=4_000_000).contains(took)).count();
        quick += took.iter().filter(|(_, took)| *took == 0).count();
        let faults = a.stats.faults.get("slow node").copied().unwrap_or(0);
        assert_eq!(faults > 0, !a.tape.entries.is_empty(), "nothing else goes wrong");
        let b = replay(&program, &run, &a.tape, true, Vec::new()).expect("a tape does not contradict itself");
        assert_eq!((b.replay_error, b.trace_hash), (None, a.trace_hash), "seed {seed}");
        assert_eq!(*pace.lock().expect("one thread"), took);
    }
    assert!(slow > 500 && quick > 500 && slow + quick == 6_000, "{slow} slow, {quick} quick");
}

#[test]
fn what_befalls_whole_nodes_by_chance_befalls_only_those_with_a_boot_function() {
    let often = 500_000;
    let faults = Faults { crash: often, pause: often, slow: often, clock_jump: often, ..Faults::chaos() };
    let of_nodes = ["clock jump", "crash", "pause", "slow node"];
    let seen = |boots: bool| {
        let program = move |world: &mut World| {
            let link = || Link(None);
            if boots {
                let options = || SpawnOptions::registered("link");
                world.node("main", move |boot| {
                    boot.spawn(options(), Arc::new(link)).expect("the name is free");
                });
            } else {
                world.spawn("link", link);
            }
            world.settle()?;
            for n in 0..10 {
                let to = world.address("link", "main")?;
                let _ = world.ask::<u64, u64>(to, n);
            }
            Ok(())
        };
        let config = WorldConfig { faults: faults.clone(), allow_failures: true, ..WorldConfig::default() };
        let program = InWorld { config, program };
        let mut seen = BTreeSet::new();
        for seed in 0..20 {
            let run = RunConfig::seed(seed);
            let (outcome, _) = run_with(&program, &run, StrategySpec::Random.build(), Vec::new());
            seen.extend(outcome.stats.faults.into_keys().filter(|kind| of_nodes.contains(&kind.as_str())));
        }
        seen
    };
    assert_eq!(seen(true), of_nodes.map(str::to_owned).into());
    assert_eq!(seen(false), BTreeSet::new());
}

/// The tape on which a node is slow after this turn, and nothing else: 2 ms each, for 600 ms.
fn slow_after(turn: u64) -> Tape {
    let (path, life) = (PathId::of("a"), Life(0));
    let key = ChoiceKey { kind: ChoiceKind::Slow, site: 0, path, life, ordinal: turn };
    let entries = vec![TapeEntry::Choice { key, answer: 1 + 0b0101 }];
    Tape { entries, paths: [(path, "a".to_owned())].into() }
}

/// The turns that were slow, if the node is from the ninth input on.
fn slow_turns(plan: &'static [&'static str]) -> Vec<(u64, u64)> {
    let pace = Pace::default();
    let program = paced(&pace, plan);
    let outcome =
        replay(&program, &RunConfig::seed(1), &slow_after(18), true, Vec::new()).expect("one entry");
    assert_eq!((outcome.found, outcome.replay_error), (None, None));
    let all = pace.lock().expect("one thread").clone();
    all.into_iter().filter(|(_, took)| *took > 0).collect()
}

#[test]
fn slowness_ends_by_itself_and_with_the_boot() {
    let millis = |slow: &[(u64, u64)]| {
        assert!(slow.iter().all(|(_, took)| *took == 2_000_000), "{slow:?}");
        let (first, last) = (slow[0].0, slow[slow.len() - 1].0);
        (slow.len(), last / 1_000_000 - first / 1_000_000)
    };
    let (whole, lasts) = millis(&slow_turns(&[]));
    assert_eq!((whole, lasts), (29, 560));
    let (until_boot, _) = millis(&slow_turns(&["at 400ms crash a for 1ms"]));
    assert!(until_boot < whole, "{until_boot}");
}

/// Counts down, and writes down when.
struct Countdown(Pace);

impl Actor for Countdown {
    type Message = u64;

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let me = cx.me();
        Ok(cx.send(me, &200u64)?)
    }

    fn on_message(&mut self, cx: &mut Context, n: u64) -> Result<()> {
        let (me, now) = (cx.me(), cx.now().as_nanos());
        self.0.lock().expect("one thread").push((n, now));
        if n > 0 {
            cx.send(me, &(n - 1))?;
        }
        Ok(())
    }
}

#[test]
fn when_faults_stop_no_node_is_slow_any_more() {
    let pace = Pace::default();
    let of = Arc::clone(&pace);
    let program = move |world: &mut World| {
        let of = Arc::clone(&of);
        world.node("a", move |boot| {
            let of = Arc::clone(&of);
            let make = move || Countdown(Arc::clone(&of));
            boot.spawn(SpawnOptions::named("counts"), Arc::new(make)).expect("the node is empty");
        });
        Ok(())
    };
    let ranges =
        Faults { slow_by: (1_000_000, 4_000_000), slow_for: (500_000_000, 800_000_000), ..Faults::none() };
    let config = WorldConfig {
        faults: Faults { slow: 1, ..ranges },
        duration: Duration::from_millis(100),
        ..WorldConfig::default()
    };
    let program = InWorld { config, program };
    let outcome = replay(&program, &RunConfig::seed(1), &slow_after(1), true, Vec::new()).expect("one entry");
    assert_eq!((outcome.found, outcome.replay_error), (None, None));
    let all = pace.lock().expect("one thread").clone();
    let at = |n: usize| all[n].1 / 1_000_000;
    assert_eq!((all.len(), at(10) - at(0), at(40) - at(30)), (201, 20, 20));
    // What was under way takes its time, and the rest none.
    assert!(at(200) <= 102 && at(60) == at(200), "{all:?}");
}
