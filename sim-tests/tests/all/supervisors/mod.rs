//! Rules Y: talking to a supervisor that runs.

mod a_call_gives_a_typed_answer;
mod a_call_to_a_dead_supervisor_fails_at_once;
mod a_change_is_made_whole_or_not_at_all;
mod what_makes_a_child_goes_along_with_the_call;
