//! Why a condition does not hold, in words that need no look at the expression.
//!
//! Runs only once a condition was found broken; it evaluates the parts again, on the same facts.

use super::FactSource;
use super::eval::{Eval, EvalError};
use super::tree::{Bool, Comparison};

/// Why this condition, which is false, is false.
pub(super) fn broken(condition: &Bool, facts: &dyn FactSource) -> Result<String, EvalError> {
    explain(condition, &mut Eval::new(facts))
}

fn explain(condition: &Bool, eval: &mut Eval<'_>) -> Result<String, EvalError> {
    match condition {
        Bool::Compare(op, l, r) => {
            let (left, right) = (eval.int(l)?, eval.int(r)?);
            Ok(if r.is_constant() {
                compared(*op, right, left)
            } else if l.is_constant() {
                compared(op.flipped(), left, right)
            } else {
                format!("`{l}` is {left}, `{r}` is {right}")
            })
        }
        Bool::ListsAgree(true, l, r) => {
            Ok(format!("expected {:?}, found {:?}", eval.list(r)?, eval.list(l)?))
        }
        Bool::And(l, r) => {
            // The side that decided; if it is the right one, the left may have no value at all.
            let part = if eval.bool(l) == Ok(false) { l } else { r };
            match &**part {
                Bool::And(..) => explain(part, eval),
                _ => Ok(format!("`{part}`: {}", explain(part, eval)?)),
            }
        }
        Bool::All(list, v, p) => {
            let mut culprit = None;
            eval.each(list, &mut |eval, value| {
                eval.bind(v, value);
                if culprit.is_none() && eval.bool(p) == Ok(false) {
                    culprit = Some(value);
                }
                Ok(())
            })?;
            Ok(match culprit {
                Some(value) => format!("`{p}` does not hold for {} = {value}", v.name),
                None => format!("`{condition}` is false"),
            })
        }
        _ => Ok(format!("`{condition}` is false")),
    }
}

fn compared(op: Comparison, expected: i64, found: i64) -> String {
    match op {
        Comparison::Equal => format!("expected {expected}, found {found}"),
        Comparison::NotEqual => format!("expected anything but {expected}, found it"),
        _ => format!("expected {} {expected}, found {found}", op.sign()),
    }
}
