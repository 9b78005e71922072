//! What is there before and beside messages: memory, cold starts, latency.

use crate::round::Row;
use crate::{cold, idle, latency};
use idle::idle as of;

pub fn rows() -> Vec<Row> {
    let rows = [
        Row {
            name: "memory of one idle actor",
            columns: idle::COLUMNS,
            n: 1,
            works: vec![
                ("native", of("native")),
                ("WASM", of("wasm")),
                ("WASM that waits, on a stack of its own", of("waiting")),
                ("bare wasmtime, an instance", of("instance")),
            ],
        },
        Row {
            name: "memory of 10 000 idle actors",
            columns: idle::COLUMNS,
            n: 10_000,
            works: vec![
                ("native", of("native")),
                ("WASM", of("wasm")),
                ("WASM that waits, on a stack of its own", of("waiting")),
                ("bare wasmtime, instances of one store", of("instance")),
            ],
        },
        Row {
            name: "memory of 100 000 idle actors",
            columns: idle::COLUMNS,
            n: 100_000,
            works: vec![("native", of("native")), ("WASM", of("wasm"))],
        },
        Row { name: "cold start: a module of 64 KB", columns: &["ms"], n: 10, works: cold::works() },
        Row {
            name: "latency on the real reactor, 64 pairs of actors busy",
            columns: latency::COLUMNS,
            n: 3_000,
            works: latency::works(64),
        },
    ];
    rows.into()
}
