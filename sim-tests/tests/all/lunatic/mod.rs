//! Rules J: lunatic's signals over exits, links and monitors.

mod a_child_spawned_with_a_link_is_seen_to_fail;
mod a_link_has_a_tag_on_both_sides;
mod a_process_dies_with_its_links_or_is_told;
mod a_process_is_monitored_once;
mod nothing_is_told_after_unlink;
mod rig;
