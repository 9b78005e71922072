//! The traps others fell into (simulation page, section 9), each a test. Some are tests elsewhere,
//! whose names begin with the number: `docs/rules.md` has all.

mod t04_a_seed_used_before_it_is_set;
mod t07_a_silent_cap_on_timers;
mod t10_sends_of_start_and_stop_late_or_lost;
mod t12_equal_deadlines_in_undefined_order;
mod t13_a_cancelled_timer_drags_time_along;
mod t14_a_busy_yield_starves;
mod t15_cost_grows_with_idle_actors;
mod t17_a_host_panic_kills_the_world;
mod t18_a_real_instant_is_visible;
mod t19_an_unbiased_select;
mod t20_actors_and_scheduler_share_a_stream;
mod t21_a_full_mailbox_kills_the_sender_half_way;
mod t22_a_timed_out_wait_breaks_the_order;
mod t23_a_fired_timer_says_cancelled;
mod t24_late_replies_in_the_mailbox;
