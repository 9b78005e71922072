//! From trees to supervisors.

use crate::tree::{AutoShutdown, Backoff, Child, Hold, Restart, Shutdown, Start, Strategy, Tree};
use seedbed_core::supervise::{self, ChildKind, ChildSpec, Flags, Plan};
use seedbed_core::{ChildStart, Factory, Supervisor};
use seedbed_wasm::WasmActor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The supervisor of a tree, with all below it.
pub(super) fn supervisor(tree: &Tree, guests: &BTreeMap<String, WasmActor>) -> Supervisor {
    supervisor_without(&BTreeSet::new(), "", tree, guests)
}

/// The paths of the optional children of a tree that has this path.
pub(super) fn optional(path: &str, tree: &Tree) -> Vec<String> {
    let mut paths = Vec::new();
    for child in &tree.children {
        let path = format!("{path}/{}", child.id);
        if let Start::Tree(tree) = &child.start {
            paths.extend(optional(&path, tree));
        }
        if child.optional {
            paths.push(path);
        }
    }
    paths
}

/// The supervisor of a tree that has this path, without some of the children below it.
pub(super) fn supervisor_without(
    left_out: &BTreeSet<String>,
    path: &str,
    tree: &Tree,
    guests: &BTreeMap<String, WasmActor>,
) -> Supervisor {
    let flags = Flags {
        strategy: match tree.strategy {
            Strategy::OneForOne => supervise::Strategy::OneForOne,
            Strategy::OneForAll => supervise::Strategy::OneForAll,
            Strategy::RestForOne => supervise::Strategy::RestForOne,
            Strategy::Dynamic => supervise::Strategy::Dynamic,
        },
        intensity: tree.intensity,
        period: tree.period,
        auto_shutdown: match tree.auto_shutdown {
            AutoShutdown::Never => supervise::AutoShutdown::Never,
            AutoShutdown::AnySignificant => supervise::AutoShutdown::AnySignificant,
            AutoShutdown::AllSignificant => supervise::AutoShutdown::AllSignificant,
        },
    };
    let children = tree.children.iter().map(|child| (format!("{path}/{}", child.id), child));
    let children = children.filter(|(path, _)| !left_out.contains(path));
    let children = children.map(|(path, child)| self::child(left_out, &path, child, guests)).collect();
    Supervisor::from_plan(Plan { flags, children })
        .build()
        .expect("the manifest keeps the rules F of supervision itself, each with its place")
}

fn child(
    left_out: &BTreeSet<String>,
    path: &str,
    child: &Child,
    guests: &BTreeMap<String, WasmActor>,
) -> ChildSpec<ChildStart> {
    let (kind, factory, args): (_, Arc<dyn Factory>, _) = match &child.start {
        Start::Process { entry, args } => {
            let guest = guests.get(entry).expect("a child's entry is known");
            (ChildKind::Worker, Arc::new(guest.clone()), args.clone())
        }
        Start::Tree(tree) => {
            let supervisor = supervisor_without(left_out, path, tree, guests);
            (ChildKind::Supervisor, Arc::new(supervisor), Vec::new())
        }
    };
    ChildSpec {
        id: child.id.as_str().into(),
        start: ChildStart {
            factory,
            args,
            register: child.name.clone(),
            hold: child.hold.as_ref().map(hold),
        },
        restart: match child.restart {
            Restart::Permanent => supervise::Restart::Permanent,
            Restart::Transient => supervise::Restart::Transient,
            Restart::Temporary => supervise::Restart::Temporary,
        },
        significant: child.significant,
        kind,
        shutdown: match child.shutdown {
            Shutdown::Brutal => supervise::Shutdown::Brutal,
            Shutdown::After(time) => supervise::Shutdown::After(time),
            Shutdown::Infinity => supervise::Shutdown::Infinity,
        },
        backoff: child.backoff.as_ref().map(backoff),
        start_timeout: child.start_timeout,
    }
}

fn hold(hold: &Hold) -> seedbed_core::Hold {
    seedbed_core::Hold { count: hold.count, bytes: hold.bytes }
}

fn backoff(backoff: &Backoff) -> supervise::Backoff {
    let Backoff { min, max, factor, jitter_permille, reset_after } = *backoff;
    supervise::Backoff { min, max, factor, jitter_permille, reset_after }
}
