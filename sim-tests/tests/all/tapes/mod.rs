//! Rules K.

mod a_random_stream_depends_on_node_path_and_life_only;
mod a_tape_names_things_that_stay;
mod all_that_can_differ_comes_from_the_reactor;
pub(crate) mod corpus;
mod deleting_an_entry_moves_no_other;
mod replaying_the_tape_gives_the_same_run;
mod strict_replay_fails_where_it_cannot_follow;
mod the_empty_tape_is_the_plain_run;
