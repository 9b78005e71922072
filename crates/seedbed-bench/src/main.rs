//! Measures Seedbed beside its limits, interleaved in one run, and prints one table.

mod cold;
mod idle;
mod itself;
mod latency;
mod limits;
mod ours;
mod peer;
mod round;
mod rows;

use clap::Parser;
use round::{Clock, Row, measure, stay_on};

/// Measures Seedbed beside its limits.
#[derive(Parser)]
struct Args {
    /// Rounds; medians are over them.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Only rows whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// What is taken for time.
    #[arg(long, value_enum, default_value_t = Clock::Wall)]
    clock: Clock,
    /// The processor that everything runs on, peers too; without it, the one this begins on.
    #[arg(long)]
    processor: Option<usize>,
    /// `text` or `json`.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
    #[command(subcommand)]
    alone: Option<itself::Alone>,
}

fn main() -> std::io::Result<()> {
    let args = Args::parse();
    if let Some(alone) = args.alone {
        alone.run();
        return Ok(());
    }
    stay_on(args.processor)?;
    let wanted = |row: &Row| args.only.as_ref().is_none_or(|only| row.name.contains(only));
    for row in rows::all().into_iter().filter(wanted) {
        let all = measure(&row, args.rounds, args.clock);
        if args.format == "json" {
            for ((name, _), work) in row.works.iter().zip(&all) {
                let figures: serde_json::Map<_, _> = row
                    .columns
                    .iter()
                    .zip(&work.figures)
                    .map(|(c, f)| ((*c).to_owned(), (*f).into()))
                    .collect();
                let line = serde_json::json!({
                    "v": 2, "row": row.name, "work": name, "figures": figures,
                    "speed_to_first": work.speed_to_first,
                });
                println!("{line}");
            }
            continue;
        }
        println!("{}", row.name);
        for ((name, _), work) in row.works.iter().zip(&all) {
            print!("  {name:50}");
            if work.figures[0].is_nan() {
                println!(" its program is not built");
                continue;
            }
            for (column, figure) in row.columns.iter().zip(&work.figures) {
                print!(" {figure:12.1} {column}");
            }
            if row.columns.len() == 1 {
                print!(" {:6.0} % of the first's speed", 100.0 * work.speed_to_first);
            }
            println!();
        }
    }
    Ok(())
}
