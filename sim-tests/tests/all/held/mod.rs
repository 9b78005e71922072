//! Rules H: mail for the name of a child that is being restarted.

mod a_held_name_has_bounds;
mod held_mail_arrives_in_its_order;
mod held_mail_is_lost_when_the_child_is_given_up;
mod on_the_real_reactor_too;
mod rig;
