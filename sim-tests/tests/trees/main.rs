//! Random supervision trees: one module a claim.

mod a_tree_program_does_what_the_model_says;
