//! Histories of calls, written down by actors or by a test, that must be linearizable.
//!
//! An actor says in its log, at any level, that a call begins and how it ends:
//!
//! ```text
//! history REGISTER 7 write 3
//! history REGISTER 7 = 0
//! ```
//!
//! The word after `history` names the history, the number the call among those of this life of this
//! actor. So native actors and guests write the same. A call that is never said to end may have happened
//! or not. A turn that fails has written nothing.

use crate::property::{Property, Reads, When};
use crate::world::World;
use seedbed_core::{At, Event, Observer, PathId};
use seedbed_linear::models::{Kind, Malformed, Written};
use seedbed_linear::{CallId, NotLinearizable};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Clone)]
pub(crate) struct Book {
    written: Written,
    /// Calls of actors that have not ended, by actor, life and number.
    open: BTreeMap<(PathId, u32, u64), CallId>,
    /// The first line that could not be read.
    malformed: Option<Malformed>,
}

/// A history that must be linearizable; a test may write in it too.
#[derive(Clone)]
pub struct Calls(Rc<RefCell<Book>>);

impl Calls {
    /// A client calls, now.
    ///
    /// # Errors
    /// If the model has no such call.
    pub fn call(&self, client: &str, call: &str) -> Result<CallId, Malformed> {
        self.0.borrow_mut().written.call(client, call)
    }

    /// A call ends, now.
    ///
    /// # Errors
    /// If it is no answer.
    pub fn end(&self, id: CallId, answer: &str) -> Result<(), Malformed> {
        self.0.borrow_mut().written.end(id, answer)
    }

    /// How many calls there are so far.
    pub fn len(&self) -> usize {
        self.0.borrow().written.len()
    }

    /// True if there is none so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn verdict(&self) -> Result<(), Verdict> {
        let book = self.0.borrow();
        match &book.malformed {
            Some(malformed) => Err(Verdict::Malformed(malformed.clone())),
            None => book.written.check().map_err(Verdict::Broken),
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Verdict {
    #[error("{0}")]
    Malformed(Malformed),
    #[error("{0}")]
    Broken(NotLinearizable),
}

impl Book {
    /// Takes in a line of an actor's log, if it is about the history of this name.
    fn read(&mut self, name: &str, who: (PathId, u32, &str), line: &str) -> Result<(), Malformed> {
        let Some(rest) = line.strip_prefix("history ").and_then(|rest| rest.strip_prefix(name)) else {
            return Ok(());
        };
        let Some((number, what)) = rest.strip_prefix(' ').and_then(|rest| rest.split_once(' ')) else {
            return if rest.is_empty() || rest.starts_with(' ') {
                Err(Malformed(line.to_owned()))
            } else {
                Ok(())
            };
        };
        let malformed = |_| Malformed(line.to_owned());
        let (path, life, text) = who;
        let key = (path, life, number.parse().map_err(|_| Malformed(line.to_owned()))?);
        match what.strip_prefix("= ") {
            Some(answer) => {
                let id = self.open.remove(&key).ok_or_else(|| Malformed(line.to_owned()))?;
                self.written.end(id, answer).map_err(malformed)
            }
            None => {
                let id = self.written.call(&format!("{text}:{life}"), what).map_err(malformed)?;
                self.open.insert(key, id);
                Ok(())
            }
        }
    }
}

/// Reads what actors say.
struct Reader {
    name: String,
    book: Rc<RefCell<Book>>,
}

impl Observer for Reader {
    fn event(&mut self, _: At, event: &Event<'_>) {
        let Event::Logged { who, text, .. } = event else { return };
        let mut book = self.book.borrow_mut();
        if let Err(malformed) = book.read(&self.name, (who.path, who.life.0, who.text), text) {
            book.malformed.get_or_insert(malformed);
        }
    }
}

impl World {
    /// The calls of the history of this name must be linearizable, looked at in the end: there must be
    /// an order in which each could have had its answer. Calls are written down by actors, in their
    /// logs, or by the test.
    ///
    /// # Examples
    /// ```
    /// # use seedbed_sim::{Plain, RunConfig, World, run_with};
    /// # use seedbed_linear::models::Kind;
    /// # let program = |world: &mut World| -> anyhow::Result<()> {
    /// let calls = world.linearizable("register", Kind::Register);
    /// let write = calls.call("a", "write 3")?;
    /// let read = calls.call("b", "read")?;
    /// calls.end(read, "3")?;
    /// calls.end(write, "0")?;
    /// # Ok(())
    /// # };
    /// # let (outcome, _) = run_with(&program, &RunConfig::seed(1), Box::new(Plain), Vec::new());
    /// # assert_eq!(outcome.found, None);
    /// ```
    pub fn linearizable(&mut self, name: &str, kind: Kind) -> Calls {
        self.linearizable_as(&format!("`{name}` is linearizable"), name, kind)
    }

    /// See [`World::linearizable`]; with a name for the property.
    pub fn linearizable_as(&mut self, property: &str, name: &str, kind: Kind) -> Calls {
        let book = Book { written: Written::new(kind), open: BTreeMap::new(), malformed: None };
        let calls = Calls(Rc::new(RefCell::new(book)));
        self.observe(Reader { name: name.to_owned(), book: Rc::clone(&calls.0) });
        self.books.push(Rc::clone(&calls.0));
        let history = calls.clone();
        let check = move |_: &World| history.verdict();
        let property = Property::new(property, When::End, check);
        self.add_property(property.reads(Reads::default()));
        calls
    }
}
