//! Rules F.

use super::rig::{plan, spec, up};
use crate::supervise::*;
use std::time::Duration;

#[test]
fn f1_flags_have_defaults() {
    let expected = Flags {
        strategy: Strategy::OneForOne,
        intensity: 1,
        period: Duration::from_secs(5),
        auto_shutdown: AutoShutdown::Never,
    };
    assert_eq!(Flags::default(), expected);
}

#[test]
fn f2_f3_each_bad_flag_has_its_own_error() {
    let cases = [
        ("one_for_one 0/1ns", &["a"][..], Ok(())),
        ("one_for_one 3/0s", &["a"], Err(SpecError::PeriodZero)),
        ("dynamic any", &["a"], Err(SpecError::DynamicAutoShutdown)),
    ];
    for (flags, children, expected) in cases {
        assert_eq!(plan(flags, children).check(), expected, "{flags}");
    }
}

#[test]
fn f4_specs_have_defaults() {
    let worker = ChildSpec::worker("a", ());
    let expected = ChildSpec {
        id: "a".into(),
        start: (),
        restart: Restart::Permanent,
        significant: false,
        kind: ChildKind::Worker,
        shutdown: Shutdown::After(Duration::from_secs(5)),
        backoff: None,
        start_timeout: None,
    };
    assert_eq!(worker, expected);
    let expected = ChildSpec { kind: ChildKind::Supervisor, shutdown: Shutdown::Infinity, ..worker };
    assert_eq!(ChildSpec::supervisor("a", ()), expected);
}

#[test]
fn f5_each_bad_field_has_its_own_error_naming_the_child() {
    let backoff = || spec("b backoff").backoff.expect("it has one");
    let with = |backoff| ChildSpec { backoff: Some(backoff), ..spec("b") };
    let cases = [
        (spec("b"), Ok(())),
        (spec("b shutdown=0s"), Ok(())),
        (spec("b backoff"), Ok(())),
        (ChildSpec::worker("", ()), Err(SpecError::NoId { index: 1 })),
        (spec("b/c"), Err(SpecError::BadId("b/c".into()))),
        (spec("b@c"), Err(SpecError::BadId("b@c".into()))),
        (spec("#1"), Err(SpecError::BadId("#1".into()))),
        (ChildSpec::worker("b\n", ()), Err(SpecError::BadId("b\n".into()))),
        (ChildSpec::worker("b".repeat(255), ()), Ok(())),
        (ChildSpec::worker("b".repeat(256), ()), Err(SpecError::BadId("b".repeat(256).into()))),
        (spec("a"), Err(SpecError::DuplicateId("a".into()))),
        (spec("b start_timeout=0s"), Err(SpecError::StartTimeoutZero("b".into()))),
        (with(Backoff { min: Duration::ZERO, ..backoff() }), Err(SpecError::BackoffMinZero("b".into()))),
        (
            with(Backoff { max: Duration::from_millis(99), ..backoff() }),
            Err(SpecError::BackoffMaxBelowMin("b".into())),
        ),
        (with(Backoff { factor: 0, ..backoff() }), Err(SpecError::BackoffFactorZero("b".into()))),
        (
            with(Backoff { jitter_permille: 1001, ..backoff() }),
            Err(SpecError::BackoffJitterTooLarge("b".into())),
        ),
        (
            with(Backoff { reset_after: Duration::ZERO, ..backoff() }),
            Err(SpecError::BackoffResetZero("b".into())),
        ),
    ];
    for (bad, expected) in cases {
        let shown = format!("{bad:?}");
        let plan = Plan { flags: Flags::default(), children: vec![spec("a"), bad] };
        assert_eq!(plan.check(), expected, "{shown}");
    }
}

#[test]
fn f6_significance_must_make_sense() {
    let cases = [
        ("any", "a temporary significant", Ok(())),
        ("all", "a transient significant", Ok(())),
        ("any", "a significant", Err(SpecError::SignificantPermanent("a".into()))),
        ("", "a transient significant", Err(SpecError::SignificantNever("a".into()))),
        ("dynamic", "a temporary significant", Err(SpecError::SignificantNever("a".into()))),
    ];
    for (flags, child, expected) in cases {
        assert_eq!(plan(flags, &[child]).check(), expected, "{flags}: {child}");
    }
}

#[test]
fn f6_is_checked_when_a_child_is_added_too() {
    up("any", &["a"]).run(&[
        ("call 9 start b significant", "reply 9 error: child \"b\": a permanent child cannot be significant"),
        ("call 9 start b transient significant", "start b 2"),
        ("started 2", "reply 9 started 2"),
    ]);
    up("", &["a"]).run(&[(
        "call 9 start b transient significant",
        "reply 9 error: child \"b\": significant, but the supervisor never shuts down automatically",
    )]);
}

#[test]
fn f7_a_dynamic_supervisor_has_exactly_one_template() {
    for (children, expected) in [
        (&["a"][..], Ok(())),
        (&[], Err(SpecError::Templates { found: 0 })),
        (&["a", "b"], Err(SpecError::Templates { found: 2 })),
    ] {
        assert_eq!(plan("dynamic", children).check(), expected);
    }
}
