//! Conditions over facts, in CEL.
//!
//! A condition is parsed by the `cel` crate, checked, and compiled once into a typed tree that is
//! evaluated after many turns. It knows integers of 64 bits, booleans and lists of integers, so no
//! floating point decides anything and no type error is left for a run. What it computes is what
//! CEL computes; `cel`'s own interpreter is the oracle of the tests.
//! Not modelled: strings other than names of facts, maps, messages, timestamps.

mod check;
mod eval;
mod explain;
mod tree;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

pub use eval::EvalError;

use crate::report::Code;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

/// What a condition can ask of a world, between two turns.
pub trait FactSource {
    /// Calls `each` with the value of this fact of every live actor that published it, in the
    /// order of the actors' paths.
    fn facts(&self, key: &str, each: &mut dyn FnMut(i64));

    /// The value of this fact of the actor with this path; `None` if there is none. `node` is
    /// given where the condition says it: `fact("path@node", "key")`.
    fn fact(&self, node: Option<&str>, path: &str, key: &str) -> Option<i64>;

    /// Virtual time in nanoseconds.
    fn time_ns(&self) -> u64;

    /// How many dead letters there were.
    fn dead_letters(&self) -> u64;

    /// How often an actor started at a path that had lived before.
    fn restarts(&self) -> u64;
}

/// What the value of a condition depends on. While none of it changed, neither did the value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Keys of facts.
    pub keys: BTreeSet<String>,
    /// The virtual time.
    pub time: bool,
    /// The number of dead letters.
    pub dead_letters: bool,
    /// The number of restarts.
    pub restarts: bool,
}

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not, and why, for people: `expected 1000, found 1030`.
    Broken(String),
}

impl Verdict {
    /// True if the condition holds.
    pub fn holds(&self) -> bool {
        *self == Verdict::Holds
    }
}

/// A condition, ready to be evaluated.
///
/// # Examples
/// ```
/// use seedbed_manifest::{CompiledProperty, FactSource, Verdict};
///
/// struct Balances(Vec<i64>);
/// impl FactSource for Balances {
///     fn facts(&self, key: &str, each: &mut dyn FnMut(i64)) {
///         if key == "balance" {
///             self.0.iter().copied().for_each(each);
///         }
///     }
///     fn fact(&self, _: Option<&str>, _: &str, _: &str) -> Option<i64> { None }
///     fn time_ns(&self) -> u64 { 0 }
///     fn dead_letters(&self) -> u64 { 0 }
///     fn restarts(&self) -> u64 { 0 }
/// }
///
/// let conserved = CompiledProperty::compile(r#"sum(facts("balance")) == 1000"#)?;
/// assert_eq!(conserved.evaluate(&Balances(vec![400, 600]))?, Verdict::Holds);
/// let verdict = conserved.evaluate(&Balances(vec![430, 600]))?;
/// assert_eq!(verdict, Verdict::Broken("expected 1000, found 1030".to_owned()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompiledProperty {
    text: String,
    condition: tree::Bool,
    reads: Reads,
}

impl CompiledProperty {
    /// Parses and checks a condition.
    ///
    /// # Errors
    /// All that is wrong with it, each with its place in the text.
    pub fn compile(text: &str) -> Result<CompiledProperty, CelErrors> {
        let (condition, reads) = check::compile(text).map_err(CelErrors)?;
        Ok(CompiledProperty { text: text.to_owned(), condition, reads })
    }

    /// Whether the condition holds now.
    ///
    /// # Errors
    /// If it has no value: a fact that is not there, an overflow, a division by zero. Whoever
    /// checks a property must not take that for *holds*.
    pub fn evaluate(&self, facts: &dyn FactSource) -> Result<Verdict, EvalError> {
        let mut eval = eval::Eval::new(facts);
        if eval.bool(&self.condition)? {
            Ok(Verdict::Holds)
        } else {
            explain::broken(&self.condition, facts).map(Verdict::Broken)
        }
    }

    /// Whether the condition holds now, without the text that says why not.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn holds(&self, facts: &dyn FactSource) -> Result<bool, EvalError> {
        eval::Eval::new(facts).bool(&self.condition)
    }

    /// What the value depends on.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The condition as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// One thing that is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CelProblem {
    /// What kind of thing.
    pub code: Code,
    /// Where, in bytes of the text.
    pub span: Range<usize>,
    /// What is wrong, for people.
    pub message: String,
    /// What to do about it, where that can be said.
    pub help: Option<String>,
}

/// All that is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CelErrors(pub Vec<CelProblem>);

impl fmt::Display for CelErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{} at byte {}", problem.message, problem.span.start)?;
            if let Some(help) = &problem.help {
                write!(f, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for CelErrors {}
