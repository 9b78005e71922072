//! Messages between WASM actors.

use super::{LUNATIC, PALLADIUM, work};
use crate::limits;
use crate::ours::{calls, lunatic, palladium, wasm};
use crate::peer::peer;
use crate::round::Row;

pub fn rows() -> Vec<Row> {
    let one_send = Row {
        name: "WASM message, 64 bytes, one send",
        columns: &["ns a message"],
        n: 500_000,
        works: vec![
            ("bare wasmtime, the same copies", work(limits::wasmtime::ball_passed)),
            ("the copies alone", work(limits::copy::run)),
            ("a step of arithmetic, for the machine's own speed", work(limits::arithmetic::run)),
            ("real reactor", work(|n| wasm::real(n, 1))),
            ("simulated, plain", work(|n| wasm::sim(n, "plain", 1))),
            ("simulated, random, 1 pair", work(|n| wasm::sim(n, "random", 1))),
            ("simulated, random, 8 pairs", work(|n| wasm::sim(n, "random", 8))),
        ],
    };
    let sixteen = Row {
        name: "WASM message, 64 bytes, one send, 16 actors in pairs",
        columns: &["ns a message"],
        n: 500_000,
        works: vec![
            ("bare wasmtime, the same copies", work(|n| limits::wasmtime::balls_passed(n, 8))),
            ("real reactor", work(|n| wasm::real(n, 8))),
            ("simulated, plain", work(|n| wasm::sim(n, "plain", 8))),
        ],
    };
    let nothing = Row {
        name: "WASM message, 64 bytes, sent by a native actor, nothing done",
        columns: &["ns a message"],
        n: 500_000,
        works: vec![
            ("bare wasmtime, the copies in", work(limits::wasmtime::nothing)),
            ("real reactor, with the send", work(calls::nothing)),
        ],
    };
    let sum = Row {
        name: "WASM message, 256 bytes, sent by a native actor, added up",
        columns: &["ns a message"],
        n: 500_000,
        works: vec![
            ("bare wasmtime, the copies in", work(limits::wasmtime::sum)),
            ("real reactor, with the send", work(calls::sum)),
        ],
    };
    let beside_peers = Row {
        name: "WASM message, 64 bytes, one send, real reactor, beside peers",
        columns: &["ns a message"],
        n: 100_000,
        works: vec![
            ("Seedbed, its own dialect", work(|n| wasm::real(n, 1))),
            ("Seedbed, palladium's module", work(palladium::ping_pong)),
            ("Seedbed, lunatic's module", work(lunatic::ping_pong)),
            (PALLADIUM, peer("palladium", "wasm-ping-pong")),
            (LUNATIC, peer("lunatic", "wasm-ping-pong")),
        ],
    };
    vec![one_send, sixteen, nothing, sum, beside_peers]
}
