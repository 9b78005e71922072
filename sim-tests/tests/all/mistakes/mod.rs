//! The mistakes that other supervisors made, each a test of the whole shell: under many orders in the
//! simulator, and on the real reactor, whose runs are recorded and replay event for event.

mod a_budget_is_off_by_one;
mod a_killed_supervisor_leaves_orphans;
mod a_normal_exit_goes_unseen;
mod a_stale_retry_brings_back_a_stopped_child;
mod a_sub_supervisor_that_gave_up_is_restarted;
mod clean_exits_and_calls_use_up_the_budget;
mod death_notices_are_lost;
mod notices_come_in_an_order_of_their_own;
pub(crate) mod rig;
mod shutdown_waits_longer_than_it_must;
mod simultaneous_deaths_restart_twice_or_hang;
mod the_window_tumbles;
