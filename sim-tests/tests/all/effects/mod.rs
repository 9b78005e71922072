//! Rules O.

mod a_log_outlives_lives_and_crashes;
mod an_effect_completes_exactly_once;
mod files_lie_on_the_nodes_disk;
