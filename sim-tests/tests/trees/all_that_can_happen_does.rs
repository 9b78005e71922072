//! What random programs try, counted: a property that is never put to the test holds of nothing.

use seedbed::core::{At, Body, Event, ExitReason, Message, Observer, SupervisorReply, decision};
use seedbed::sim::{RunConfig, StrategySpec, run_with};
use seedbed::testing::drawn;
use seedbed::testing::tree::programs;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone, Default)]
struct Tally(Rc<RefCell<BTreeMap<String, u64>>>);

impl Tally {
    fn count(&self, what: &str) {
        *self.0.borrow_mut().entry(what.to_owned()).or_default() += 1;
    }
}

impl Observer for Tally {
    fn event(&mut self, _: At, event: &Event<'_>) {
        match event {
            Event::Supervised { code, .. } => self.count(match *code {
                decision::COUNTED => "restart",
                decision::GAVE_UP => "gave up",
                decision::BACKOFF => "backoff",
                decision::ODD_REASON => "odd reason",
                decision::STALE => "stale",
                decision::STRANGER => "stranger",
                _ => return,
            }),
            Event::Exited { reason, .. } => self.count(match reason {
                ExitReason::Normal => "normal",
                ExitReason::Shutdown => "shutdown",
                ExitReason::ShutdownWith(_) => "shutdown with",
                ExitReason::Killed => "killed",
                _ => "failed",
            }),
            Event::Linked { on: false, .. } => self.count("unlink"),
            Event::Transmitted { packet } => {
                if let Body::Answer { failed: false, payload, .. } = &packet.body
                    && let Ok(reply) = SupervisorReply::decode(payload)
                {
                    let text = format!("{reply:?}");
                    let head: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
                    let error = text.strip_prefix("Refused(").unwrap_or_default();
                    let error: String = error.chars().take_while(|c| c.is_alphanumeric()).collect();
                    self.count(&format!("{head} {error}"));
                }
            }
            _ => {}
        }
    }
}

#[test]
fn often() {
    let tally = Tally::default();
    for seed in 0..600 {
        let program = drawn(&programs(), seed);
        let body = |world: &mut seedbed::World| program.run(world);
        let watch = Box::new(tally.clone());
        let outcome = run_with(&body, &RunConfig::seed(seed), StrategySpec::Random.build(), vec![watch]).0;
        assert_eq!(outcome.found, None, "seed {seed}\n{program}");
    }
    let kinds = [
        "restart",
        "gave up",
        "backoff",
        "odd reason",
        "stale",
        "stranger",
        "normal",
        "shutdown",
        "shutdown with",
        "killed",
        "failed",
        "unlink",
        "Done ",
        "Started ",
        "Ignored ",
        "Children ",
        "Counts ",
        "Refused NotFound",
        "Refused Running",
        "Refused Restarting",
        "Refused AlreadyStarted",
        "Refused AlreadyPresent",
        "Refused StartFailed",
        "Refused Spec",
        "Refused Dynamic",
        "Refused NotDynamic",
    ];
    let tally = tally.0.borrow();
    let count = |kind: &str| tally.get(kind).copied().unwrap_or(0);
    let rare: Vec<_> = kinds.into_iter().map(|kind| (kind, count(kind))).filter(|(_, n)| *n < 2).collect();
    assert!(rare.is_empty(), "hardly tried: {rare:?} of {tally:#?}");
}
