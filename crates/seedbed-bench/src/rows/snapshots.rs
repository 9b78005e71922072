//! Worlds that are kept, put back and forked.

use super::{part, work};
use crate::ours::snapshots;
use crate::round::{Row, Work};

pub fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "short whole runs, WASM, random order, begun again from their state after start",
            columns: &["ns a run"],
            n: 5_000,
            works: vec![("Seedbed, 100 turns", work(snapshots::short_runs))],
        },
        Row {
            name: "a world of 4 WASM actors: snapshot, restore, fork",
            columns: &["ns"],
            n: 20_000,
            works: of(4),
        },
        Row {
            name: "a world of 100 WASM actors: snapshot, restore, fork",
            columns: &["ns"],
            n: 5_000,
            works: of(100),
        },
        Row {
            name: "a world of 10 000 WASM actors: snapshot, restore, fork",
            columns: &["ns"],
            n: 200,
            works: of(10_000),
        },
    ]
}

/// What is done with a world of so many actors.
fn of(actors: u64) -> Vec<(&'static str, Work)> {
    vec![
        ("snapshot", part(move |n, watch| snapshots::kept(n, actors, watch))),
        (
            "restore, 8 turns of two actors before it",
            part(move |n, watch| snapshots::restored(n, actors, watch)),
        ),
        ("the 8 turns alone", part(move |n, watch| snapshots::turns_alone(n, actors, watch))),
        ("restore and fork, no turn before it", part(move |n, watch| snapshots::forked(n, actors, watch))),
    ]
}
