//! The nodes of this thread, for those who ask them for something on it.
//!
//! A node is a task of its thread. Who asks from another task of that thread would wake it, wait, and
//! be woken by it: two rounds of the executor for one turn. So what it asks for is done at once, with a
//! batch of the node's turns, if the node is at rest: not at work below who asks (it is if an actor's
//! turn asks), with nothing in its inbox, and nobody's turn to come. What is not done then, the node's
//! task does; so tasks that ask cannot keep the others from their turn.

use crate::error::Stopped;
use crate::inbox::{Command, Outlet};
use std::cell::RefCell;
use std::rc::Rc;

/// A node that can be run.
pub(crate) trait Batch {
    /// Takes a command, does it, and runs a batch of turns; or leaves it, since it must wait in the inbox.
    fn batch(&mut self, command: &mut Option<Command>);
}

type Nodes = Vec<(Outlet, Rc<RefCell<dyn Batch>>)>;

thread_local! {
    static NODES: RefCell<Nodes> = const { RefCell::new(Vec::new()) };
}

/// A node is found here for as long as this is.
pub(crate) struct Here(Outlet);

impl Here {
    pub(crate) fn new(outlet: Outlet, node: Rc<RefCell<dyn Batch>>) -> Here {
        NODES.with_borrow_mut(|nodes| nodes.push((outlet.clone(), node)));
        Here(outlet)
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        // When the thread ends, its nodes may be gone before their tasks are.
        let _ =
            NODES.try_with(|nodes| nodes.borrow_mut().retain(|(outlet, _)| !outlet.same_channel(&self.0)));
    }
}

/// Asks the node at the end of this way for something: it is done at once, if the node is on this thread.
pub(crate) fn ask(outlet: &Outlet, command: Command) -> Result<(), Stopped> {
    let mut command = Some(command);
    let found = NODES.try_with(|nodes| {
        let nodes = nodes.borrow();
        nodes.iter().find(|(other, _)| other.same_channel(outlet)).map(|(_, node)| Rc::clone(node))
    });
    if let Ok(Some(node)) = found
        && let Ok(mut node) = node.try_borrow_mut()
    {
        node.batch(&mut command);
    }
    command.map_or(Ok(()), |command| outlet.send(command).map_err(|_| Stopped))
}
