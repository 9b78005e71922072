//! The typed tree of a condition, and how it reads as text.
//!
//! Invariant: every list holds integers, and a variable is the element of an enclosing list.

use std::fmt;

/// An operator on two integers that gives an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// A comparison of two integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Which of several integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extreme {
    Min,
    Max,
}

/// Something of the world that is a number by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counter {
    TimeNs,
    DeadLetters,
    Restarts,
}

/// Which fact of which actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FactName {
    pub(super) node: Option<String>,
    pub(super) path: String,
    pub(super) key: String,
}

/// The element of a list, inside of what is said about each element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    /// Index among the enclosing lists.
    pub(super) slot: usize,
    pub(super) name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Int {
    Literal(i64),
    Variable(Variable),
    Counter(Counter),
    Fact(FactName),
    FactOr(FactName, Box<Int>),
    Negate(Box<Int>),
    Arithmetic(Arithmetic, Box<Int>, Box<Int>),
    Sum(Box<List>),
    Count(Box<List>),
    /// Of a list; the integer stands for an empty one.
    Of(Extreme, Box<List>, Option<Box<Int>>),
    Between(Extreme, Box<Int>, Box<Int>),
    Index(Box<List>, Box<Int>),
    If(Box<Bool>, Box<Int>, Box<Int>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bool {
    Literal(bool),
    HasFact(FactName),
    Not(Box<Bool>),
    And(Box<Bool>, Box<Bool>),
    Or(Box<Bool>, Box<Bool>),
    Compare(Comparison, Int, Int),
    /// Equal, or if `false` not equal.
    Agree(bool, Box<Bool>, Box<Bool>),
    ListsAgree(bool, List, List),
    In(Int, Box<List>),
    All(Box<List>, Variable, Box<Bool>),
    Exists(Box<List>, Variable, Box<Bool>),
    ExistsOne(Box<List>, Variable, Box<Bool>),
    If(Box<Bool>, Box<Bool>, Box<Bool>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum List {
    Literal(Vec<Int>),
    Facts(String),
    Filter(Box<List>, Variable, Box<Bool>),
    Map(Box<List>, Variable, Option<Box<Bool>>, Box<Int>),
    Concat(Box<List>, Box<List>),
    If(Box<Bool>, Box<List>, Box<List>),
}

impl Int {
    /// True if it is the same in every world.
    pub(super) fn is_constant(&self) -> bool {
        match self {
            Int::Literal(_) => true,
            Int::Negate(n) => n.is_constant(),
            Int::Arithmetic(_, l, r) | Int::Between(_, l, r) => l.is_constant() && r.is_constant(),
            _ => false,
        }
    }
}

impl Comparison {
    pub(super) fn holds(self, l: i64, r: i64) -> bool {
        match self {
            Comparison::Equal => l == r,
            Comparison::NotEqual => l != r,
            Comparison::Less => l < r,
            Comparison::AtMost => l <= r,
            Comparison::Greater => l > r,
            Comparison::AtLeast => l >= r,
        }
    }

    /// The comparison that says the same with the sides exchanged.
    pub(super) fn flipped(self) -> Comparison {
        match self {
            Comparison::Equal | Comparison::NotEqual => self,
            Comparison::Less => Comparison::Greater,
            Comparison::AtMost => Comparison::AtLeast,
            Comparison::Greater => Comparison::Less,
            Comparison::AtLeast => Comparison::AtMost,
        }
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        }
    }
}

impl Arithmetic {
    fn sign(self) -> &'static str {
        match self {
            Arithmetic::Add => "+",
            Arithmetic::Subtract => "-",
            Arithmetic::Multiply => "*",
            Arithmetic::Divide => "/",
            Arithmetic::Remainder => "%",
        }
    }
}

impl Extreme {
    pub(super) fn name(self) -> &'static str {
        match self {
            Extreme::Min => "min",
            Extreme::Max => "max",
        }
    }
}

/// `path` or `path@node`, and the key, as arguments.
impl fmt::Display for FactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, node) = self.node.as_deref().map_or(("", ""), |node| ("@", node));
        write!(f, "\"{}{at}{node}\", \"{}\"", self.path, self.key)
    }
}

/// Puts parentheses around an operand that is itself an operation.
struct Operand<'a, T>(&'a T);

impl fmt::Display for Operand<'_, Int> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Int::Arithmetic(..) | Int::If(..) => write!(f, "({})", self.0),
            _ => self.0.fmt(f),
        }
    }
}

impl fmt::Display for Operand<'_, Bool> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Bool::And(..)
            | Bool::Or(..)
            | Bool::Compare(..)
            | Bool::Agree(..)
            | Bool::ListsAgree(..)
            | Bool::In(..)
            | Bool::If(..) => {
                write!(f, "({})", self.0)
            }
            _ => self.0.fmt(f),
        }
    }
}

impl fmt::Display for Operand<'_, List> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            List::Concat(..) | List::If(..) => write!(f, "({})", self.0),
            _ => self.0.fmt(f),
        }
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Int::Literal(n) => n.fmt(f),
            Int::Variable(v) => f.write_str(&v.name),
            Int::Counter(Counter::TimeNs) => f.write_str("time_ns"),
            Int::Counter(Counter::DeadLetters) => f.write_str("dead_letters"),
            Int::Counter(Counter::Restarts) => f.write_str("restarts"),
            Int::Fact(name) => write!(f, "fact({name})"),
            Int::FactOr(name, default) => write!(f, "fact({name}, {default})"),
            Int::Negate(n) => write!(f, "-{}", Operand(&**n)),
            Int::Arithmetic(op, l, r) => {
                write!(f, "{} {} {}", Operand(&**l), op.sign(), Operand(&**r))
            }
            Int::Sum(list) => write!(f, "sum({list})"),
            Int::Count(list) => write!(f, "count({list})"),
            Int::Of(which, list, None) => write!(f, "{}({list})", which.name()),
            Int::Of(which, list, Some(default)) => write!(f, "{}({list}, {default})", which.name()),
            Int::Between(which, l, r) => write!(f, "{}({l}, {r})", which.name()),
            Int::Index(list, at) => write!(f, "{}[{at}]", Operand(&**list)),
            Int::If(c, l, r) => write!(f, "{} ? {} : {}", Operand(&**c), Operand(&**l), Operand(&**r)),
        }
    }
}

impl fmt::Display for Bool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equals = |same: &bool| if *same { "==" } else { "!=" };
        match self {
            Bool::Literal(b) => b.fmt(f),
            Bool::HasFact(name) => write!(f, "has_fact({name})"),
            Bool::Not(b) => write!(f, "!{}", Operand(&**b)),
            Bool::And(l, r) => write!(f, "{} && {}", Operand(&**l), Operand(&**r)),
            Bool::Or(l, r) => write!(f, "{} || {}", Operand(&**l), Operand(&**r)),
            Bool::Compare(op, l, r) => write!(f, "{} {} {}", Operand(l), op.sign(), Operand(r)),
            Bool::Agree(same, l, r) => {
                write!(f, "{} {} {}", Operand(&**l), equals(same), Operand(&**r))
            }
            Bool::ListsAgree(same, l, r) => {
                write!(f, "{} {} {}", Operand(l), equals(same), Operand(r))
            }
            Bool::In(n, list) => write!(f, "{} in {}", Operand(n), Operand(&**list)),
            Bool::All(list, v, p) => write!(f, "{}.all({}, {p})", Operand(&**list), v.name),
            Bool::Exists(list, v, p) => write!(f, "{}.exists({}, {p})", Operand(&**list), v.name),
            Bool::ExistsOne(list, v, p) => {
                write!(f, "{}.exists_one({}, {p})", Operand(&**list), v.name)
            }
            Bool::If(c, l, r) => write!(f, "{} ? {} : {}", Operand(&**c), Operand(&**l), Operand(&**r)),
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            List::Literal(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            List::Facts(key) => write!(f, "facts(\"{key}\")"),
            List::Filter(list, v, p) => write!(f, "{}.filter({}, {p})", Operand(&**list), v.name),
            List::Map(list, v, None, value) => {
                write!(f, "{}.map({}, {value})", Operand(&**list), v.name)
            }
            List::Map(list, v, Some(p), value) => {
                write!(f, "{}.map({}, {p}, {value})", Operand(&**list), v.name)
            }
            List::Concat(l, r) => write!(f, "{} + {}", Operand(&**l), Operand(&**r)),
            List::If(c, l, r) => write!(f, "{} ? {} : {}", Operand(&**c), Operand(&**l), Operand(&**r)),
        }
    }
}
