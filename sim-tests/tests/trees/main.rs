//! Random supervision trees: one module a claim.

mod a_name_that_is_taken_too_early;
mod a_real_tree_replays;
mod a_tree_program_does_what_the_model_says;
mod all_that_can_happen_does;
