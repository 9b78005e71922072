//! Random programs against a reference model of the rules.
//!
//! A program is one number: what its actors do is drawn from it, and the order is chosen by it. The
//! actors write down what they ask for and what they are answered; the model is told the kernel's
//! turns, works out from the rules alone what each must find at the head of which line and what each
//! wish must be answered, and says where the kernel does otherwise.
//!
//! - `program.rs`: what the actors do.
//! - `reference.rs`: what must hold.
//! - `dying.rs`: ends, links and monitors, as the reference has them.

mod dying;
mod program;
mod reference;

use program::{Board, behave};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use reference::Reference;
use seedbed_sim::{Faults, InWorld, World};
use sim_tests::{faulty, once};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Numbers of programs that failed once.
const REGRESSIONS: [u64; 2] = [0x7521202ae4ce0301, 0xe0b894d2192b34dc];

/// What a run did, to see that all of it is tried.
type Tally = BTreeMap<String, u64>;

fn run(number: u64, tally: &mut Tally) -> Result<(), String> {
    let reference = Rc::new(RefCell::new(None));
    let out = Rc::clone(&reference);
    let body = move |world: &mut World| {
        let board = Board::new(number);
        let model = Reference::new(board.clone());
        out.replace(Some(model.clone()));
        world.observe(model.clone());
        for n in 0..5 {
            let pid = world.spawn(&format!("root-{n}"), behave(&board));
            model.root(pid, &format!("root-{n}"));
            board.know(pid);
        }
        for _ in 0..3 {
            for client in [world.client(), world.client()] {
                for to in board.some(12) {
                    world.send_from(client, to, board.serial());
                }
            }
            world.settle()?;
        }
        board.close();
        world.settle()?;
        model.at_rest(world);
        Ok(())
    };
    let config = faulty(Faults { clock: 150_000, ..Faults::none() });
    let outcome = once(&InWorld { config, program: body }, number, seedbed_sim::StrategySpec::Random);
    let model = reference.borrow().clone();
    let model = model.ok_or("the body did not begin")?;
    model.verdict()?;
    outcome.found.map_or(Ok(()), |found| Err(found.to_string()))?;
    for (what, n) in model.tally() {
        *tally.entry(what).or_default() += n;
    }
    Ok(())
}

fn try_all(numbers: impl IntoIterator<Item = u64>) -> Tally {
    let mut tally = Tally::new();
    for number in numbers {
        if let Err(text) = run(number, &mut tally) {
            panic!("program {number:#x}: {text}\nadd the number to REGRESSIONS");
        }
    }
    tally
}

#[test]
fn a_program_does_what_the_rules_say() {
    try_all(REGRESSIONS);
    let tally = try_all(0..400);
    // All that a program can do and meet is done and met, often.
    let kinds = [
        "send",
        "send refused",
        "ask",
        "reply",
        "reply refused",
        "timer",
        "interval",
        "cancel 1",
        "cancel 0",
        "cancel -1",
        "link",
        "unlink",
        "monitor",
        "demonitor",
        "demonitor refused",
        "kill",
        "exit",
        "exit of itself",
        "stop",
        "ignore",
        "trap",
        "register",
        "register refused",
        "unregister",
        "spawn",
        "spawn refused",
        "fail",
        "panic",
        "got message",
        "got reply",
        "got dead",
        "got timeout",
        "got exit",
        "got down",
        "got started",
        "got timer",
        "ended",
        "flushed",
        "lost dead",
        "lost full",
        "lost late",
        "name restored",
    ];
    let rare: Vec<_> =
        kinds.iter().map(|k| (k, tally.get(*k).copied().unwrap_or(0))).filter(|k| k.1 < 20).collect();
    assert!(rare.is_empty(), "hardly tried: {rare:?} of {tally:#?}");
}

#[test]
fn so_does_any_other_program() {
    let mut runner = TestRunner::new(Config::default());
    let numbers = (0..200).map(|_| {
        let tree = proptest::num::u64::ANY.new_tree(&mut runner);
        tree.expect("any number will do").current()
    });
    try_all(numbers.collect::<Vec<_>>());
}

/// Self-doubt: a model that is told a lie says so.
#[test]
fn a_lie_is_found() {
    for lie in 0..3 {
        let found = (0..50).filter(|number| {
            reference::LIE.set(Some(lie));
            let result = std::panic::catch_unwind(|| run(*number, &mut Tally::new()));
            reference::LIE.set(None);
            !matches!(result, Ok(Ok(())))
        });
        let found = found.count();
        assert!(found > 10, "lie {lie}: found by {found} of 50 programs");
    }
}
