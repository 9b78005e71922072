//! How a manifest writes bytes: the arguments of an actor, the payload of a message.
//!
//! A string is its UTF-8. An integer, a boolean or an array is encoded by postcard, as the Rust SDK
//! encodes its messages: the elements of the outermost array are the fields of a struct, or the
//! number of an enum's variant and its fields. A table names the encoding: `text`, `hex` or
//! `postcard`.

use crate::decode::{FromToml, Node, Problems, shown, text, wrong_type};
use crate::nearest::advice;
use crate::report::{Code, Problem};
use toml::de::DeValue;

/// Bytes that a manifest writes.
#[derive(Default)]
pub(crate) struct Payload(pub(crate) Vec<u8>);

impl FromToml for Payload {
    const EXPECTED: &'static str =
        "a string, an integer, a boolean, an array, or a table with `text`, `hex` or `postcard`";

    fn from_toml(node: &Node<'_>, problems: &Problems) -> Option<Payload> {
        let mut out = Vec::new();
        match node.get_ref() {
            DeValue::String(s) => out.extend_from_slice(s.as_bytes()),
            DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::Array(_) => {
                message(node, &mut out, problems)?
            }
            DeValue::Table(_) => {
                let (kind, value) = only_entry(node, &["text", "hex", "postcard"], problems)?;
                match kind {
                    "text" => out.extend_from_slice(text(value, "a string", problems)?.as_bytes()),
                    "hex" => out = hex(value, problems)?,
                    _ => message(value, &mut out, problems)?,
                }
            }
            DeValue::Float(_) | DeValue::Datetime(_) => {
                return wrong_type(node, Self::EXPECTED, problems);
            }
        }
        Some(Payload(out))
    }
}

/// A whole message: the elements of an array follow each other, without a length.
fn message(node: &Node<'_>, out: &mut Vec<u8>, problems: &Problems) -> Option<()> {
    match node.get_ref() {
        DeValue::Array(fields) => all(fields.iter().map(|field| value(field, out, problems))),
        _ => value(node, out, problems),
    }
}

/// One value inside of a message.
fn value(node: &Node<'_>, out: &mut Vec<u8>, problems: &Problems) -> Option<()> {
    match node.get_ref() {
        DeValue::Integer(n) if n.as_str().starts_with('-') => {
            let help = "write `{ i64 = -5 }` for a signed field of 16 to 64 bits, `{ i8 = -5 }` for one of 8";
            problems.add(
                Problem::new(Code::InvalidValue, node.span(), "a negative integer does not say its type")
                    .help(help),
            );
            None
        }
        DeValue::Integer(_) => {
            varint(u64::from_toml(node, problems)?, out);
            Some(())
        }
        DeValue::Boolean(b) => {
            out.push(u8::from(*b));
            Some(())
        }
        DeValue::String(s) => {
            varint(s.len() as u64, out);
            out.extend_from_slice(s.as_bytes());
            Some(())
        }
        DeValue::Array(items) => {
            varint(items.len() as u64, out);
            all(items.iter().map(|item| value(item, out, problems)))
        }
        DeValue::Table(_) => {
            let (kind, inner) = only_entry(node, &["u8", "i8", "i64", "bytes", "struct"], problems)?;
            match kind {
                "u8" => out.push(byte::<u8>(inner, "0 to 255", problems)?),
                "i8" => out.push(byte::<i8>(inner, "-128 to 127", problems)? as u8),
                "i64" => {
                    let n = i64::from_toml(inner, problems)?;
                    varint(((n << 1) ^ (n >> 63)) as u64, out);
                }
                "bytes" => {
                    let bytes = hex(inner, problems)?;
                    varint(bytes.len() as u64, out);
                    out.extend_from_slice(&bytes);
                }
                _ => match inner.get_ref() {
                    DeValue::Array(_) => message(inner, out, problems)?,
                    _ => return wrong_type(inner, "an array", problems),
                },
            }
            Some(())
        }
        DeValue::Float(_) | DeValue::Datetime(_) => wrong_type(
            node,
            "an integer, a boolean, a string, an array, or a table with `u8`, `i8`, `i64`, `bytes` or `struct`",
            problems,
        ),
    }
}

/// The single entry of a table that says by its key what its value is.
fn only_entry<'a>(
    node: &'a Node<'a>,
    known: &[&'static str],
    problems: &Problems,
) -> Option<(&'static str, &'a Node<'a>)> {
    let DeValue::Table(table) = node.get_ref() else {
        return wrong_type(node, "a table", problems);
    };
    let mut entries = table.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else {
        let message = format!("expected exactly one key, one of {}", known.join(", "));
        problems.add(Problem::new(Code::InvalidValue, node.span(), message));
        return None;
    };
    let word: &str = key.get_ref();
    match known.iter().find(|k| **k == word) {
        Some(known) => Some((known, value)),
        None => {
            let problem =
                Problem::new(Code::UnknownKey, key.span(), format!("unknown encoding `{}`", shown(word)));
            problems.add(problem.help_if(advice(word, known.iter().copied())));
            None
        }
    }
}

fn byte<T: TryFrom<i64>>(node: &Node<'_>, range: &str, problems: &Problems) -> Option<T> {
    let n = i64::from_toml(node, problems)?;
    let byte = T::try_from(n).ok();
    if byte.is_none() {
        problems.add(Problem::new(
            Code::OutOfRange,
            node.span(),
            format!("{n} is out of range: expected {range}"),
        ));
    }
    byte
}

/// Pairs of hexadecimal digits; blanks and underscores between them count for nothing.
fn hex(node: &Node<'_>, problems: &Problems) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text(node, "a string of hexadecimal digits", problems)?
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '_')
        .map(|c| c.to_digit(16).map(|d| d as u8))
        .collect();
    match digits {
        Some(digits) if digits.len().is_multiple_of(2) => {
            Some(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
        }
        _ => {
            problems.add(Problem::new(
                Code::InvalidValue,
                node.span(),
                "expected pairs of hexadecimal digits, like \"00 ff\"",
            ));
            None
        }
    }
}

fn varint(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Runs all, so that each says what is wrong with it; `None` if any did.
fn all(results: impl Iterator<Item = Option<()>>) -> Option<()> {
    let mut ok = Some(());
    for result in results {
        ok = ok.and(result);
    }
    ok
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Fields;
    use toml::de::DeTable;

    fn payload(value: &str) -> Result<Vec<u8>, Vec<Problem>> {
        let source = format!("p = {value}");
        let table = DeTable::parse(&source).expect("the test's TOML is right");
        let problems = Problems::default();
        let fields = Fields::new(table.get_ref(), 0..source.len(), "test", &problems);
        let payload = fields.required::<Payload>("p");
        drop(fields);
        let problems = problems.into_vec();
        assert_eq!(payload.is_none(), !problems.is_empty());
        payload.map(|p| p.0).ok_or(problems)
    }

    #[derive(serde::Serialize)]
    enum Request {
        #[expect(dead_code, reason = "makes the next variant number 1")]
        Balance,
        Transfer {
            from: u32,
            to: u64,
            note: Option<&'static str>,
            fees: Vec<u16>,
        },
        Shift(i64, i8, u8, Vec<(u32, bool)>),
    }

    #[test]
    fn arrays_are_encoded_as_the_sdk_encodes_messages() {
        let transfer =
            Request::Transfer { from: 7, to: u64::MAX / 2, note: Some("rent"), fees: vec![1, 300] };
        let written = payload("[1, 7, 9223372036854775807, 1, 'rent', [1, 300]]");
        assert_eq!(written.unwrap(), postcard::to_allocvec(&transfer).unwrap());

        let shift = Request::Shift(i64::MIN, -1, 200, vec![(5, true)]);
        let written = payload(
            "[2, { i64 = -9223372036854775808 }, { i8 = -1 }, { u8 = 200 }, [{ struct = [5, true] }]]",
        );
        assert_eq!(written.unwrap(), postcard::to_allocvec(&shift).unwrap());
        assert_eq!(payload("300").unwrap(), postcard::to_allocvec(&300u64).unwrap());
        assert_eq!(
            payload("{ postcard = [[1, 2]] }").unwrap(),
            postcard::to_allocvec(&vec![1u8, 2]).unwrap()
        );
        assert_eq!(
            payload("[{ bytes = 'ff 00' }]").unwrap(),
            postcard::to_allocvec(&[0xffu8, 0][..]).unwrap()
        );
    }

    #[test]
    fn texts_and_hex_are_taken_as_they_are() {
        assert_eq!(payload("'é'").unwrap(), "é".as_bytes());
        assert_eq!(payload("{ text = 'x' }").unwrap(), b"x");
        assert_eq!(payload("{ hex = '00_ff 7F' }").unwrap(), [0, 255, 127]);
        assert_eq!(payload("''").unwrap(), b"");
    }

    #[test]
    fn what_has_no_clear_encoding_is_refused() {
        for (value, code) in [
            ("-1", Code::InvalidValue),
            ("1.5", Code::WrongType),
            ("{ hex = 'f' }", Code::InvalidValue),
            ("{ hex = 'xx' }", Code::InvalidValue),
            ("{ hexx = 'ff' }", Code::UnknownKey),
            ("{ hex = 'ff', text = 'x' }", Code::InvalidValue),
            ("[{ u8 = 256 }]", Code::OutOfRange),
            ("[{ i8 = 128 }]", Code::OutOfRange),
            ("[{ struct = 1 }]", Code::WrongType),
            ("[99999999999999999999]", Code::OutOfRange),
        ] {
            let problems = payload(value).expect_err(value);
            assert_eq!(problems.iter().map(|p| p.code).collect::<Vec<_>>(), [code], "{value}");
        }
    }
}
