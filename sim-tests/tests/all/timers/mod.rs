//! Rules C.

mod a_cancelled_timer_moves_no_clock;
mod a_timer_fires_at_the_first_boundary_after_its_deadline;
mod an_interval_keeps_its_own_time;
mod cancelling_tells_the_truth;
mod nothing_of_a_dead_life_reaches_the_next;
