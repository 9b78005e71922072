//! Rules N, and E14.

mod a_client_outside_is_a_line_of_its_own;
mod a_crashed_node_loses_what_it_had;
mod a_lost_node_is_no_connection;
mod a_new_boot_is_nobody_that_was_known;
mod order_holds_among_what_arrives;
