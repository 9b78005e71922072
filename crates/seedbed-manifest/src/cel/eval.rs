//! Evaluation of the typed tree: integers are checked, lists are streamed, nothing is allocated
//! but for comparing two lists.
//!
//! `&&`, `||`, `all` and `exists` are CEL's: an error on one side does not count if the other side
//! decides.

use super::FactSource;
use super::tree::{Arithmetic, Bool, Counter, Extreme, FactName, Int, List, Variable};
use thiserror::Error;

/// How deep lists may be nested in what is said about their elements.
pub(super) const NESTING_MAX: usize = 8;

/// Why a condition has no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvalError {
    /// An actor, or a fact of it, that is not there.
    #[error("there is no fact `{key}` of `{actor}`")]
    NoFact {
        /// `path` or `path@node`.
        actor: String,
        /// Key of the fact.
        key: String,
    },
    /// A result that does not fit into 64 bits.
    #[error("`{expression}` overflows")]
    Overflow {
        /// What was computed.
        expression: String,
    },
    /// A division by zero, or the remainder of one.
    #[error("`{expression}` divides by zero")]
    DivisionByZero {
        /// What was computed.
        expression: String,
    },
    /// The least or greatest of no integers.
    #[error("`{expression}` of an empty list")]
    Empty {
        /// What was computed.
        expression: String,
    },
    /// An element that is not there.
    #[error("`{expression}` is out of bounds: {index} of {len}")]
    OutOfBounds {
        /// What was computed.
        expression: String,
        /// Which element, from 0.
        index: i64,
        /// How many there are.
        len: u64,
    },
}

/// One evaluation.
pub(super) struct Eval<'a> {
    facts: &'a dyn FactSource,
    variables: [i64; NESTING_MAX],
}

type Result<T> = std::result::Result<T, EvalError>;

impl<'a> Eval<'a> {
    pub(super) fn new(facts: &'a dyn FactSource) -> Eval<'a> {
        Eval { facts, variables: [0; NESTING_MAX] }
    }

    /// Sets the variable of an enclosing list.
    pub(super) fn bind(&mut self, variable: &Variable, value: i64) {
        self.variables[variable.slot] = value;
    }

    pub(super) fn int(&mut self, n: &Int) -> Result<i64> {
        match n {
            Int::Literal(n) => Ok(*n),
            Int::Variable(v) => Ok(self.variables[v.slot]),
            Int::Counter(counter) => Ok(self.counter(*counter)),
            Int::Fact(name) => self.fact(name).ok_or_else(|| EvalError::NoFact {
                actor: name.node.as_ref().map_or(name.path.clone(), |node| format!("{}@{node}", name.path)),
                key: name.key.clone(),
            }),
            // A function of CEL needs the values of all its arguments, also of one it will not use.
            Int::FactOr(name, default) => {
                let default = self.int(default)?;
                Ok(self.fact(name).unwrap_or(default))
            }
            Int::Negate(inner) => self.int(inner)?.checked_neg().ok_or_else(|| overflow(n)),
            Int::Arithmetic(op, l, r) => {
                let (l, r) = (self.int(l)?, self.int(r)?);
                arithmetic(*op, l, r, n)
            }
            Int::Sum(list) => {
                let mut sum = 0i64;
                self.each(list, &mut |_, value| {
                    sum = sum.checked_add(value).ok_or_else(|| overflow(n))?;
                    Ok(())
                })?;
                Ok(sum)
            }
            Int::Count(list) => self.count(list),
            Int::Of(which, list, default) => {
                let default = default.as_deref().map(|default| self.int(default)).transpose()?;
                let mut found = None;
                self.each(list, &mut |_, value| {
                    found = Some(found.map_or(value, |best| pick(*which, best, value)));
                    Ok(())
                })?;
                found.or(default).ok_or_else(|| EvalError::Empty { expression: n.to_string() })
            }
            Int::Between(which, l, r) => Ok(pick(*which, self.int(l)?, self.int(r)?)),
            Int::Index(list, at) => {
                let index = self.int(at)?;
                let (mut at, mut found) = (0i64, None);
                self.each(list, &mut |_, value| {
                    if at == index {
                        found = Some(value);
                    }
                    at += 1;
                    Ok(())
                })?;
                found.ok_or_else(|| EvalError::OutOfBounds {
                    expression: n.to_string(),
                    index,
                    len: at as u64,
                })
            }
            Int::If(condition, l, r) => {
                if self.bool(condition)? {
                    self.int(l)
                } else {
                    self.int(r)
                }
            }
        }
    }

    pub(super) fn bool(&mut self, b: &Bool) -> Result<bool> {
        match b {
            Bool::Literal(b) => Ok(*b),
            Bool::HasFact(name) => Ok(self.fact(name).is_some()),
            Bool::Not(b) => Ok(!self.bool(b)?),
            Bool::And(l, r) => match self.bool(l) {
                Ok(false) => Ok(false),
                left => decided_by(false, left, self.bool(r)),
            },
            Bool::Or(l, r) => match self.bool(l) {
                Ok(true) => Ok(true),
                left => decided_by(true, left, self.bool(r)),
            },
            Bool::Compare(op, l, r) => Ok(op.holds(self.int(l)?, self.int(r)?)),
            Bool::Agree(same, l, r) => Ok((self.bool(l)? == self.bool(r)?) == *same),
            Bool::ListsAgree(same, l, r) => Ok((self.list(l)? == self.list(r)?) == *same),
            Bool::In(n, list) => {
                let n = self.int(n)?;
                let mut found = false;
                self.each(list, &mut |_, value| {
                    found |= value == n;
                    Ok(())
                })?;
                Ok(found)
            }
            Bool::All(list, v, p) => self.any(list, v, p, false).map(|found| !found),
            Bool::Exists(list, v, p) => self.any(list, v, p, true),
            Bool::ExistsOne(list, v, p) => {
                let mut n = 0u64;
                self.each(list, &mut |eval, value| {
                    eval.bind(v, value);
                    n += u64::from(eval.bool(p)?);
                    Ok(())
                })?;
                Ok(n == 1)
            }
            Bool::If(condition, l, r) => {
                if self.bool(condition)? {
                    self.bool(l)
                } else {
                    self.bool(r)
                }
            }
        }
    }

    pub(super) fn list(&mut self, list: &List) -> Result<Vec<i64>> {
        let mut out = Vec::new();
        self.each(list, &mut |_, value| {
            out.push(value);
            Ok(())
        })?;
        Ok(out)
    }

    /// Whether the condition has this value for any element; an element that decides outweighs
    /// those without a value.
    fn any(&mut self, list: &List, v: &Variable, p: &Bool, wanted: bool) -> Result<bool> {
        let (mut found, mut failed) = (false, None);
        self.each(list, &mut |eval, value| {
            if found {
                return Ok(());
            }
            eval.bind(v, value);
            match eval.bool(p) {
                Ok(b) => found = b == wanted,
                Err(e) => {
                    failed.get_or_insert(e);
                }
            }
            Ok(())
        })?;
        match failed {
            Some(e) if !found => Err(e),
            _ => Ok(found),
        }
    }

    fn count(&mut self, list: &List) -> Result<i64> {
        let mut n = 0i64;
        self.each(list, &mut |_, _| {
            n += 1;
            Ok(())
        })?;
        Ok(n)
    }

    /// Calls `visit` for each element until it fails.
    pub(super) fn each(
        &mut self,
        list: &List,
        visit: &mut dyn FnMut(&mut Eval<'a>, i64) -> Result<()>,
    ) -> Result<()> {
        match list {
            List::Literal(items) => {
                for item in items {
                    let value = self.int(item)?;
                    visit(self, value)?;
                }
                Ok(())
            }
            List::Facts(key) => {
                let facts = self.facts;
                let mut result = Ok(());
                facts.facts(key, &mut |value| {
                    if result.is_ok() {
                        result = visit(self, value);
                    }
                });
                result
            }
            List::Filter(inner, v, p) => self.each(inner, &mut |eval, value| {
                eval.bind(v, value);
                if eval.bool(p)? { visit(eval, value) } else { Ok(()) }
            }),
            List::Map(inner, v, p, mapped) => self.each(inner, &mut |eval, value| {
                eval.bind(v, value);
                let taken = p.as_deref().map_or(Ok(true), |p| eval.bool(p))?;
                if !taken {
                    return Ok(());
                }
                let value = eval.int(mapped)?;
                visit(eval, value)
            }),
            List::Concat(l, r) => {
                self.each(l, visit)?;
                self.each(r, visit)
            }
            List::If(condition, l, r) => {
                let taken = if self.bool(condition)? { l } else { r };
                self.each(taken, visit)
            }
        }
    }

    fn fact(&self, name: &FactName) -> Option<i64> {
        self.facts.fact(name.node.as_deref(), &name.path, &name.key)
    }

    fn counter(&self, counter: Counter) -> i64 {
        let n = match counter {
            Counter::TimeNs => self.facts.time_ns(),
            Counter::DeadLetters => self.facts.dead_letters(),
            Counter::Restarts => self.facts.restarts(),
        };
        i64::try_from(n).unwrap_or(i64::MAX)
    }
}

/// What two sides give of which the first did not decide alone.
fn decided_by(decisive: bool, left: Result<bool>, right: Result<bool>) -> Result<bool> {
    match (left, right) {
        (_, Ok(r)) if r == decisive => Ok(decisive),
        (Err(e), _) | (_, Err(e)) => Err(e),
        (Ok(_), Ok(_)) => Ok(!decisive),
    }
}

fn pick(which: Extreme, l: i64, r: i64) -> i64 {
    match which {
        Extreme::Min => l.min(r),
        Extreme::Max => l.max(r),
    }
}

fn arithmetic(op: Arithmetic, l: i64, r: i64, whole: &Int) -> Result<i64> {
    let value = match op {
        Arithmetic::Add => l.checked_add(r),
        Arithmetic::Subtract => l.checked_sub(r),
        Arithmetic::Multiply => l.checked_mul(r),
        Arithmetic::Divide | Arithmetic::Remainder if r == 0 => {
            return Err(EvalError::DivisionByZero { expression: whole.to_string() });
        }
        Arithmetic::Divide => l.checked_div(r),
        Arithmetic::Remainder => l.checked_rem(r),
    };
    value.ok_or_else(|| overflow(whole))
}

fn overflow(n: &Int) -> EvalError {
    EvalError::Overflow { expression: n.to_string() }
}
