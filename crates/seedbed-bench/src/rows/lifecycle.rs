//! Actors that are spawned and stopped.

use super::{ACTIX, KAMEO, LUNATIC, PALLADIUM, RACTOR, work};
use crate::limits;
use crate::ours::{lunatic, palladium, restarts, spawns, wasm};
use crate::peer::peer;
use crate::round::Row;

pub fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "actors spawned and stopped by an actor, real reactor",
            columns: &["ns an actor"],
            n: 20_000,
            works: vec![
                ("native", work(|n| spawns::by_an_actor(n, spawns::native()))),
                ("WASM", work(|n| spawns::by_an_actor(n, wasm::idle_actor()))),
            ],
        },
        Row {
            name: "actors spawned and stopped from a task of their thread, real reactor",
            columns: &["ns an actor"],
            n: 2_000,
            works: vec![
                ("native", work(|n| spawns::from_a_task(n, spawns::native()))),
                ("WASM", work(|n| spawns::from_a_task(n, wasm::idle_actor()))),
                (ACTIX, peer("actix", "spawns-from-a-task")),
                (KAMEO, peer("kameo", "spawns-from-a-task")),
                (RACTOR, peer("ractor", "spawns-from-a-task")),
                (PALLADIUM, peer("palladium", "spawns-from-a-task")),
            ],
        },
        Row {
            name: "actors spawned and stopped from another thread, real reactor",
            columns: &["ns an actor"],
            n: 5_000,
            works: vec![
                ("native", work(|n| spawns::from_another_thread(n, spawns::native()))),
                ("native, told to stop by its name, one wait", work(spawns::told_from_another_thread)),
                ("WASM", work(|n| spawns::from_another_thread(n, wasm::idle_actor()))),
                (ACTIX, peer("actix", "spawns-from-another-thread")),
                (KAMEO, peer("kameo", "spawns-from-another-thread")),
                (RACTOR, peer("ractor", "spawns-from-another-thread")),
            ],
        },
        Row {
            name: "WASM actors spawned and stopped, real reactor, beside peers",
            columns: &["ns an actor"],
            n: 5_000,
            works: vec![
                ("bare wasmtime, a store and an instance", work(limits::wasmtime::stores)),
                (
                    "Seedbed, its own dialect, by an actor",
                    work(|n| spawns::by_an_actor(n, wasm::idle_actor())),
                ),
                ("the same from a task", work(|n| spawns::from_a_task(n, wasm::idle_actor()))),
                (
                    "Seedbed, palladium's module, from a task",
                    work(|n| spawns::from_a_task(n, palladium::idle_actor())),
                ),
                (PALLADIUM, peer("palladium", "wasm-spawns")),
                ("Seedbed, lunatic's module, by a process", work(lunatic::spawns)),
                (LUNATIC, peer("lunatic", "wasm-spawns")),
            ],
        },
        Row {
            name: "a child fails and is restarted by its supervisor, real reactor",
            columns: &["ns a restart"],
            n: 20_000,
            works: vec![
                ("native", work(|n| restarts::restarts(n, restarts::native()))),
                ("WASM", work(|n| restarts::restarts(n, restarts::wasm()))),
                (
                    "the same, native, spawned again by an actor",
                    work(|n| restarts::by_hand(n, restarts::native())),
                ),
                ("the same, WASM", work(|n| restarts::by_hand(n, restarts::wasm()))),
                (
                    "for scale: native, spawned and stopped by an actor",
                    work(|n| spawns::by_an_actor(n, spawns::native())),
                ),
                (
                    "for scale: WASM, spawned and stopped by an actor",
                    work(|n| spawns::by_an_actor(n, wasm::idle_actor())),
                ),
            ],
        },
    ]
}
