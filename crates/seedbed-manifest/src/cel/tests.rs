//! Conditions in, verdicts, errors and places out.

use super::oracle::World;
use super::{CompiledProperty, EvalError, Verdict};
use crate::report::Code;

fn bank() -> World {
    let mut world = World::with(&[
        ("/a", "balance", 400),
        ("/b", "balance", 630),
        ("/b", "debit", 5),
        ("/c", "credit", -6),
        ("/l@n", "done", 1),
    ]);
    world.time_ns = 7;
    world.restarts = 3;
    world
}

#[test]
fn a_broken_condition_says_why() {
    for (text, why) in [
        (r#"sum(facts("balance")) == 1000"#, "expected 1000, found 1030"),
        (r#"1000 == sum(facts("balance"))"#, "expected 1000, found 1030"),
        (r#"sum(facts("balance")) <= 500 + 500"#, "expected <= 1000, found 1030"),
        (r#"2 > restarts"#, "expected < 2, found 3"),
        (r#"restarts != 3"#, "expected anything but 3, found it"),
        (
            r#"fact("/b", "debit") == fact("/c", "credit")"#,
            r#"`fact("/b", "debit")` is 5, `fact("/c", "credit")` is -6"#,
        ),
        (r#"facts("balance") == [400, 600]"#, "expected [400, 600], found [400, 630]"),
        (r#"time_ns == 7 && restarts == 0 && dead_letters == 0"#, "`restarts == 0`: expected 0, found 3"),
        (r#"facts("credit").all(c, c >= 0)"#, "`c >= 0` does not hold for c = -6"),
        (r#"restarts == 1 || restarts == 2"#, "`(restarts == 1) || (restarts == 2)` is false"),
        (r#"fact("/none", "x") == 1 && restarts == 0"#, "`restarts == 0`: expected 0, found 3"),
        ("false", "`false` is false"),
    ] {
        let compiled = CompiledProperty::compile(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(compiled.evaluate(&bank()), Ok(Verdict::Broken(why.to_owned())), "{text}");
        assert_eq!(compiled.holds(&bank()), Ok(false), "{text}");
    }
}

#[test]
fn what_has_no_value_is_an_error_and_not_a_verdict() {
    for (text, why) in [
        (r#"fact("/a@n", "x") == 1"#, "there is no fact `x` of `/a@n`"),
        (r#"min(facts("none")) == 1"#, r#"`min(facts("none"))` of an empty list"#),
        (r#"1 / (restarts - 3) == 1"#, "`1 / (restarts - 3)` divides by zero"),
        (r#"restarts + 9223372036854775807 > 0"#, "`restarts + 9223372036854775807` overflows"),
        (r#"sum([9223372036854775807, restarts]) > 0"#, "`sum([9223372036854775807, restarts])` overflows"),
        (r#"facts("balance")[2] == 1"#, r#"`facts("balance")[2]` is out of bounds: 2 of 2"#),
        (r#"facts("balance").all(b, 1 / (b - 400) < 9)"#, "`1 / (b - 400)` divides by zero"),
    ] {
        let compiled = CompiledProperty::compile(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(
            compiled.evaluate(&bank()).map_err(|e: EvalError| e.to_string()),
            Err(why.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn conditions_that_hold() {
    for text in [
        r#"sum(facts("balance")) == 1030 && count(facts("balance")) == 2 && facts("balance").size() == 2"#,
        r#"max(facts("balance")) == 630 && min(facts("none"), -1) == -1 && max(1, 2) == 2"#,
        r#"fact("/l@n", "done") == 1 && fact("/x", "done", 0) == 0 && has_fact("/a", "balance")"#,
        r#"facts("balance").exists_one(b, b == 400) && 630 in facts("balance")"#,
        r#"facts("balance").filter(b, b > 500).map(b, b / 2) == [315]"#,
        r#"facts("balance").map(b, b > 500, b % 10) == [0]"#,
        r#"facts("balance").all(b, facts("balance").all(c, b - c < 231))"#,
        "(restarts > 1 ? time_ns : dead_letters) == 7",
        "true || 1 / 0 == 1",
        "1 / 0 == 1 || true",
    ] {
        let compiled = CompiledProperty::compile(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(compiled.evaluate(&bank()), Ok(Verdict::Holds), "{text}");
    }
}

#[test]
fn a_condition_knows_what_it_reads() {
    let compiled =
        CompiledProperty::compile(r#"sum(facts("a")) + fact("/p", "b", 0) == 1 || has_fact("/p", "c")"#)
            .unwrap();
    assert_eq!(compiled.reads().keys.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(!compiled.reads().time && !compiled.reads().restarts && !compiled.reads().dead_letters);
    let compiled = CompiledProperty::compile("time_ns + restarts > dead_letters").unwrap();
    assert!(compiled.reads().keys.is_empty());
    assert!(compiled.reads().time && compiled.reads().restarts && compiled.reads().dead_letters);
}

#[test]
fn problems_point_at_the_part_that_is_wrong() {
    for (text, code, part) in [
        ("1.5 < 2", Code::CelUnsupported, "1.5"),
        ("restarts + true > 1", Code::CelType, "restarts + true"),
        ("'é' == 'é' && restrats > 0", Code::CelUnknown, "restrats"),
        (r#"count("x") == 1"#, Code::CelType, r#""x""#),
        (r#"facts(restarts) == [1]"#, Code::CelType, "restarts"),
        (r#"1 + summ( facts("é") ) == 1"#, Code::CelUnknown, r#"summ( facts("é") )"#),
        (r#"1 == count(facts("é").map(x, true))"#, Code::CelType, "true"),
        (r#"sum(facts("a"))"#, Code::CelType, r#"sum(facts("a"))"#),
        ("restarts == )", Code::CelSyntax, ")"),
    ] {
        let problems = CompiledProperty::compile(text).expect_err(text).0;
        let found =
            problems.iter().find(|p| p.code == code).unwrap_or_else(|| panic!("{text}: {problems:?}"));
        assert_eq!(&text[found.span.clone()], part, "{text}");
    }
}

#[test]
fn hostile_conditions_are_refused_quickly() {
    for text in [
        "(".repeat(5_000),
        "(".repeat(1_000),
        "!".repeat(2_000),
        "-".repeat(2_000),
        "a?".repeat(1_000),
        "[".repeat(65),
        "x.".repeat(2_000),
    ] {
        assert!(CompiledProperty::compile(&text).is_err());
    }
    for depth in [10, 60] {
        let text = format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
        assert!(CompiledProperty::compile(&text).is_ok(), "{depth}");
    }
    let long = vec!["restarts < 100"; 200].join(" && ");
    assert!(CompiledProperty::compile(&long).is_ok());
}
