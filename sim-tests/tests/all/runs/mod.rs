//! Rules W.

mod a_fact_dies_with_its_actor;
mod a_run_ends_at_rest_or_at_its_duration;
mod an_unseen_failure_is_a_finding;
mod properties_are_looked_at_when_they_say;
mod time_moves_only_when_nothing_can_run;
mod too_many_steps_are_a_finding;
