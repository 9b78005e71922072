//! Random programs: a plan, how children behave, and what comes from outside.

use crate::world::{Behaviour, STRANGER, Start, Why};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use seedbed_abi::ExitReason;
use seedbed_core::supervise::{
    AutoShutdown, Backoff, ChildKind, ChildSpec, Flags, Plan, Restart, Shutdown, Strategy as Way,
};
use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) plan: Plan<()>,
    pub(crate) behaviours: Vec<Behaviour>,
    /// Each so many nanoseconds after the one before.
    pub(crate) outside: Vec<(u64, Action)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Crash(usize, Why),
    Call(usize, Ask),
    Shutdown(Why),
}

#[derive(Clone, Debug)]
pub(crate) enum Ask {
    Start(ChildSpec<()>),
    Instance(u32),
    Stop(String),
    /// `alive` is what is true when the call comes.
    StopPid {
        pid: u64,
        alive: bool,
    },
    Restart(String),
    Delete(String),
    Children,
    Counts,
    Change(Plan<()>),
}

const IDS: [&str; 5] = ["a", "b", "c", "d", "e"];

pub(crate) fn programs() -> impl Strategy<Value = Program> {
    let way =
        prop_oneof![Just(Way::OneForOne), Just(Way::OneForAll), Just(Way::RestForOne), Just(Way::Dynamic)];
    let auto = prop_oneof![
        3 => Just(AutoShutdown::Never),
        1 => Just(AutoShutdown::AnySignificant),
        1 => Just(AutoShutdown::AllSignificant),
    ];
    (way, auto).prop_flat_map(|(way, auto)| {
        let auto = if way == Way::Dynamic { AutoShutdown::Never } else { auto };
        (plan(way, auto, 1), vec(behaviour(), 1..16), vec((0..5u64, action(way, auto)), 0..24)).prop_map(
            |(plan, behaviours, mut outside)| {
                for (number, (_, action)) in outside.iter_mut().enumerate() {
                    if let Action::Call(caller, _) = action {
                        *caller = number;
                    }
                }
                Program { plan, behaviours, outside }
            },
        )
    })
}

fn plan(way: Way, auto: AutoShutdown, least: usize) -> impl Strategy<Value = Plan<()>> {
    let count = if way == Way::Dynamic { 1..2 } else { least..5 };
    (0..5u32, 1..30u64, vec(spec(auto), count)).prop_map(move |(intensity, period, mut children)| {
        let period = Duration::from_nanos(period);
        for (child, id) in children.iter_mut().zip(IDS) {
            child.id = id.into();
        }
        Plan { flags: Flags { strategy: way, intensity, period, auto_shutdown: auto }, children }
    })
}

fn spec(auto: AutoShutdown) -> impl Strategy<Value = ChildSpec<()>> {
    let restart = prop_oneof![
        3 => Just(Restart::Permanent),
        2 => Just(Restart::Transient),
        1 => Just(Restart::Temporary),
    ];
    let shutdown = prop_oneof![
        Just(Shutdown::Brutal),
        (0..6u64).prop_map(|ns| Shutdown::After(Duration::from_nanos(ns))),
        Just(Shutdown::Infinity),
    ];
    let backoff = (1..4u64, 0..20u64, 1..4u32, prop_oneof![Just(0u32), Just(700)], 1..20u64).prop_map(
        |(min, more, factor, jitter_permille, reset)| Backoff {
            min: Duration::from_nanos(min),
            max: Duration::from_nanos(min + more),
            factor,
            jitter_permille,
            reset_after: Duration::from_nanos(reset),
        },
    );
    let timeout = option::weighted(0.5, (1..6u64).prop_map(Duration::from_nanos));
    (0..IDS.len(), restart, any::<(bool, bool)>(), shutdown, option::weighted(0.3, backoff), timeout)
        .prop_map(move |(id, restart, (significant, supervisor), shutdown, backoff, start_timeout)| {
            ChildSpec {
                restart,
                significant: significant && auto != AutoShutdown::Never && restart != Restart::Permanent,
                kind: if supervisor { ChildKind::Supervisor } else { ChildKind::Worker },
                shutdown,
                backoff,
                start_timeout,
                ..ChildSpec::worker(IDS[id], ())
            }
        })
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    let start = prop_oneof![
        12 => Just(Start::Started),
        1 => Just(Start::Ignored),
        3 => Just(Start::Failed),
        1 => Just(Start::Never),
    ];
    (
        prop::bool::weighted(0.05),
        start,
        prop_oneof![Just(0), 0..5u64],
        option::weighted(0.5, (0..12u64, why())),
        option::weighted(0.8, (0..5u64, prop_oneof![3 => Just(Why::Shutdown), 1 => why()])),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(refused, start, start_takes, lives, stops, unlinks)| Behaviour {
            refused,
            start,
            start_takes,
            lives,
            stops,
            unlinks,
        })
}

fn action(way: Way, auto: AutoShutdown) -> impl Strategy<Value = Action> {
    let id = || (0..IDS.len()).prop_map(|at| IDS[at].to_owned());
    let other = match way {
        Way::OneForOne => Way::OneForAll,
        Way::OneForAll => Way::RestForOne,
        Way::RestForOne => Way::OneForOne,
        Way::Dynamic => Way::Dynamic,
    };
    let starts = if way == Way::Dynamic { 6 } else { 1 };
    let ask = prop_oneof![
        2 => spec(auto).prop_map(Ask::Start),
        starts => (0..9u32).prop_map(Ask::Instance),
        2 => id().prop_map(Ask::Stop),
        starts => prop_oneof![9 => 1..12u64, 1 => Just(STRANGER)].prop_map(|pid| Ask::StopPid { pid, alive: false }),
        2 => id().prop_map(Ask::Restart),
        1 => id().prop_map(Ask::Delete),
        3 => Just(Ask::Children),
        2 => Just(Ask::Counts),
        1 => plan(other, auto, 0).prop_map(Ask::Change),
    ];
    prop_oneof![
        6 => (any::<usize>(), why()).prop_map(|(k, why)| Action::Crash(k, why)),
        10 => ask.prop_map(|ask| Action::Call(0, ask)),
        1 => why().prop_map(Action::Shutdown),
    ]
}

fn why() -> impl Strategy<Value = Why> {
    prop_oneof![
        1 => Just(Why::Normal),
        1 => Just(Why::Shutdown),
        1 => Just(Why::Detail),
        1 => Just(Why::Killed),
        3 => Just(Why::Boom),
    ]
}

pub(crate) fn show_reason(reason: &ExitReason) -> String {
    reason.to_string()
}
