//! Lines of a plan, read strictly.

use super::{Deed, Ends, Messages, Moment, Planned, Shortage, StoreFault, Ways};
use crate::clock::DRIFT;
use crate::rules::Act;
use crate::units;
use std::time::Duration;

/// Why a line is no plan, or one that a world cannot carry out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// It does not begin with when.
    #[error("`{0}` does not say when: expected `at 3s …` or `every 10s …`")]
    NoMoment(String),
    /// It says nothing that can be done.
    #[error("`{0}` is nothing that can go wrong: expected one of {known}", known = DEEDS.join(", "))]
    Unknown(String),
    /// A part of it is missing or wrong.
    #[error("`{text}` is malformed: expected `{form}`")]
    Malformed {
        /// What is written.
        text: String,
        /// How it is written right.
        form: &'static str,
    },
    /// A duration or number is wrong.
    #[error("{0}")]
    Value(String),
    /// What happens in a moment cannot last.
    #[error("`{0}` is over at once: it cannot last for a while")]
    CannotLast(String),
    /// Without an end it could never be carried out.
    #[error("`{0}` needs an end: add `for 1s`")]
    NeedsEnd(String),
    /// There is no node of this name.
    #[error("no node has the name `{0}`")]
    NoNode(String),
    /// The fault budget can never let it happen.
    #[error("`{0}` is beyond the fault budget: a link heals within {within}", within = units::show(*.1))]
    BeyondBudget(String, Duration),
}

const DEEDS: [&str; 20] = [
    "crash",
    "restart",
    "pause",
    "slow",
    "kill",
    "fail",
    "stop",
    "starve",
    "partition",
    "clog",
    "heal",
    "jump",
    "skew",
    "drift",
    "fill",
    "break",
    "hold",
    "drop",
    "delay",
    "duplicate",
];

pub(super) fn planned(line: &str) -> Result<Planned, PlanError> {
    let none = || PlanError::NoMoment(line.trim().to_owned());
    let (word, rest) = line.trim().split_once(' ').ok_or_else(none)?;
    let (time, rest) = rest.trim_start().split_once(' ').ok_or_else(none)?;
    let time = |what: fn(Duration) -> Moment| duration(time).map(what);
    let moment = match word {
        "at" => time(Moment::At)?,
        "every" => match time(Moment::Every)? {
            Moment::Every(every) if every.is_zero() => {
                return Err(PlanError::Value("`every` needs a time longer than zero".to_owned()));
            }
            every => every,
        },
        _ => return Err(none()),
    };
    let (deed, lasts) = deed(rest)?;
    Ok(Planned { moment, deed, lasts })
}

pub(super) fn deed(text: &str) -> Result<(Deed, Option<Duration>), PlanError> {
    let (what, lasts) = match text.rsplit_once(" for ") {
        Some((what, lasts)) => (what.trim(), Some(duration(lasts.trim())?)),
        None => (text.trim(), None),
    };
    let deed = read(what)?;
    if lasts.is_some() && !deed.can_last() {
        return Err(PlanError::CannotLast(what.to_owned()));
    }
    if lasts.is_none() && matches!(deed, Deed::Pause(_)) {
        return Err(PlanError::NeedsEnd(what.to_owned()));
    }
    Ok((deed, lasts))
}

fn read(text: &str) -> Result<Deed, PlanError> {
    let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim();
    let malformed = |form| PlanError::Malformed { text: text.to_owned(), form };
    let one =
        |form| if rest.is_empty() || rest.contains(' ') { Err(malformed(form)) } else { Ok(rest.to_owned()) };
    let two =
        |form| rest.split_once(' ').map(|(a, b)| (a.to_owned(), b.trim())).ok_or_else(|| malformed(form));
    Ok(match verb {
        "crash" => Deed::Crash(one("crash NODE")?),
        "restart" => Deed::Restart(one("restart NODE")?),
        "pause" => Deed::Pause(one("pause NODE for TIME")?),
        "kill" => Deed::Kill(one("kill PATH")?),
        "fail" => Deed::Fail(one("fail PATH")?),
        "stop" => Deed::Stop(one("stop PATH")?),
        "slow" => {
            const FORM: &str = "slow NODE by TIME";
            let (node, by) = rest.split_once(" by ").ok_or_else(|| malformed(FORM))?;
            Deed::Slow(node.trim().to_owned(), duration(by.trim())?)
        }
        "starve" => {
            let (path, of) = two("starve PATH of fuel` or `starve PATH of memory")?;
            match of {
                "of fuel" => Deed::Starve(path, Shortage::Fuel),
                "of memory" => Deed::Starve(path, Shortage::Memory),
                _ => return Err(malformed("starve PATH of fuel` or `starve PATH of memory")),
            }
        }
        "partition" => {
            Deed::Partition(ways(rest).ok_or_else(|| malformed("partition a,b|c` or `partition a->b"))?)
        }
        "clog" => Deed::Clog(ways(rest).ok_or_else(|| malformed("clog a,b|c` or `clog a->b"))?),
        "heal" if rest.is_empty() => Deed::Heal(None),
        "heal" => Deed::Heal(Some(ways(rest).ok_or_else(|| malformed("heal` or `heal a|b"))?)),
        "jump" | "skew" => {
            let (node, by) = two(if verb == "jump" { "jump NODE +TIME" } else { "skew NODE -TIME" })?;
            let by = units::signed(by).map_err(PlanError::Value)?;
            if verb == "jump" { Deed::Jump(node, by) } else { Deed::Skew(node, by) }
        }
        "drift" => {
            let (node, by) = two("drift NODE +200ppm")?;
            let ppm = by.strip_suffix("ppm").and_then(|n| n.trim().parse::<i32>().ok());
            let ppm = ppm.filter(|ppm| DRIFT.contains(ppm));
            Deed::Drift(
                node,
                ppm.ok_or_else(|| malformed("drift NODE -500000ppm` to `drift NODE +1000000ppm"))?,
            )
        }
        "fill" | "break" => {
            let node =
                rest.strip_prefix("stores of ").map(str::trim).filter(|n| !n.is_empty() && !n.contains(' '));
            let node =
                node.ok_or_else(|| malformed("fill stores of NODE` or `break stores of NODE"))?.to_owned();
            Deed::Store(node, if verb == "fill" { StoreFault::Full } else { StoreFault::Broken })
        }
        "hold" | "drop" | "duplicate" => {
            let act = match verb {
                "hold" => Act::Hold,
                "drop" => Act::Drop,
                _ => Act::Duplicate,
            };
            Deed::Messages(act, messages(rest).ok_or_else(|| malformed("hold FROM -> TO tag N"))?)
        }
        "delay" => {
            const FORM: &str = "delay FROM -> TO tag N by TIME";
            let (which, by) = rest.rsplit_once(" by ").ok_or_else(|| malformed(FORM))?;
            let by = duration(by.trim())?;
            Deed::Messages(Act::Delay(by), messages(which.trim()).ok_or_else(|| malformed(FORM))?)
        }
        _ => return Err(PlanError::Unknown(text.to_owned())),
    })
}

fn duration(text: &str) -> Result<Duration, PlanError> {
    units::duration(text).map_err(PlanError::Value)
}

fn ways(text: &str) -> Option<Ways> {
    let (from, to, both) = match text.split_once("->") {
        Some((from, to)) => (from, to, false),
        None => text.split_once('|').map(|(from, to)| (from, to, true))?,
    };
    let (from, to) = (ends(from)?, ends(to)?);
    (!(from.0.is_empty() && to.0.is_empty())).then_some(Ways { from, to, both })
}

fn ends(text: &str) -> Option<Ends> {
    let text = text.trim();
    if text == "*" {
        return Some(Ends::default());
    }
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    names.iter().all(|name| !name.is_empty() && !name.contains(['|', '*', ' '])).then_some(Ends(names))
}

fn messages(text: &str) -> Option<Messages> {
    let (text, tag) = match text.rsplit_once(" tag ") {
        Some((text, tag)) => (text, Some(tag.trim().parse().ok()?)),
        None => (text, None),
    };
    let (from, to) = text.split_once("->")?;
    let end = |text: &str| match text.trim() {
        "*" => Some(None),
        path if path.is_empty() || path.contains(' ') => None,
        path => Some(Some(path.to_owned())),
    };
    Some(Messages { from: end(from)?, to: end(to)?, tag })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_written_the_same() {
        for line in [
            "at 3s partition a|b for 2s",
            "at 3s partition a,b|* for 2s",
            "at 3s partition a->b",
            "every 10s crash b for 1s",
            "at 0ns restart b",
            "at 1ms pause b for 5ms",
            "at 1s slow b by 2ms for 1s",
            "at 1s kill a/tree/ledger",
            "at 1s fail a/tree/ledger",
            "at 1s stop a/tree/ledger",
            "at 1s starve a/tree/ledger of fuel for 1s",
            "at 1s starve a/tree/ledger of memory",
            "at 1s clog a->b,c for 1s",
            "at 1s heal",
            "at 1s heal a|b",
            "at 1s jump a -2s",
            "at 1s skew a +2s",
            "at 1s drift a -200ppm for 1s",
            "at 1s fill stores of a for 1s",
            "at 1s break stores of a",
            "at 1s hold a/tree/x -> b tag 3 for 1s",
            "at 1s drop * -> b",
            "at 1s duplicate a -> *",
            "at 1s delay * -> * by 3s for 1s",
        ] {
            let planned = planned(line).unwrap_or_else(|e| panic!("{line}: {e}"));
            assert_eq!(planned.to_string(), line);
            assert_eq!(self::planned(&planned.to_string()), Ok(planned));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, said) in [
            ("crash b", "does not say when"),
            ("at 3 crash b", "not a duration"),
            ("every 0s crash b", "longer than zero"),
            ("at 3s", "does not say when"),
            ("at 3s smash b", "nothing that can go wrong"),
            ("at 3s crash", "expected `crash NODE`"),
            ("at 3s crash a b", "expected `crash NODE`"),
            ("at 3s kill a/x for 1s", "over at once"),
            ("at 3s pause b", "add `for 1s`"),
            ("at 3s partition a", "expected `partition a,b|c`"),
            ("at 3s partition *|*", "expected `partition a,b|c`"),
            ("at 3s partition a||b", "expected `partition a,b|c`"),
            ("at 3s clog a->", "expected `clog a,b|c`"),
            ("at 3s jump a 2s", "not a duration with a sign"),
            ("at 3s drift a +2000000ppm", "expected `drift NODE"),
            ("at 3s starve a/x of love", "expected `starve PATH of fuel`"),
            ("at 3s fill a", "expected `fill stores of NODE`"),
            ("at 3s hold b", "expected `hold FROM -> TO tag N`"),
            ("at 3s hold a -> b tag x", "expected `hold FROM -> TO tag N`"),
            ("at 3s delay a -> b", "expected `delay FROM -> TO tag N by TIME`"),
            ("at 3s slow b", "expected `slow NODE by TIME`"),
            ("at 3s crash b for ever", "not a duration"),
        ] {
            let error = planned(line).expect_err(line).to_string();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
