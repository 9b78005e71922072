//! Rules Q.

mod a_deadline_runs_from_the_turn_that_asked;
mod a_late_reply_reaches_nobody;
mod a_reply_comes_once_and_only_from_who_was_asked;
mod a_request_ends_exactly_once;
mod a_request_of_the_dead_is_still_delivered;
