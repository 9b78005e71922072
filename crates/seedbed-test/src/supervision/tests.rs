//! Self-doubt: each invariant, with what it sees broken on purpose, must go red.

use super::{
    AS_THE_MODEL, GROUP_ORDER, IN_TIME, INTENSITY, Inbox, NAMES, NO_ORPHANS, ONE_LIFE, PAIR_ORDER, STAY_GONE,
    Seen, TOLD_ONCE, Tamper, Watch, rule, same_run,
};
use crate::tree::{Call, Child, Deed, Ends, Life, Step, Stops, Tree, TreeProgram, What};
use seedbed_core::supervise::{Flags, Restart, Shutdown, Strategy};
use seedbed_core::{Actor, Context, ExitReason, Flags as Kind, Result, Time, decision};
use seedbed_sim::{Property, Reads, RunConfig, StrategySpec, When, World, run_with};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn worker(id: &str, life: Life) -> Child {
    Child { shutdown: Shutdown::After(3 * MS), ..Child::new(id, What::Worker(vec![life])) }
}

fn tree(strategy: Strategy) -> Tree {
    let flags = Flags { strategy, intensity: 2, period: 20 * MS, ..Flags::default() };
    let slow = Life { stops: Stops::After(2 * MS), ..Life::default() };
    let children = vec![
        worker("a", Life::default()),
        worker("b", slow),
        Child { restart: Restart::Transient, ..worker("c", Life::default()) },
        Child { restart: Restart::Temporary, ..worker("d", Life::default()) },
    ];
    Tree { flags, children }
}

fn fail(who: &str) -> Step {
    Step::Tell(who.to_owned(), Deed::End(Ends::Error))
}

/// Something of everything: restarts, stops by call, ends of all kinds.
fn program(strategy: Strategy) -> TreeProgram {
    let steps = vec![
        Step::Wait(MS),
        fail("a"),
        Step::Wait(5 * MS),
        Step::Tell("c".into(), Deed::End(Ends::Normal)),
        Step::Call(String::new(), Call::Stop("b".into())),
        Step::Wait(5 * MS),
        Step::Call(String::new(), Call::Restart("b".into())),
        Step::Ask("a".into(), Deed::Work),
        Step::Ask("a".into(), Deed::Work),
        Step::Kill("d".into()),
        Step::Wait(5 * MS),
    ];
    TreeProgram { tree: tree(strategy), steps }
}

/// What the invariant says of a program that is told in another way than it went.
fn told(name: &'static str, program: &TreeProgram, tamper: impl Fn() -> Tamper) -> Option<String> {
    let body = |world: &mut World| -> Result<()> {
        let inbox = Inbox::default();
        world.observe(inbox.clone());
        let mut watch = Watch::new(inbox, vec![(name, rule(name, true))]);
        watch.tamper = Some(tamper());
        let watch = Rc::new(RefCell::new(watch));
        for when in [When::Always, When::Idle] {
            let watch = Rc::clone(&watch);
            let look = move |world: &World| watch.borrow_mut().verdict(world, 0, when == When::Idle);
            world.add_property(Property::new(name, when, look).reads(Reads::STEPS));
        }
        program.run(world)
    };
    let outcome = run_with(&body, &RunConfig::seed(1), StrategySpec::Plain.build(), Vec::new()).0;
    outcome.found.map(|found| {
        assert_eq!(found.property, name, "{found}");
        found.message
    })
}

/// Drops, doubles or changes single events.
fn each(mut change: impl FnMut(&mut Seen) -> u32 + 'static) -> Tamper {
    Box::new(move |events| {
        *events = std::mem::take(events)
            .into_iter()
            .flat_map(|(at, mut seen)| {
                let times = change(&mut seen);
                vec![(at, seen); times as usize]
            })
            .collect();
    })
}

fn one_for_one() -> TreeProgram {
    program(Strategy::OneForOne)
}

fn goes_red(name: &'static str, program: &TreeProgram, says: &str, tamper: impl Fn() -> Tamper) {
    let text = told(name, program, tamper).unwrap_or_else(|| panic!("`{name}` does not notice"));
    assert!(text.contains(says), "`{name}` says: {text}");
}

#[test]
fn what_is_told_as_it_went_breaks_nothing() {
    for strategy in [Strategy::OneForOne, Strategy::OneForAll, Strategy::RestForOne] {
        for name in NAMES {
            assert_eq!(told(name, &program(strategy), || each(|_| 1)), None, "{name}");
        }
    }
}

#[test]
fn one_life_misses_no_second_and_no_number_that_is_used_again() {
    // The end of a child is kept quiet: its next life is one too many.
    goes_red(ONE_LIFE, &one_for_one(), "lives twice", || {
        each(|seen| u32::from(!matches!(seen, Seen::Exited(..))))
    });
    let same = |seen: &mut Seen| {
        if let Seen::Spawned { life, .. } = seen {
            *life = 1;
        }
        1
    };
    goes_red(ONE_LIFE, &one_for_one(), "has life 1 after life 1", || each(same));
}

#[test]
fn no_orphans_sees_who_is_left() {
    let left = |seen: &mut Seen| u32::from(!matches!(seen, Seen::Exited(_, ExitReason::Shutdown)));
    // All ends by shutdown are kept quiet but the supervisor's, which comes last.
    let tamper = move || {
        let mut root = None;
        each(move |seen: &mut Seen| {
            if let Seen::Spawned { who, .. } = seen {
                root.get_or_insert(*who);
            }
            let of_root = matches!(seen, Seen::Exited(who, _) if Some(*who) == root);
            if of_root { 1 } else { left(seen) }
        })
    };
    goes_red(NO_ORPHANS, &one_for_one(), "outlives", tamper);
}

#[test]
fn intensity_sees_a_restart_too_many_and_one_that_was_refused_too_early() {
    let doubled = |seen: &mut Seen| match seen {
        Seen::Supervised { code: decision::COUNTED, .. } => 3,
        _ => 1,
    };
    goes_red(INTENSITY, &one_for_one(), "restarts 3 times in 20ms, and may 2 times", || each(doubled));
    let refused = |seen: &mut Seen| {
        if let Seen::Supervised { code, .. } = seen {
            *code = decision::GAVE_UP;
        }
        1
    };
    goes_red(INTENSITY, &one_for_one(), "gives up at restart 1", || each(refused));
    // One that really gave up, and is said to live on.
    let mut often = one_for_one();
    often.steps = [MS; 3].into_iter().flat_map(|time| [Step::Wait(time), fail("a")]).collect();
    let undead = || each(|seen| u32::from(!matches!(seen, Seen::Exited(_, ExitReason::Shutdown))));
    goes_red(INTENSITY, &often, "gave up, and still lives", undead);
    let other = |seen: &mut Seen| {
        if let Seen::Exited(_, reason @ ExitReason::Shutdown) = seen {
            *reason = ExitReason::Normal;
        }
        1
    };
    goes_red(INTENSITY, &often, "gave up, and ends with", || each(other));
}

#[test]
fn group_order_sees_two_that_changed_places() {
    // The last that is spawned is said to have come before the one before it.
    let swap = |pick: fn(&Seen) -> bool| -> Tamper {
        let mut held: Option<(seedbed_core::At, Seen)> = None;
        Box::new(move |events| {
            let mut out = Vec::new();
            for event in std::mem::take(events) {
                if held.is_none() && pick(&event.1) {
                    held = Some(event);
                } else {
                    let release = pick(&event.1);
                    out.push(event);
                    if release {
                        out.extend(held.take());
                    }
                }
            }
            *events = out;
        })
    };
    let again = |seen: &Seen| matches!(seen, Seen::Spawned { life: 2, .. });
    let all = program(Strategy::OneForAll);
    goes_red(GROUP_ORDER, &all, "after one that stands behind it", || swap(again));
    let stop = |seen: &Seen| matches!(seen, Seen::Monitored(_, _, _, true));
    goes_red(GROUP_ORDER, &all, "after one that stands before it", || swap(stop));
}

#[test]
fn stay_gone_sees_who_comes_back() {
    // A temporary, then a transient child that ended well, is said to be what a permanent one is.
    for (id, says) in [("d", "is temporary"), ("c", "is transient and ended well")] {
        let tamper = move || {
            each(move |seen: &mut Seen| {
                if let Seen::Supervised { child, .. } = seen {
                    *child = id.to_owned();
                }
                1
            })
        };
        let mut program = one_for_one();
        let ends = Step::Tell("c".into(), Deed::End(Ends::Normal));
        program.steps = vec![Step::Wait(MS), ends, Step::Wait(MS), fail("a"), Step::Wait(MS)];
        goes_red(STAY_GONE, &program, says, tamper);
        let spawned = move || {
            each(move |seen: &mut Seen| {
                if let Seen::Spawned { path, life: 2, .. } = seen {
                    *path = format!("main/tree/{id}");
                }
                1
            })
        };
        goes_red(STAY_GONE, &program, says, spawned);
    }
}

#[test]
fn told_once_sees_what_comes_twice_never_or_after_it_was_taken_back() {
    let is =
        |kind: Kind| move |seen: &Seen| matches!(seen, Seen::Turn { envelope, .. } if envelope.flags == kind);
    let (down, exit) = (is(Kind::DOWN), is(Kind::EXIT));
    let of_child =
        move |seen: &Seen| exit(seen) && matches!(seen, Seen::Turn { envelope, .. } if envelope.from != 0);
    goes_red(TOLD_ONCE, &one_for_one(), "twice", move || each(move |s| 1 + u32::from(down(s))));
    goes_red(TOLD_ONCE, &one_for_one(), "twice", move || each(move |s| 1 + u32::from(of_child(s))));
    goes_red(TOLD_ONCE, &one_for_one(), "never told", move || each(move |s| u32::from(!of_child(s))));
    let unlinked = || -> Tamper {
        Box::new(|events| {
            let spawned = events.iter().find_map(|(at, seen)| match seen {
                Seen::Spawned { who, parent, .. } if parent.is_somebody() => {
                    Some((*at, Seen::Linked(*who, *parent, false)))
                }
                _ => None,
            });
            events.extend(spawned);
        })
    };
    goes_red(TOLD_ONCE, &one_for_one(), "though they are unlinked", unlinked);
    let off = || -> Tamper {
        Box::new(|events| {
            let made = events.iter().find_map(|(at, seen)| match seen {
                Seen::Monitored(who, other, n, true) => Some((*at, Seen::Monitored(*who, *other, *n, false))),
                _ => None,
            });
            events.extend(made);
        })
    };
    goes_red(TOLD_ONCE, &one_for_one(), "which it took back", off);
    // A monitor of somebody who is gone, of which nothing comes.
    let more = |seen: &mut Seen| {
        if let Seen::Monitored(_, _, n, true) = seen {
            *n += 100;
        }
        1
    };
    let mut stopped = one_for_one();
    stopped.steps = vec![Step::Wait(MS), Step::Call(String::new(), Call::Stop("a".into())), Step::Wait(MS)];
    let settled = move || each(more);
    let text = told_at_rest(TOLD_ONCE, &stopped, settled);
    assert!(text.is_some_and(|text| text.contains("never told")), "a down that never comes is missed");
}

/// The same, looked at when the world is at rest in the middle.
fn told_at_rest(name: &'static str, program: &TreeProgram, tamper: impl Fn() -> Tamper) -> Option<String> {
    let steps = program.steps.iter().cloned().chain([Step::Wait(30 * MS)]).collect();
    told(name, &TreeProgram { tree: program.tree.clone(), steps }, tamper)
}

#[test]
fn pair_order_sees_what_overtakes() {
    let back = |seen: &mut Seen| {
        if let Seen::Turn { envelope, .. } = seen
            && envelope.flags == Kind::MESSAGE
        {
            envelope.id = 1;
        }
        1
    };
    let mut often = one_for_one();
    often.steps = vec![Step::Ask("a".into(), Deed::Work); 6];
    often.steps.insert(0, Step::Wait(MS));
    goes_red(PAIR_ORDER, &often, "after number 1", || each(back));
}

#[test]
fn the_model_sees_whatever_else_is_done() {
    type Breaks = fn(&mut Seen) -> u32;
    let cases: [(Breaks, &str); 6] = [
        (|seen| u32::from(!matches!(seen, Seen::Spawned { life: 2, .. })), "children() is"),
        (|seen| u32::from(!matches!(seen, Seen::Monitored(..))), "the model stops"),
        (|seen| u32::from(!matches!(seen, Seen::TimerArmed(..))), "the model arms a timer"),
        (
            |seen| u32::from(!matches!(seen, Seen::Supervised { code: decision::COUNTED, .. })),
            "the model counts",
        ),
        (
            |seen| {
                if let Seen::Answered { payload: Some(payload), .. } = seen {
                    payload.push(0);
                }
                1
            },
            "it answers",
        ),
        (
            |seen| {
                // A death that the supervisor is told of becomes a start that it is told of.
                if let Seen::Turn { envelope, .. } = seen
                    && envelope.flags == Kind::EXIT
                    && envelope.from != 0
                {
                    envelope.flags = Kind::TIMER;
                }
                1
            },
            "which the model does not",
        ),
    ];
    for (breaks, says) in cases {
        goes_red(AS_THE_MODEL, &one_for_one(), says, || each(breaks));
    }
}

#[test]
fn in_time_sees_who_is_killed_too_early_or_stops_too_late() {
    let mut deaf = one_for_one();
    deaf.tree.children[1] = worker("b", Life { stops: Stops::Never, ..Life::default() });
    // All that happens is said to have happened sooner, or later, after the first stop.
    let shift = |times: u64, over: u64| -> Tamper {
        let mut first = None;
        Box::new(move |events| {
            for (at, seen) in events {
                if let Seen::Monitored(..) = seen {
                    first.get_or_insert(at.time);
                }
                if let Some(first) = first {
                    let since = at.time.as_nanos() - first.as_nanos();
                    at.time = Time::from_nanos(first.as_nanos() + since * times / over);
                }
            }
        })
    };
    goes_red(IN_TIME, &deaf, "is killed after", move || shift(1, 2));
    goes_red(IN_TIME, &one_for_one(), "to stop, and has 3ms", move || shift(2, 1));
    let unasked = || each(|seen| u32::from(!matches!(seen, Seen::Monitored(..))));
    goes_red(IN_TIME, &deaf, "was not to stop", unasked);
    // Its children were quick, and the supervisor dawdles.
    let dawdles = || -> Tamper {
        let mut root = None;
        Box::new(move |events| {
            for (at, seen) in events {
                if let Seen::Spawned { who, .. } = seen {
                    root.get_or_insert(*who);
                }
                if matches!(seen, Seen::Exited(who, _) if Some(*who) == root) {
                    at.time += MS;
                }
            }
        })
    };
    goes_red(IN_TIME, &one_for_one(), "to end, and its children", dawdles);
}

/// Says where it lies in memory, or in which order a hash map goes.
struct Leak(fn() -> i64);

impl Actor for Leak {
    type Message = ();

    fn on_start(&mut self, cx: &mut Context) -> Result<()> {
        let value = (self.0)();
        cx.observe("leak", value);
        Ok(())
    }

    fn on_message(&mut self, _: &mut Context, (): ()) -> Result<()> {
        Ok(())
    }
}

#[test]
fn same_run_sees_addresses_and_hash_seeds() {
    // Never given back, so that the second run cannot get the same.
    let address = || (&raw const *Box::leak(Box::new(0u8))).addr() as i64;
    #[expect(clippy::disallowed_types, reason = "what must not be used is what must be noticed")]
    let order = || {
        let map: std::collections::HashMap<i64, ()> = (0..64).map(|n| (n, ())).collect();
        map.keys().fold(0, |sum: i64, n| sum.wrapping_mul(31).wrapping_add(*n))
    };
    for leak in [address as fn() -> i64, order] {
        let program = move |world: &mut World| {
            world.spawn("leak", move || Leak(leak));
            Ok(())
        };
        let text = same_run(&program, &RunConfig::seed(1), StrategySpec::Random).expect_err("two runs");
        assert!(text.contains("trace hash"), "{text}");
    }
    let sound = |world: &mut World| program(Strategy::OneForAll).run(world);
    assert_eq!(same_run(&sound, &RunConfig::seed(1), StrategySpec::Random), Ok(()));
}
