//! One module a claim. `docs/rules.md` maps the rules of `docs/semantics.md` to them.

mod effects;
mod exits;
mod held;
mod identity;
mod lunatic;
mod mail;
mod mistakes;
mod model;
mod network;
mod requests;
mod rules_table;
mod runs;
mod start;
mod supervisors;
mod tapes;
mod timers;
mod traps;
mod turns;
mod waiting;
