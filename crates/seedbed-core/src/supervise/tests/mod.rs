//! One test a rule, named after it. Each is a script: what happens, and what the machine must say.

mod auto_shutdown;
mod calls;
mod dynamic;
mod intensity;
mod restart;
mod retry;
mod rig;
mod spec;
mod start;
mod stop;
mod strategy;
