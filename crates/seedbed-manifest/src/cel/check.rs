//! From CEL's syntax tree to the typed tree: every name known, every type right.
//!
//! The macros (`all`, `exists`, `exists_one`, `filter`, `map`) arrive expanded; they are the only
//! source of comprehensions, so each is recognised by how its expansion begins.

use super::eval::NESTING_MAX;
use super::tree::{Arithmetic, Bool, Comparison, Counter, Extreme, FactName, Int, List, Variable};
use super::{CelProblem, Reads};
use crate::nearest::advice;
use crate::report::Code;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;
use std::ops::Range;

/// Longest condition that is read, in bytes.
const LEN_MAX: usize = 4096;

/// Deepest nesting of parentheses, brackets and operators before an operand that is read.
const DEPTH_MAX: usize = 64;

/// Functions and variables there are.
const FUNCTIONS: [&str; 13] = [
    "facts",
    "fact",
    "has_fact",
    "sum",
    "count",
    "size",
    "min",
    "max",
    "all",
    "exists",
    "exists_one",
    "filter",
    "map",
];
const VARIABLES: [&str; 3] = ["time_ns", "dead_letters", "restarts"];

/// Parses and checks a condition.
pub(super) fn compile(text: &str) -> Result<(Bool, Reads), Vec<CelProblem>> {
    let whole = |code, message: String| vec![CelProblem { code, span: 0..text.len(), message, help: None }];
    if text.trim().is_empty() {
        return Err(whole(Code::CelSyntax, "the condition is empty".to_owned()));
    }
    if text.len() > LEN_MAX {
        return Err(whole(Code::CelSyntax, format!("the condition is longer than {LEN_MAX} bytes")));
    }
    if depth(text) > DEPTH_MAX {
        return Err(whole(Code::CelSyntax, format!("the condition is nested deeper than {DEPTH_MAX}")));
    }
    let (expr, source) = Parser::new().parse_with_source_info(text).map_err(|errors| {
        errors.errors.iter().map(|e| syntax_problem(text, e.pos, &e.msg)).collect::<Vec<_>>()
    })?;
    let mut check =
        Check { text, source: &source, scope: Vec::new(), reads: Reads::default(), problems: Vec::new() };
    let condition = check.bool(&expr);
    match condition {
        Some(condition) if check.problems.is_empty() => Ok((condition, check.reads)),
        _ => Err(check.problems),
    }
}

/// How deep the parser might have to go: brackets that are open, and prefix operators and
/// conditionals in a row, which nest without brackets.
fn depth(text: &str) -> usize {
    let (mut open, mut prefix, mut deepest) = (0usize, 0usize, 0usize);
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '!' | '-' | '?' => prefix += 1,
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest.max(prefix)
}

fn syntax_problem(text: &str, (line, column): (isize, isize), message: &str) -> CelProblem {
    let line_start: usize =
        text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum();
    let rest = text.get(line_start..).unwrap_or("");
    let column = usize::try_from(column - 1).unwrap_or(0);
    let at = line_start + rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i);
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    // The parser lists every token it could have taken, which helps nobody.
    let message = message.split(" expecting {").next().unwrap_or(message).trim();
    CelProblem { code: Code::CelSyntax, span: at..at + 1, message: format!("not CEL: {message}"), help: None }
}

/// An expression whose type is known.
enum Typed {
    Int(Int),
    Bool(Bool),
    List(List),
    Text,
}

impl Typed {
    fn type_name(&self) -> &'static str {
        match self {
            Typed::Int(_) => "an integer",
            Typed::Bool(_) => "a boolean",
            Typed::List(_) => "a list of integers",
            Typed::Text => "a string",
        }
    }
}

struct Check<'a> {
    text: &'a str,
    source: &'a SourceInfo,
    scope: Vec<String>,
    reads: Reads,
    problems: Vec<CelProblem>,
}

impl Check<'_> {
    fn problem<T>(&mut self, code: Code, at: &IdedExpr, message: impl Into<String>) -> Option<T> {
        self.problem_with(code, at, message, None)
    }

    fn problem_with<T>(
        &mut self,
        code: Code,
        at: &IdedExpr,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Option<T> {
        self.problems.push(CelProblem { code, span: self.span(at), message: message.into(), help });
        None
    }

    fn span(&self, expr: &IdedExpr) -> Range<usize> {
        let found = self.extent(expr);
        if found.start >= self.text.len() {
            return 0..self.text.len();
        }
        found.start..found.end.clamp(found.start + 1, self.text.len())
    }

    /// From the first to the last token of an expression. The parser keeps one token of each part;
    /// of a call the parenthesis, so that the name before it and the end are looked for.
    fn extent(&self, expr: &IdedExpr) -> Range<usize> {
        let token = self.source.offset_for(expr.id);
        // Without a token it begins after the end, so that any part's extent replaces it.
        let mut extent = match token {
            Some((first, last)) => first as usize..last as usize + 1,
            None => Range { start: usize::MAX, end: 0 },
        };
        let parts: Vec<&IdedExpr> = match &expr.expr {
            Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
            Expr::List(list) => list.elements.iter().collect(),
            Expr::Select(select) => vec![&select.operand],
            Expr::Comprehension(c) => vec![&c.iter_range],
            _ => Vec::new(),
        };
        let name = match &expr.expr {
            Expr::Call(call) if call.func_name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                Some(&call.func_name)
            }
            _ => None,
        };
        if let Some(name) = name
            && self.text.get(..extent.start).is_some_and(|before| before.ends_with(name))
        {
            extent.start -= name.len();
        }
        for part in parts.into_iter().map(|part| self.extent(part)) {
            extent = extent.start.min(part.start)..extent.end.max(part.end);
        }
        if name.is_some()
            && let Some(rest) = self.text.get(extent.end..)
            && let Some(after) = rest.trim_start().strip_prefix(')')
        {
            extent.end += rest.len() - after.len();
        }
        extent
    }

    fn int(&mut self, expr: &IdedExpr) -> Option<Int> {
        match self.infer(expr)? {
            Typed::Int(n) => Some(n),
            other => {
                self.problem(Code::CelType, expr, format!("expected an integer, found {}", other.type_name()))
            }
        }
    }

    fn bool(&mut self, expr: &IdedExpr) -> Option<Bool> {
        match self.infer(expr)? {
            Typed::Bool(b) => Some(b),
            other => {
                self.problem(Code::CelType, expr, format!("expected a boolean, found {}", other.type_name()))
            }
        }
    }

    fn list(&mut self, expr: &IdedExpr) -> Option<List> {
        match self.infer(expr)? {
            Typed::List(list) => Some(list),
            other => self.problem(
                Code::CelType,
                expr,
                format!("expected a list of integers, found {}", other.type_name()),
            ),
        }
    }

    fn infer(&mut self, expr: &IdedExpr) -> Option<Typed> {
        match &expr.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(b) => Some(Typed::Bool(Bool::Literal(*b.inner()))),
                LiteralValue::Int(n) => Some(Typed::Int(Int::Literal(*n.inner()))),
                LiteralValue::String(_) => Some(Typed::Text),
                LiteralValue::Double(_) => self.unsupported(expr, "a floating-point number"),
                LiteralValue::UInt(_) => self.unsupported(expr, "an unsigned number"),
                LiteralValue::Bytes(_) => self.unsupported(expr, "a byte string"),
                LiteralValue::Null => self.unsupported(expr, "null"),
            },
            Expr::Ident(name) => self.variable(expr, name),
            Expr::List(list) => {
                let items: Vec<_> = list.elements.iter().map(|item| self.int(item)).collect();
                items.into_iter().collect::<Option<Vec<_>>>().map(|items| Typed::List(List::Literal(items)))
            }
            Expr::Call(call) => self.call(expr, call),
            Expr::Comprehension(comprehension) => self.comprehension(expr, comprehension),
            Expr::Select(_) => self.unsupported(expr, "a field"),
            Expr::Map(_) => self.unsupported(expr, "a map"),
            Expr::Struct(_) => self.unsupported(expr, "a message"),
            Expr::Unspecified => self.problem(Code::CelSyntax, expr, "not CEL"),
        }
    }

    fn unsupported<T>(&mut self, expr: &IdedExpr, what: &str) -> Option<T> {
        let help = "conditions know integers, booleans and lists of integers".to_owned();
        self.problem_with(Code::CelUnsupported, expr, format!("{what} cannot be used here"), Some(help))
    }

    fn variable(&mut self, expr: &IdedExpr, name: &str) -> Option<Typed> {
        if let Some(slot) = self.scope.iter().rposition(|v| v == name) {
            return Some(Typed::Int(Int::Variable(Variable { slot, name: name.to_owned() })));
        }
        let counter = match name {
            "time_ns" => {
                self.reads.time = true;
                Counter::TimeNs
            }
            "dead_letters" => {
                self.reads.dead_letters = true;
                Counter::DeadLetters
            }
            "restarts" => {
                self.reads.restarts = true;
                Counter::Restarts
            }
            _ => {
                let known: Vec<String> =
                    VARIABLES.iter().map(|v| (*v).to_owned()).chain(self.scope.iter().cloned()).collect();
                let help = advice(name, known.iter().map(String::as_str));
                return self.problem_with(Code::CelUnknown, expr, format!("unknown variable `{name}`"), help);
            }
        };
        Some(Typed::Int(Int::Counter(counter)))
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Option<Typed> {
        if let Some(op) = arithmetic(&call.func_name) {
            return self.arithmetic(expr, op, call);
        }
        if let Some(op) = comparison(&call.func_name) {
            return self.comparison(expr, op, call);
        }
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (operators::LOGICAL_NOT, None, [b]) => Some(Typed::Bool(Bool::Not(Box::new(self.bool(b)?)))),
            (operators::NEGATE, None, [n]) => Some(Typed::Int(Int::Negate(Box::new(self.int(n)?)))),
            (operators::LOGICAL_AND, None, [l, r]) => {
                let (l, r) = (self.bool(l), self.bool(r));
                Some(Typed::Bool(Bool::And(Box::new(l?), Box::new(r?))))
            }
            (operators::LOGICAL_OR, None, [l, r]) => {
                let (l, r) = (self.bool(l), self.bool(r));
                Some(Typed::Bool(Bool::Or(Box::new(l?), Box::new(r?))))
            }
            (operators::CONDITIONAL, None, [condition, l, r]) => self.conditional(expr, condition, l, r),
            (operators::INDEX, None, [list, at]) => {
                let (list, at) = (self.list(list), self.int(at));
                Some(Typed::Int(Int::Index(Box::new(list?), Box::new(at?))))
            }
            (operators::IN, None, [n, list]) => {
                let (n, list) = (self.int(n), self.list(list));
                Some(Typed::Bool(Bool::In(n?, Box::new(list?))))
            }
            ("facts", None, [key]) => {
                let key = self.name(key)?;
                self.reads.keys.insert(key.clone());
                Some(Typed::List(List::Facts(key)))
            }
            ("has_fact", None, [path, key]) => Some(Typed::Bool(Bool::HasFact(self.fact_name(path, key)?))),
            ("fact", None, [path, key]) => Some(Typed::Int(Int::Fact(self.fact_name(path, key)?))),
            ("fact", None, [path, key, default]) => {
                let (name, default) = (self.fact_name(path, key), self.int(default));
                Some(Typed::Int(Int::FactOr(name?, Box::new(default?))))
            }
            ("sum", None, [list]) => Some(Typed::Int(Int::Sum(Box::new(self.list(list)?)))),
            ("sum", Some(list), []) => Some(Typed::Int(Int::Sum(Box::new(self.list(list)?)))),
            ("count" | "size", None, [list]) => Some(Typed::Int(Int::Count(Box::new(self.list(list)?)))),
            ("count" | "size", Some(list), []) => Some(Typed::Int(Int::Count(Box::new(self.list(list)?)))),
            ("min", None, args @ ([_] | [_, _])) => self.extreme(Extreme::Min, args),
            ("max", None, args @ ([_] | [_, _])) => self.extreme(Extreme::Max, args),
            (name, ..) => {
                let what =
                    if FUNCTIONS.contains(&name) { "is not called like this" } else { "does not exist" };
                let help = usage(name).map(str::to_owned).or_else(|| advice(name, FUNCTIONS));
                self.problem_with(Code::CelUnknown, expr, format!("function `{name}` {what}"), help)
            }
        }
    }

    fn arithmetic(&mut self, expr: &IdedExpr, op: Arithmetic, call: &CallExpr) -> Option<Typed> {
        let [l, r] = call.args.as_slice() else {
            return self.problem(Code::CelSyntax, expr, "an operator needs two sides");
        };
        match (op, self.infer(l), self.infer(r)) {
            (_, Some(Typed::Int(l)), Some(Typed::Int(r))) => {
                Some(Typed::Int(Int::Arithmetic(op, Box::new(l), Box::new(r))))
            }
            (Arithmetic::Add, Some(Typed::List(l)), Some(Typed::List(r))) => {
                Some(Typed::List(List::Concat(Box::new(l), Box::new(r))))
            }
            (_, Some(l), Some(r)) => {
                let message = format!("cannot compute with {} and {}", l.type_name(), r.type_name());
                self.problem(Code::CelType, expr, message)
            }
            _ => None,
        }
    }

    fn comparison(&mut self, expr: &IdedExpr, op: Comparison, call: &CallExpr) -> Option<Typed> {
        let [l, r] = call.args.as_slice() else {
            return self.problem(Code::CelSyntax, expr, "an operator needs two sides");
        };
        let same = match op {
            Comparison::Equal => Some(true),
            Comparison::NotEqual => Some(false),
            _ => None,
        };
        let (l, r) = (self.infer(l), self.infer(r));
        let condition = match (l?, r?, same) {
            (Typed::Int(l), Typed::Int(r), _) => Bool::Compare(op, l, r),
            (Typed::Bool(l), Typed::Bool(r), Some(same)) => Bool::Agree(same, Box::new(l), Box::new(r)),
            (Typed::List(l), Typed::List(r), Some(same)) => Bool::ListsAgree(same, l, r),
            (l, r, _) => {
                let message =
                    format!("cannot compare {} with {} by `{}`", l.type_name(), r.type_name(), op.sign());
                return self.problem(Code::CelType, expr, message);
            }
        };
        Some(Typed::Bool(condition))
    }

    fn conditional(
        &mut self,
        expr: &IdedExpr,
        condition: &IdedExpr,
        l: &IdedExpr,
        r: &IdedExpr,
    ) -> Option<Typed> {
        let condition = self.bool(condition);
        let (l, r) = (self.infer(l), self.infer(r));
        let condition = Box::new(condition?);
        match (l?, r?) {
            (Typed::Int(l), Typed::Int(r)) => Some(Typed::Int(Int::If(condition, Box::new(l), Box::new(r)))),
            (Typed::Bool(l), Typed::Bool(r)) => {
                Some(Typed::Bool(Bool::If(condition, Box::new(l), Box::new(r))))
            }
            (Typed::List(l), Typed::List(r)) => {
                Some(Typed::List(List::If(condition, Box::new(l), Box::new(r))))
            }
            (l, r) => {
                let message = format!("one side is {}, the other {}", l.type_name(), r.type_name());
                self.problem(Code::CelType, expr, message)
            }
        }
    }

    fn extreme(&mut self, which: Extreme, args: &[IdedExpr]) -> Option<Typed> {
        let second = args.get(1).map(|n| self.int(n));
        match (self.infer(&args[0])?, second) {
            (Typed::List(list), None) => Some(Typed::Int(Int::Of(which, Box::new(list), None))),
            (Typed::List(list), Some(default)) => {
                Some(Typed::Int(Int::Of(which, Box::new(list), Some(Box::new(default?)))))
            }
            (Typed::Int(l), Some(r)) => Some(Typed::Int(Int::Between(which, Box::new(l), Box::new(r?)))),
            (other, _) => {
                let message =
                    format!("`{}` needs a list or two integers, found {}", which.name(), other.type_name());
                self.problem(Code::CelType, &args[0], message)
            }
        }
    }

    fn comprehension(&mut self, expr: &IdedExpr, c: &ComprehensionExpr) -> Option<Typed> {
        let list = self.list(&c.iter_range);
        if self.scope.len() == NESTING_MAX {
            return self.problem(
                Code::CelUnsupported,
                expr,
                format!("lists are nested deeper than {NESTING_MAX}"),
            );
        }
        let variable = Variable { slot: self.scope.len(), name: c.iter_var.clone() };
        self.scope.push(c.iter_var.clone());
        let typed = self.expansion(expr, c, list, variable);
        self.scope.pop();
        typed
    }

    /// The macro of which this is the expansion, as `cel` writes it (and CEL's specification).
    fn expansion(
        &mut self,
        expr: &IdedExpr,
        c: &ComprehensionExpr,
        list: Option<List>,
        v: Variable,
    ) -> Option<Typed> {
        let step = match &c.loop_step.expr {
            Expr::Call(call) => call.args.as_slice(),
            _ => &[],
        };
        match (&c.accu_init.expr, step) {
            (Expr::Literal(LiteralValue::Boolean(b)), [_, p]) => {
                let p = Box::new(self.bool(p)?);
                let list = Box::new(list?);
                Some(Typed::Bool(if *b.inner() { Bool::All(list, v, p) } else { Bool::Exists(list, v, p) }))
            }
            (Expr::Literal(LiteralValue::Int(_)), [p, _, _]) => {
                let p = Box::new(self.bool(p)?);
                Some(Typed::Bool(Bool::ExistsOne(Box::new(list?), v, p)))
            }
            (Expr::List(_), [p, append, _]) => {
                let (p, value) = (self.bool(p), self.int(appended(append)?));
                self.mapped(list, v, Some(Box::new(p?)), value?)
            }
            (Expr::List(_), [_, _]) => {
                let value = self.int(appended(&c.loop_step)?)?;
                self.mapped(list, v, None, value)
            }
            _ => self.unsupported(expr, "this macro"),
        }
    }

    fn mapped(&mut self, list: Option<List>, v: Variable, p: Option<Box<Bool>>, value: Int) -> Option<Typed> {
        let list = Box::new(list?);
        Some(Typed::List(match (p, value) {
            (Some(p), Int::Variable(same)) if same == v => List::Filter(list, v, p),
            (p, value) => List::Map(list, v, p, Box::new(value)),
        }))
    }

    /// A name that is known before the run: a string literal.
    fn name(&mut self, expr: &IdedExpr) -> Option<String> {
        match &expr.expr {
            Expr::Literal(LiteralValue::String(s)) => Some(s.inner().to_owned()),
            _ => self.problem(
                Code::CelType,
                expr,
                "expected a string literal: what a condition reads is known before the run",
            ),
        }
    }

    fn fact_name(&mut self, path: &IdedExpr, key: &IdedExpr) -> Option<FactName> {
        let (path, key) = (self.name(path), self.name(key));
        let (path, key) = (path?, key?);
        let (path, node) = match path.split_once('@') {
            Some((path, node)) => (path.to_owned(), Some(node.to_owned())),
            None => (path, None),
        };
        self.reads.keys.insert(key.clone());
        Some(FactName { node, path, key })
    }
}

/// What an expanded `map` or `filter` appends: `@result + [value]`.
fn appended(step: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::Call(call) = &step.expr else {
        return None;
    };
    match call.args.as_slice() {
        [_, IdedExpr { expr: Expr::List(list), .. }] => list.elements.first(),
        _ => None,
    }
}

fn arithmetic(name: &str) -> Option<Arithmetic> {
    match name {
        operators::ADD => Some(Arithmetic::Add),
        operators::SUBSTRACT => Some(Arithmetic::Subtract),
        operators::MULTIPLY => Some(Arithmetic::Multiply),
        operators::DIVIDE => Some(Arithmetic::Divide),
        operators::MODULO => Some(Arithmetic::Remainder),
        _ => None,
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    match name {
        operators::EQUALS => Some(Comparison::Equal),
        operators::NOT_EQUALS => Some(Comparison::NotEqual),
        operators::LESS => Some(Comparison::Less),
        operators::LESS_EQUALS => Some(Comparison::AtMost),
        operators::GREATER => Some(Comparison::Greater),
        operators::GREATER_EQUALS => Some(Comparison::AtLeast),
        _ => None,
    }
}

fn usage(name: &str) -> Option<&'static str> {
    match name {
        "facts" => Some("facts(\"key\")"),
        "fact" => Some("fact(\"path\", \"key\") or fact(\"path\", \"key\", default)"),
        "has_fact" => Some("has_fact(\"path\", \"key\")"),
        "sum" => Some("sum(list)"),
        "count" | "size" => Some("count(list)"),
        "min" | "max" => Some("min(list), min(list, if_empty) or min(a, b)"),
        "all" => Some("list.all(x, condition)"),
        "exists" => Some("list.exists(x, condition)"),
        "exists_one" => Some("list.exists_one(x, condition)"),
        "filter" => Some("list.filter(x, condition)"),
        "map" => Some("list.map(x, value)"),
        _ => None,
    }
}
