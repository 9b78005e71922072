//! What the rewriting promises, on small modules.

use super::*;
use crate::engine::engine;
use wasmtime::{Instance, Module, Store, Trap, Val};

fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

fn refused(text: &str) -> RewriteError {
    rewrite(&wasm(text), &mut (), |_| Mode::Stops).expect_err("must be refused")
}

/// A rewritten module, alive.
struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn new(text: &str) -> Guest {
        let (rewritten, _) = rewrite(&wasm(text), &mut (), |_| Mode::Stops).unwrap();
        let module = Module::new(engine(), rewritten).unwrap();
        let mut store = Store::new(engine(), ());
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let mut guest = Guest { store, instance };
        guest.set(STACK, stack::STACK_MAX as i64);
        guest
    }

    fn get(&mut self, name: &str) -> i64 {
        self.instance.get_global(&mut self.store, name).unwrap().get(&mut self.store).unwrap_i64()
    }

    fn set(&mut self, name: &str, value: i64) {
        self.instance
            .get_global(&mut self.store, name)
            .unwrap()
            .set(&mut self.store, Val::I64(value))
            .unwrap();
    }

    /// Calls an entry; answers the result and the fuel it took, or how it ended.
    fn call(&mut self, name: &str, arg: i32, fuel: i64) -> Result<(i32, i64), (Option<Halt>, Trap)> {
        let f =
            self.instance.get_typed_func::<(i64, i32), (i32, i64)>(&mut self.store, &entry(name)).unwrap();
        match f.call(&mut self.store, (fuel, arg)) {
            Ok((result, left)) => Ok((result, fuel - left)),
            Err(error) => {
                let trap = *error.downcast_ref::<Trap>().unwrap();
                Err((Halt::from_counters(self.get(FUEL), self.get(STACK)), trap))
            }
        }
    }

    /// Fuel that `f(arg)` takes.
    fn price(text: &str, arg: i32) -> i64 {
        Guest::new(text).call("f", arg, 1 << 40).unwrap().1
    }
}

const FIB: &str = r#"(module (func $fib (export "f") (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
        (then (local.get 0))
        (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                       (call $fib (i32.sub (local.get 0) (i32.const 2))))))))"#;

const SUM: &str = r#"(module (func (export "f") (param i32) (result i32) (local i32)
    (block (loop
        (br_if 1 (i32.eqz (local.get 0)))
        (local.set 1 (i32.add (local.get 1) (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br 0)))
    (local.get 1)))"#;

#[test]
fn behaviour_stays_and_fuel_is_the_operators_executed() {
    assert_eq!(Guest::new(FIB).call("f", 10, 1 << 40).unwrap().0, 55);
    // Entry 1, comparison 3, if 1, local.get 1.
    assert_eq!(Guest::price(FIB, 1), 6);
    // Entry 1, comparison 3, if 1, the arm's 9, and two calls.
    assert_eq!(Guest::price(FIB, 2), 14 + 2 * 6);
    assert_eq!(Guest::new(SUM).call("f", 4, 1 << 40).unwrap().0, 10);
    // Entry 1 and the rest 1; a last pass of loop 1 and 3; four passes of loop 1, 3, 8 and br 1.
    assert_eq!(Guest::price(SUM, 4), 2 + 4 + 4 * 13);
}

#[test]
fn branches_that_skip_code_skip_its_price() {
    let text = r#"(module (func (export "f") (param i32) (result i32)
        (block $out
            (block $in (br_table $in $out (local.get 0)))
            (drop (i32.const 1)) (drop (i32.const 1)) (drop (i32.const 1)))
        (i32.const 7)))"#;
    assert_eq!(Guest::price(text, 0) - Guest::price(text, 1), 3);
}

#[test]
fn a_return_in_the_middle_gives_results_and_the_frame_back() {
    let text = r#"(module (func $two (param i32) (result i32 i32)
            (block (loop (br_if 1 (local.get 0)) (return (i32.const 1) (call $id (i32.const 2)))))
            (i32.const 3) (call $id (i32.const 4)))
        (func $id (param i32) (result i32) (local.get 0))
        (func (export "f") (param i32) (result i32) (i32.add (call $two (local.get 0)))))"#;
    let mut guest = Guest::new(text);
    let before = guest.get(STACK);
    assert_eq!(guest.call("f", 0, 100).unwrap().0, 3);
    assert_eq!(guest.call("f", 1, 100).unwrap().0, 7);
    assert_eq!(guest.get(STACK), before);
}

#[test]
fn fuel_runs_out_at_the_same_point_whatever_the_budget_was_before() {
    for (text, arg) in [(FIB, 10), (SUM, 100)] {
        let price = Guest::price(text, arg);
        let mut guest = Guest::new(text);
        guest.call("f", arg, price).unwrap();
        let (halt, trap) = guest.call("f", arg, price / 2).unwrap_err();
        assert_eq!((halt, trap), (Some(Halt::OutOfFuel), Trap::UnreachableCodeReached));
        let left = guest.get(FUEL);
        assert!((-20..0).contains(&left), "exact to a run of code: {left}");
        guest.set(STACK, stack::STACK_MAX as i64);
        guest.call("f", arg, price / 2).unwrap_err();
        assert_eq!(guest.get(FUEL), left);
    }
}

#[test]
fn endless_loops_of_any_kind_run_out() {
    let loops = [
        "(loop (br 0))",
        "(loop (block (br 1)))",
        "(loop (br_table 0 0 (i32.const 0)))",
        "(loop (if (i32.const 1) (then (br 1))))",
        "(loop (loop (br 1)))",
        "(loop (nop) (br_if 0 (i32.const 1)))",
        "(call $forever)",
    ];
    for body in loops {
        let text = format!(
            "(module (func $forever (loop (call $nothing) (br 0))) (func $nothing)
                (func (export \"f\") (param i32) (result i32) {body} (i32.const 0)))"
        );
        let (halt, _) = Guest::new(&text).call("f", 0, 100_000).unwrap_err();
        assert_eq!(halt, Some(Halt::OutOfFuel), "{body}");
    }
}

#[test]
fn a_guests_own_trap_is_told_apart_and_leaves_fuel_exact() {
    let text = r#"(module (func (export "f") (param i32) (result i32)
        (i32.div_u (i32.const 1) (local.get 0))))"#;
    let mut guest = Guest::new(text);
    assert_eq!(guest.call("f", 0, 100).unwrap_err(), (None, Trap::IntegerDivisionByZero));
    assert_eq!(guest.get(FUEL), 96);
    let unreachable = "(module (func (export \"f\") (param i32) (result i32) unreachable))";
    assert_eq!(Guest::new(unreachable).call("f", 0, 100).unwrap_err(), (None, Trap::UnreachableCodeReached));
}

#[test]
fn bulk_operations_are_charged_by_the_byte_before_they_act() {
    let text = |op: &str| {
        format!(
            "(module (memory 2) (data $d \"0123456789\") (func (export \"f\") (param i32) (result i32)
                ({op} (i32.const 0) (i32.const 0) (local.get 0)) (i32.const 0)))"
        )
    };
    for op in ["memory.fill", "memory.copy", "memory.init $d"] {
        let text = text(op);
        assert_eq!(Guest::price(&text, 10) - Guest::price(&text, 0), 10, "{op}");
        let (halt, trap) = Guest::new(&text).call("f", -1, 1 << 30).unwrap_err();
        assert_eq!((halt, trap), (Some(Halt::OutOfFuel), Trap::UnreachableCodeReached), "{op}");
    }
}

/// Functions that recurse without end, and what a compiler might keep in their frames.
fn recursions() -> Vec<(&'static str, String)> {
    let plain = "(func $r (export \"f\") (param i32) (result i32) (call $r (local.get 0)))".to_owned();
    let locals = {
        let gets: String = (0..200)
            .map(|i| format!("(local.set {i} (i32.add (local.get 0) (i32.const {i})))"))
            .skip(1)
            .collect();
        let adds: String = (1..200).map(|i| format!("(local.get {i}) i32.add ")).collect();
        format!(
            "(func $r (export \"f\") (param i32) (result i32) (local {}) {gets} (call $r (local.get 1)) {adds})",
            "i32 ".repeat(200)
        )
    };
    // The same expressions before and after the call: a compiler keeps each in a slot.
    let common = {
        let terms: String =
            (1..600).map(|i| format!("(i32.mul (local.get 0) (i32.const {})) i32.xor ", i * 7 + 1)).collect();
        format!(
            "(func $r (export \"f\") (param i32) (result i32) (i32.const 0) {terms} (call $r (local.get 0)) i32.add {terms})"
        )
    };
    let operands = {
        let pushes: String = (0..300).map(|i| format!("(i32.add (local.get 0) (i32.const {i})) ")).collect();
        format!(
            "(func $r (export \"f\") (param i32) (result i32) {pushes} (call $r (local.get 0)) {})",
            "i32.xor ".repeat(300)
        )
    };
    let lanes = {
        let terms: String = (1..300)
            .map(|i| format!("(i32x4.mul (local.get 1) (i32x4.splat (i32.const {i}))) v128.xor "))
            .collect();
        format!(
            "(func $r (export \"f\") (param i32) (result i32) (local v128)
                (local.set 1 (i32x4.splat (local.get 0)))
                (local.get 1) {terms} (i32x4.extract_lane 0) (call $r (local.get 0)) i32.add
                (local.get 1) {terms} (i32x4.extract_lane 0) i32.add)"
        )
    };
    let addresses = {
        let loads: String = (1..300)
            .map(|i| format!("(i32.load (i32.mul (local.get 0) (i32.const {i}))) i32.add "))
            .collect();
        format!(
            "(memory 1) (func $r (export \"f\") (param i32) (result i32)
                (i32.const 0) {loads} (call $r (local.get 0)) i32.add {loads})"
        )
    };
    // The same for every pass of a loop: a compiler computes them once, in front of it.
    let invariants = |term: &dyn Fn(usize) -> String| {
        let terms: String = (1..600).map(|i| format!("{} i32.xor ", term(i))).collect();
        format!(
            "(memory 1) (func $r (export \"f\") (param i32) (result i32) (local i32)
                (loop (local.set 1 (call $r (local.get 0))) (local.get 1) {terms} (local.set 1)
                    (br_if 0 (local.get 1)))
                (local.get 1))"
        )
    };
    let products = invariants(&|i| format!("(i32.mul (local.get 0) (i32.const {}))", i * 7 + 1));
    let loads =
        invariants(&|i| format!("(i32.load offset={} (i32.mul (local.get 0) (i32.const {i})))", i * 64));
    let stores = {
        let terms: String = (1..600)
            .map(|i| {
                format!(
                    "(i32.store (i32.mul (local.get 0) (i32.const {})) (i32.mul (local.get 0) (i32.const {}))) ",
                    i * 7 + 1,
                    i * 11 + 5
                )
            })
            .collect();
        format!(
            "(memory 1) (func $r (export \"f\") (param i32) (result i32) (local i32)
                (loop (local.set 1 (call $r (local.get 0))) {terms} (br_if 0 (local.get 1))) (local.get 1))"
        )
    };
    let indirect = "(table funcref (elem $r)) (func $r (export \"f\") (param i32) (result i32)
        (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))"
        .to_owned();
    vec![
        ("plain", plain),
        ("locals", locals),
        ("common", common),
        ("operands", operands),
        ("lanes", lanes),
        ("addresses", addresses),
        ("indirect", indirect),
        ("products", products),
        ("loads", loads),
        ("stores", stores),
    ]
}

#[test]
fn endless_recursion_meets_our_limit_and_never_the_native_one() {
    for (what, text) in recursions() {
        let mut guest = Guest::new(&format!("(module {text})"));
        let (halt, trap) = guest.call("f", 1, 1 << 40).unwrap_err();
        assert_eq!((halt, trap), (Some(Halt::StackOverflow), Trap::UnreachableCodeReached), "{what}");
    }
}

#[test]
fn the_start_section_becomes_an_entry_and_does_not_run_by_itself() {
    let text = r#"(module (global $g (mut i32) (i32.const 0)) (start $s)
        (func $s (global.set $g (i32.const 5)))
        (func (export "f") (param i32) (result i32) (global.get $g)))"#;
    let mut guest = Guest::new(text);
    assert_eq!(guest.call("f", 0, 100).unwrap().0, 0);
    let start = guest.instance.get_typed_func::<i64, i64>(&mut guest.store, START).unwrap();
    assert_eq!(start.call(&mut guest.store, 100).unwrap(), 97);
    assert_eq!(guest.call("f", 0, 100).unwrap().0, 5);
}

#[test]
fn hidden_state_is_in_reach() {
    let text = "(module (memory 1) (table 3 funcref) (global i32 (i32.const 1))
        (global (mut i64) (i64.const 2)) (global (export \"g\") (mut f32) (f32.const 3)))";
    let mut guest = Guest::new(text);
    assert_eq!(guest.get(&global(0)), 2);
    assert!(guest.instance.get_global(&mut guest.store, &global(1)).is_some());
    assert!(guest.instance.get_global(&mut guest.store, &global(2)).is_none());
    assert!(guest.instance.get_memory(&mut guest.store, MEMORY).is_some());
    assert!(guest.instance.get_table(&mut guest.store, &table(0)).is_some());
}

#[test]
fn what_cannot_be_snapshot_is_refused_by_name() {
    let cases = [
        ("data.drop", "(memory 1) (data \"x\") (func $drops (data.drop 0))"),
        ("elem.drop", "(elem func) (func $drops (elem.drop 0))"),
        ("table.set", "(table 1 funcref) (func $drops (table.set (i32.const 0) (ref.null func)))"),
        ("table.grow", "(table 1 funcref) (func $drops (drop (table.grow (ref.null func) (i32.const 1))))"),
        (
            "table.fill",
            "(table 1 funcref) (func $drops (table.fill (i32.const 0) (ref.null func) (i32.const 1)))",
        ),
        (
            "table.copy",
            "(table 1 funcref) (func $drops (table.copy (i32.const 0) (i32.const 0) (i32.const 1)))",
        ),
        (
            "table.init",
            "(table 1 funcref) (elem func) (func $drops (table.init 0 (i32.const 0) (i32.const 0) (i32.const 0)))",
        ),
    ];
    for (instruction, body) in cases {
        let error = refused(&format!("(module {body})"));
        assert_eq!(error, RewriteError::Instruction { instruction, function: "`drops`".into() });
        assert_eq!(
            error.to_string(),
            format!("`{instruction}` in function `drops` cannot be put back from a snapshot")
        );
    }
    assert_eq!(
        refused("(module (global (mut funcref) (ref.null func)))"),
        RewriteError::ReferenceGlobal { index: 0 }
    );
}

#[test]
fn reserved_names_components_and_garbage_are_refused() {
    assert_eq!(refused("(module (func (export \"seedbed:x\")))"), RewriteError::Reserved("seedbed:x".into()));
    assert_eq!(
        refused("(module (import \"seedbed:x\" \"f\" (func)))"),
        RewriteError::Reserved("seedbed:x".into())
    );
    assert_eq!(refused("(component)"), RewriteError::Component);
    for garbage in [&b""[..], b"\0asm", b"not wasm at all", b"\0asm\x01\0\0\0\xff"] {
        assert!(matches!(rewrite(garbage, &mut (), |_| Mode::Stops), Err(RewriteError::Invalid(_))));
    }
    assert!(matches!(refused("(module (memory i64 1))"), RewriteError::Invalid(text) if text.contains("64")));
}

#[test]
fn a_probe_is_asked_at_every_run() {
    struct Count(Vec<(u32, u32)>);
    impl Probe for Count {
        fn at(&mut self, function: u32, run: u32, out: &mut wasm_encoder::Function) {
            self.0.push((function, run));
            out.instruction(&wasm_encoder::Instruction::Nop);
        }
    }
    let mut count = Count(Vec::new());
    rewrite(&wasm(SUM), &mut count, |_| Mode::Stops).unwrap();
    // The function with what follows its block, the loop, and what follows the loop's exit.
    assert_eq!(count.0, [(0, 0), (0, 1), (0, 2)]);
}

#[test]
fn rewriting_is_a_function_of_the_module() {
    let (one, _) = rewrite(&wasm(FIB), &mut (), |_| Mode::Stops).unwrap();
    let (two, _) = rewrite(&wasm(FIB), &mut (), |_| Mode::Stops).unwrap();
    assert_eq!(one, two);
    wasmparser::Validator::new_with_features(crate::engine::FEATURES).validate_all(&one).unwrap();
}
