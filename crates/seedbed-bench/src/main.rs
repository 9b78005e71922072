//! Measures Seedbed beside its peers and its limits, interleaved in one run, and prints one table.

mod round;
mod work;

use round::{Row, measure};

fn main() {
    if let Some(what) = std::env::args().nth(1) {
        let n = 200_000;
        match what.as_str() {
            "kernel" => work::native::kernel(n),
            "sim" => work::native::sim(n, "random", 10),
            _ => work::native::bare(n),
        }
        return;
    }
    let rows: Vec<Row> = vec![
        Row { name: "WASM ping-pong", base: "", ours: Box::new(work::wasm::bare), peers: vec![("real", Box::new(work::wasm::real)), ("sim plain", Box::new(|n| work::wasm::sim(n, "plain", 1))), ("sim random", Box::new(|n| work::wasm::sim(n, "random", 1))), ("sim random 8 pairs", Box::new(|n| work::wasm::sim(n, "random", 8)))] },
        Row { name: "native ping-pong, kernel alone", base: "a VecDeque loop", ours: Box::new(work::native::kernel), peers: vec![("a VecDeque loop", Box::new(work::native::bare)), ("sim plain", Box::new(|n| work::native::sim(n, "plain", 1))), ("sim random 1 pair", Box::new(|n| work::native::sim(n, "random", 1))), ("sim random 10", Box::new(|n| work::native::sim(n, "random", 10))), ("sim random 100", Box::new(|n| work::native::sim(n, "random", 100))), ("sim random 10000", Box::new(|n| work::native::sim(n, "random", 10000)))] },
    ];
    for row in rows {
        println!("{}", measure(&row, 7, 1_000_000));
    }
}
