//! Rules T.

mod a_failed_turn_applies_nothing;
mod a_host_panic_fails_that_actor_only;
mod a_stop_lets_the_turn_finish;
mod a_wish_answered_yes_is_applied_in_order;
mod an_exit_of_oneself_ends_the_turn_at_that_call;
mod now_is_read_once_a_turn;
mod numbers_count_from_one_in_each_life;
mod turns_never_overlap;
