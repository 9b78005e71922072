//! Requests and timers.

use super::{ACTIX, KAMEO, PALLADIUM, RACTOR, work};
use crate::ours::{asks, timers};
use crate::peer::peer;
use crate::round::Row;

pub fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "request and reply between two native actors, real reactor",
            columns: &["ns a request"],
            n: 100_000,
            works: vec![
                ("Seedbed", work(asks::between_two)),
                (ACTIX, peer("actix", "asks")),
                (KAMEO, peer("kameo", "asks")),
                (RACTOR, peer("ractor", "asks")),
            ],
        },
        Row {
            name: "request and reply from a task of the actors' thread, real reactor",
            columns: &["ns a request"],
            n: 100_000,
            works: vec![
                ("Seedbed", work(asks::from_a_task)),
                (ACTIX, peer("actix", "asks-from-a-task")),
                (KAMEO, peer("kameo", "asks-from-a-task")),
                (RACTOR, peer("ractor", "asks-from-a-task")),
                (PALLADIUM, peer("palladium", "asks-from-a-task")),
            ],
        },
        Row {
            name: "request and reply from another thread, real reactor",
            columns: &["ns a request"],
            n: 50_000,
            works: vec![
                ("Seedbed", work(asks::from_another_thread)),
                (ACTIX, peer("actix", "asks-from-another-thread")),
                (KAMEO, peer("kameo", "asks-from-another-thread")),
                (RACTOR, peer("ractor", "asks-from-another-thread")),
                (PALLADIUM, peer("palladium", "asks-from-another-thread")),
            ],
        },
        Row {
            name: "timers set and cancelled, 1 000 pending, real reactor",
            columns: &["ns a timer"],
            n: 20_000,
            works: vec![
                ("Seedbed", work(|n| timers::timers(n, 1_000))),
                (ACTIX, peer("actix", "timers")),
                (RACTOR, peer("ractor", "timers")),
            ],
        },
        Row {
            name: "timers set and cancelled, a million pending, real reactor",
            columns: &["ns a timer"],
            n: 1_000_000,
            works: vec![("Seedbed", work(|n| timers::timers(n, n))), (RACTOR, peer("ractor", "timers-all"))],
        },
    ]
}
