//! Properties that many systems have, ready to be asked for.

use crate::property::{Property, Reads, When};
use crate::world::World;

impl World {
    /// At most one actor has this name, on all nodes together.
    pub fn at_most_one(&mut self, name: &str) {
        let wanted = name.to_owned();
        let check = move |world: &World| {
            let holders: Vec<String> = world
                .actors()
                .into_iter()
                .filter(|a| a.name.as_deref() == Some(&wanted))
                .map(|a| a.path)
                .collect();
            match holders.len() {
                0 | 1 => Ok(()),
                n => Err(format!("{n} have it: {}", holders.join(", "))),
            }
        };
        let title = format!("at most one has the name `{name}`");
        self.add_property(Property::new(&title, When::Always, check).reads(Reads::STEPS));
    }

    /// No mailbox holds more than so many messages.
    pub fn mailboxes_within(&mut self, count: u32) {
        let check = move |world: &World| {
            let over = world.actors().into_iter().find(|actor| actor.mail_count > count);
            over.map_or(Ok(()), |actor| Err(format!("{} has {}", actor.path, actor.mail_count)))
        };
        let title = format!("mailboxes hold at most {count} messages");
        self.add_property(Property::new(&title, When::Always, check).reads(Reads::STEPS));
    }

    /// No message is sent to nobody.
    pub fn no_dead_letters(&mut self) {
        let check = |world: &World| match world.stats().dead_letters {
            0 => Ok(()),
            n => Err(format!("{n} reached nobody")),
        };
        self.add_property(Property::new("no dead letters", When::Always, check).reads(Reads::DEAD_LETTERS));
    }

    /// Once faults and inputs have stopped, the world comes to rest.
    pub fn comes_to_rest(&mut self) {
        let check = |world: &World| {
            if world.is_at_rest() { Ok(()) } else { Err(format!("{} signals wait", world.signals())) }
        };
        self.add_property(Property::new("the world comes to rest", When::End, check));
    }
}
