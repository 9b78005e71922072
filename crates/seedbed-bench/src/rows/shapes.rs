//! Messages between native actors in the shapes that programs of actors have.

use super::{ACTIX, KAMEO, RACTOR, work};
use crate::ours::{fan, ring};
use crate::peer::peer;
use crate::round::Row;

pub fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "a ring of 1 000 native actors, real reactor",
            columns: &["ns a message"],
            n: 400_000,
            works: vec![
                ("Seedbed", work(|n| ring::ring(n, 1_000))),
                (ACTIX, peer("actix", "ring")),
                (KAMEO, peer("kameo", "ring")),
                (RACTOR, peer("ractor", "ring")),
            ],
        },
        Row {
            name: "fan-out to 8 native actors and fan-in from them, real reactor",
            columns: &["ns a message"],
            n: 400_000,
            works: vec![
                ("Seedbed", work(|n| fan::fan(n, 8))),
                (ACTIX, peer("actix", "fan")),
                (KAMEO, peer("kameo", "fan")),
                (RACTOR, peer("ractor", "fan")),
            ],
        },
    ]
}
