//! Tapes as text: an entry a line, that people can read and that parses back.
//!
//! ```text
//! hold main/writer-3:1 sent 1 until main/writer-5:1 sent 1
//! hold main/a:1 timer 2.1 until clock 3
//! order main/a:1 start 1 passed 0 instead main/b:1 sent 2 again
//! choice drop b/tree/ledger-b:1 #3 = 1
//! ```
//!
//! `path:life`, then the kind of signal and its number; `again` is the second of a message that came
//! twice, a timer's number is which timer and which time. What is white in a path, `%`, `:`, and `?` or `/`
//! at its begin stand as `%xx`, byte by byte; a path whose text is not known stands as `?` and the hash.
//! Empty lines, and what follows a word that begins with `//`, say nothing.

use crate::path::{Life, PathId, SignalKind, SignalName};
use crate::reactor::ChoiceKind;
use crate::tape::{ChoiceKey, Instead, OrderKey, Tape, TapeEntry, Until};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

const KINDS: [(&str, SignalKind); 10] = [
    ("sent", SignalKind::Sent),
    ("answer", SignalKind::Answer),
    ("exit", SignalKind::Exit),
    ("down", SignalKind::Down),
    ("started", SignalKind::Started),
    ("timer", SignalKind::Timer),
    ("completion", SignalKind::Completion),
    ("start", SignalKind::Start),
    ("stop", SignalKind::Stop),
    ("go-on", SignalKind::GoOn),
];

/// The bit of a message's number that tells the second of two from the first.
const AGAIN: u64 = 1 << 63;

/// A line that is no entry of a tape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read line {line} of a tape, `{text}`: {wanted} was expected")]
pub struct TapeTextError {
    /// From 1.
    pub line: usize,
    /// The line.
    pub text: String,
    /// What should stand there.
    pub wanted: &'static str,
}

impl fmt::Display for Tape {
    /// An entry a line, without one at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, entry) in self.entries.iter().enumerate() {
            if nth > 0 {
                f.write_str("\n")?;
            }
            match entry {
                TapeEntry::Hold { what, until } => {
                    write!(f, "hold {} until ", Named(self, what))?;
                    match until {
                        Until::Signal(name) => write!(f, "{}", Named(self, name))?,
                        Until::Clock(times) => write!(f, "clock {times}")?,
                    }
                }
                TapeEntry::Order { key, instead } => {
                    write!(f, "order {} passed {} instead ", Named(self, &key.plain), key.passed)?;
                    match instead {
                        Instead::Signal(name) => write!(f, "{}", Named(self, name))?,
                        Instead::Clock => f.write_str("clock")?,
                    }
                }
                TapeEntry::Choice { key, answer } => {
                    write!(f, "choice {} ", choice_word(key.kind))?;
                    write_path(f, self, key.path, key.life)?;
                    write!(f, " #{}", key.ordinal)?;
                    if key.site != 0 {
                        write!(f, " site {:#x}", key.site)?;
                    }
                    write!(f, " = {answer}")?;
                }
            }
        }
        Ok(())
    }
}

fn choice_word(kind: ChoiceKind) -> String {
    kind.to_string().replace(' ', "-")
}

fn write_path(f: &mut fmt::Formatter<'_>, tape: &Tape, path: PathId, life: Life) -> fmt::Result {
    match tape.paths.get(&path) {
        Some(text) => {
            for (at, c) in text.chars().enumerate() {
                let plain =
                    !c.is_whitespace() && !matches!(c, '%' | ':') && (at > 0 || !matches!(c, '?' | '/'));
                if plain {
                    write!(f, "{c}")?;
                } else {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        write!(f, "%{byte:02x}")?;
                    }
                }
            }
        }
        None => write!(f, "?{:016x}", path.0)?,
    }
    write!(f, ":{}", life.0)
}

struct Named<'a>(&'a Tape, &'a SignalName);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Named(tape, name) = *self;
        write_path(f, tape, name.path, name.life)?;
        let (word, _) = KINDS[name.kind as usize];
        match name.kind {
            SignalKind::Timer => write!(f, " {word} {}.{}", name.n >> 32, name.n & u64::from(u32::MAX)),
            _ if name.n & AGAIN != 0 => write!(f, " {word} {} again", name.n & !AGAIN),
            _ => write!(f, " {word} {}", name.n),
        }
    }
}

impl FromStr for Tape {
    type Err = TapeTextError;

    fn from_str(text: &str) -> Result<Tape, TapeTextError> {
        let mut tape = Tape::default();
        for (nth, line) in text.lines().enumerate() {
            let said = line.split_whitespace().take_while(|word| !word.starts_with("//"));
            let mut words = Words { words: said.collect(), at: 0, paths: &mut tape.paths };
            if words.words.is_empty() {
                continue;
            }
            let wrong = |wanted| TapeTextError { line: nth + 1, text: line.trim().to_owned(), wanted };
            let entry = words.entry().map_err(wrong)?;
            tape.entries.push(entry);
        }
        Ok(tape)
    }
}

/// The words of a line; what goes wrong is what was expected.
struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
    paths: &'a mut BTreeMap<PathId, String>,
}

type Read<T> = Result<T, &'static str>;

impl Words<'_> {
    fn entry(&mut self) -> Read<TapeEntry> {
        const FORMS: &str = "`hold`, `order` or `choice`";
        let entry = match self.next(FORMS)? {
            "hold" => {
                let what = self.name()?;
                self.word("until", "`until`")?;
                let until = if self.is("clock") {
                    Until::Clock(self.number("how often the clock passes")?)
                } else {
                    Until::Signal(self.name()?)
                };
                TapeEntry::Hold { what, until }
            }
            "order" => {
                let plain = self.name()?;
                self.word("passed", "`passed`")?;
                let key = OrderKey { plain, passed: self.number("how often it was passed over")? };
                self.word("instead", "`instead`")?;
                let instead = if self.is("clock") { Instead::Clock } else { Instead::Signal(self.name()?) };
                TapeEntry::Order { key, instead }
            }
            "choice" => {
                const KIND: &str = "a kind of choice, like `drop`";
                let word = self.next(KIND)?;
                let kind = ChoiceKind::ALL.into_iter().find(|kind| choice_word(*kind) == word).ok_or(KIND)?;
                let (path, life) = self.path()?;
                const ORDINAL: &str = "`#` and a number";
                let ordinal =
                    self.next(ORDINAL)?.strip_prefix('#').and_then(|n| n.parse().ok()).ok_or(ORDINAL)?;
                const SITE: &str = "`0x` and a number of base 16";
                let site = if self.is("site") {
                    let hex = self.next(SITE)?.strip_prefix("0x").ok_or(SITE)?;
                    u64::from_str_radix(hex, 16).map_err(|_| SITE)?
                } else {
                    0
                };
                self.word("=", "`=`")?;
                let key = ChoiceKey { kind, site, path, life, ordinal };
                TapeEntry::Choice { key, answer: self.number("an answer")? }
            }
            _ => return Err(FORMS),
        };
        if self.at == self.words.len() { Ok(entry) } else { Err("the end of the line") }
    }

    fn next(&mut self, wanted: &'static str) -> Read<&str> {
        let word = self.words.get(self.at).copied().ok_or(wanted)?;
        self.at += 1;
        Ok(word)
    }

    /// Takes this word if it is the next.
    fn is(&mut self, word: &str) -> bool {
        let is = self.words.get(self.at) == Some(&word);
        self.at += usize::from(is);
        is
    }

    fn word(&mut self, word: &str, wanted: &'static str) -> Read<()> {
        if self.is(word) { Ok(()) } else { Err(wanted) }
    }

    fn number<T: FromStr>(&mut self, wanted: &'static str) -> Read<T> {
        self.next(wanted)?.parse().map_err(|_| wanted)
    }

    fn path(&mut self) -> Read<(PathId, Life)> {
        const WANTED: &str = "a path with its life, like `node/tree/actor:1`";
        let (path, life) = self.next(WANTED)?.rsplit_once(':').ok_or(WANTED)?;
        let life = Life(life.parse().map_err(|_| WANTED)?);
        if let Some(hash) = path.strip_prefix('?').filter(|hash| hash.len() == 16)
            && let Ok(hash) = u64::from_str_radix(hash, 16)
        {
            return Ok((PathId(hash), life));
        }
        let text = decode(path).ok_or(WANTED)?;
        let path = PathId::of(&text);
        self.paths.insert(path, text);
        Ok((path, life))
    }

    fn name(&mut self) -> Read<SignalName> {
        let (path, life) = self.path()?;
        const KIND: &str = "a kind of signal, like `sent` or `timer`";
        const N: &str = "the number of a signal";
        let word = self.next(KIND)?;
        let (_, kind) = KINDS.into_iter().find(|(kind, _)| *kind == word).ok_or(KIND)?;
        let n = self.next(N)?;
        let n: u64 = match kind {
            SignalKind::Timer => {
                let (timer, time) = n.split_once('.').ok_or(N)?;
                let (timer, time): (u32, u32) = (timer.parse().map_err(|_| N)?, time.parse().map_err(|_| N)?);
                u64::from(timer) << 32 | u64::from(time)
            }
            _ => n.parse().ok().filter(|n| n & AGAIN == 0).ok_or(N)?,
        };
        let again = if kind != SignalKind::Timer && self.is("again") { AGAIN } else { 0 };
        Ok(SignalName { path, life, kind, n: n | again })
    }
}

/// A path without its `%xx`.
fn decode(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut text = parts.next()?.as_bytes().to_vec();
    for part in parts {
        text.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        text.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(text).ok().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_kind_has_its_word() {
        // A kind that is not here does not compile; then it is to be added above too.
        let last = |kind: ChoiceKind| match kind {
            ChoiceKind::Drop | ChoiceKind::Duplicate | ChoiceKind::Delay | ChoiceKind::Kill => false,
            ChoiceKind::Crash | ChoiceKind::Restart | ChoiceKind::Buggify | ChoiceKind::EffectDelay => false,
            ChoiceKind::Unsynced | ChoiceKind::Pause | ChoiceKind::Partition | ChoiceKind::ClockJump => false,
            ChoiceKind::EffectFailed | ChoiceKind::Clog | ChoiceKind::FuelCut | ChoiceKind::GrowRefused => {
                false
            }
            ChoiceKind::CallRefused | ChoiceKind::TimerLate | ChoiceKind::Torn => false,
            ChoiceKind::LeftOut => false,
            ChoiceKind::Slow => true,
        };
        for (index, kind) in ChoiceKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index + 1, "{kind}");
            assert_eq!(last(*kind), index + 1 == ChoiceKind::ALL.len(), "{kind}");
        }
        for (index, (_, kind)) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, index);
        }
    }

    #[test]
    fn a_tape_reads_as_the_header_shows_it() {
        let text = "hold main/writer-3:1 sent 1 until main/writer-5:1 sent 1
hold main/a:1 timer 2.1 until clock 3
order main/a:1 start 1 passed 0 instead main/b:1 sent 2 again
order main/my%20actor:1 stop 1 passed 7 instead clock
choice drop b/tree/ledger-b:1 #3 = 1
choice buggify ?00000000000000ff:2 #3 site 0x12 = 4";
        let tape: Tape = text.parse().unwrap();
        assert_eq!(tape.to_string(), text);
        assert_eq!(tape.paths.len(), 6);
        let loose = format!("\n  {}   // why\n//\n", text.replace('\n', "\n    "));
        assert_eq!(loose.parse::<Tape>().unwrap(), tape);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (line, wanted) in [
            ("held a:1 sent 1", "`hold`, `order` or `choice`"),
            ("hold a sent 1 until b:1 sent 1", "a path with its life, like `node/tree/actor:1`"),
            ("hold a:1 sent 1 until", "a path with its life, like `node/tree/actor:1`"),
            ("hold a:1 send 1 until b:1 sent 1", "a kind of signal, like `sent` or `timer`"),
            ("hold a:1 timer 1 until b:1 sent 1", "the number of a signal"),
            ("hold a:1 sent 1 until clock often", "how often the clock passes"),
            ("hold a:1 sent 1 until clock 1 1", "the end of the line"),
            ("choice rain a:1 #1 = 1", "a kind of choice, like `drop`"),
            ("choice drop a:1 1 = 1", "`#` and a number"),
        ] {
            let text = format!("choice drop a:1 #1 = 1\n{line}");
            let error = text.parse::<Tape>().unwrap_err();
            assert_eq!((error.line, error.text.as_str(), error.wanted), (2, line, wanted));
        }
    }

    fn paths() -> impl Strategy<Value = (PathId, Option<String>)> {
        prop_oneof![
            "[a-z %:#?/é\u{2003}]{1,12}".prop_map(|t| (PathId::of(&t), Some(t))),
            any::<u64>().prop_map(|n| (PathId(n), None))
        ]
    }

    fn names() -> impl Strategy<Value = (SignalName, Option<String>)> {
        (paths(), any::<u32>(), 0..KINDS.len(), any::<u64>()).prop_map(|((path, text), life, kind, n)| {
            (SignalName { path, life: Life(life), kind: KINDS[kind].1, n }, text)
        })
    }

    proptest! {
        #[test]
        fn any_tape_parses_back(
            names in proptest::collection::vec((names(), names(), any::<u32>(), 0..4_u8), 0..6),
            choices in proptest::collection::vec((paths(), 0..ChoiceKind::ALL.len(), any::<(u64, u64, u32, u32)>()), 0..6),
        ) {
            let mut tape = Tape::default();
            for ((a, text_a), (b, text_b), number, form) in names {
                for (path, text) in [(a.path, text_a), (b.path, text_b)] {
                    text.map(|text| tape.paths.insert(path, text));
                }
                let key = OrderKey { plain: a, passed: number };
                tape.entries.push(match form {
                    0 => TapeEntry::Hold { what: a, until: Until::Signal(b) },
                    1 => TapeEntry::Hold { what: a, until: Until::Clock(number) },
                    2 => TapeEntry::Order { key, instead: Instead::Signal(b) },
                    _ => TapeEntry::Order { key, instead: Instead::Clock },
                });
            }
            for ((path, text), kind, (site, ordinal, life, answer)) in choices {
                text.map(|text| tape.paths.insert(path, text));
                let key = ChoiceKey { kind: ChoiceKind::ALL[kind], site, path, life: Life(life), ordinal };
                tape.entries.push(TapeEntry::Choice { key, answer });
            }
            let mut back: Tape = tape.to_string().parse().unwrap();
            // What no entry names is not in the text.
            let named = Tape::named(&tape.entries);
            tape.paths.retain(|path, _| named.contains(path));
            back.paths.retain(|path, _| named.contains(path));
            prop_assert_eq!(back, tape);
        }
    }
}
