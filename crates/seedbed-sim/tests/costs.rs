//! Turns that take time occupy their node, and no other.

use seedbed_core::{Actor, Context, Input, Result, SpawnOptions};
use seedbed_sim::{
    Costs, Faults, InWorld, Latency, OUTSIDE, Program, RunConfig, StrategySpec, World, WorldConfig, replay,
    run_with,
};
use std::sync::Arc;
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
