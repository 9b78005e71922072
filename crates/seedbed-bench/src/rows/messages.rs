//! Messages between two native actors.

use super::{ACTIX, KAMEO, PALLADIUM, RACTOR, work};
use crate::limits;
use crate::ours::native;
use crate::peer::peer;
use crate::round::Row;

pub fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "native message",
            columns: &["ns a message"],
            n: 1_000_000,
            works: vec![
                ("a VecDeque loop", work(limits::queue::run)),
                ("112 bytes copied in, 64 out", work(limits::copy::run)),
                ("kernel alone", work(native::kernel)),
                ("simulated, plain", work(|n| native::sim(n, "plain", 1))),
            ],
        },
        Row {
            name: "native ping-pong, 1 in flight, real reactor",
            columns: &["ns a message"],
            n: 400_000,
            works: vec![
                ("Seedbed", work(|n| native::real(n, 1))),
                (ACTIX, peer("actix", "ping-pong-1")),
                (KAMEO, peer("kameo", "ping-pong-1")),
                (RACTOR, peer("ractor", "ping-pong-1")),
                (PALLADIUM, peer("palladium", "ping-pong-1")),
            ],
        },
        Row {
            name: "native ping-pong, 64 in flight, real reactor",
            columns: &["ns a message"],
            n: 400_000,
            works: vec![
                ("Seedbed", work(|n| native::real(n, 64))),
                (ACTIX, peer("actix", "ping-pong-64")),
                (KAMEO, peer("kameo", "ping-pong-64")),
                (RACTOR, peer("ractor", "ping-pong-64")),
                (PALLADIUM, peer("palladium", "ping-pong-64")),
            ],
        },
    ]
}
