//! The export that is called: its arguments by the export's types, its value as bytes.

use super::WasiError;
use crate::rewrite::{Entity, Shape};
use wasmparser::ValType;
use wasmtime::Val;

/// A call, checked.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    pub(crate) export: String,
    pub(crate) arguments: Vec<Val>,
    /// What it gives.
    pub(crate) results: Vec<ValType>,
}

impl Invocation {
    /// A call of an export with arguments as text.
    ///
    /// # Errors
    /// If there is no such function, or an argument is not what it takes.
    pub(super) fn parse(shape: &Shape, export: &str, arguments: &[String]) -> Result<Invocation, WasiError> {
        let ty = match shape.export(export) {
            Some(Entity::Function(ty)) => ty,
            Some(other) => {
                return Err(WasiError::NotAFunction { method: export.into(), found: other.to_string() });
            }
            None => return Err(WasiError::NoMethod(export.into())),
        };
        if let Some(ty) = ty.params().iter().chain(ty.results()).find(|ty| !is_number(**ty)) {
            return Err(WasiError::MethodType { method: export.into(), ty: ty.to_string() });
        }
        if ty.params().len() != arguments.len() {
            let (expected, found) = (ty.params().len(), arguments.len());
            return Err(WasiError::ArgumentCount { method: export.into(), expected, found });
        }
        let parsed = ty.params().iter().zip(arguments).enumerate().map(|(n, (ty, text))| {
            value(*ty, text).ok_or_else(|| WasiError::Argument {
                method: export.into(),
                position: n + 1,
                ty: ty.to_string(),
                text: text.clone(),
            })
        });
        Ok(Invocation {
            export: export.into(),
            arguments: parsed.collect::<Result<_, _>>()?,
            results: ty.results().to_vec(),
        })
    }

    /// A value as text, its results separated by blanks; `None` if it is none of this call.
    pub(crate) fn text_of(&self, mut value: &[u8]) -> Option<String> {
        let mut texts = Vec::new();
        for ty in &self.results {
            let (number, rest) =
                value.split_at_checked(if matches!(ty, ValType::I32 | ValType::F32) { 4 } else { 8 })?;
            value = rest;
            let mut bytes = [0; 8];
            bytes[..number.len()].copy_from_slice(number);
            let bits = u64::from_le_bytes(bytes);
            texts.push(match ty {
                ValType::I32 => (bits as i32).to_string(),
                ValType::I64 => bits.cast_signed().to_string(),
                ValType::F32 => f32::from_bits(bits as u32).to_string(),
                _ => f64::from_bits(bits).to_string(),
            });
        }
        value.is_empty().then(|| texts.join(" "))
    }

    /// What a call gave, one result after the other, little-endian.
    pub(crate) fn value_of(results: &[Val]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for result in results {
            match result {
                Val::I32(n) => bytes.extend(n.to_le_bytes()),
                Val::I64(n) => bytes.extend(n.to_le_bytes()),
                Val::F32(bits) => bytes.extend(bits.to_le_bytes()),
                Val::F64(bits) => bytes.extend(bits.to_le_bytes()),
                _ => unreachable!("a method gives numbers only"),
            }
        }
        bytes
    }
}

fn is_number(ty: ValType) -> bool {
    matches!(ty, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64)
}

/// Integers as either signed or unsigned, also `0x…`.
fn value(ty: ValType, text: &str) -> Option<Val> {
    let integer = || match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse::<i128>().ok(),
    };
    Some(match ty {
        ValType::I32 => {
            let n = integer()?;
            Val::I32(i32::try_from(n).ok().or_else(|| u32::try_from(n).ok().map(|n| n as i32))?)
        }
        ValType::I64 => {
            let n = integer()?;
            Val::I64(i64::try_from(n).ok().or_else(|| u64::try_from(n).ok().map(|n| n as i64))?)
        }
        ValType::F32 => Val::F32(text.parse::<f32>().ok()?.to_bits()),
        ValType::F64 => Val::F64(text.parse::<f64>().ok()?.to_bits()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbers_of_the_type_or_nothing() {
        let i32 = |text| value(ValType::I32, text).map(|v| v.unwrap_i32());
        assert_eq!(["7", "-1", "4294967295", "0xff"].map(i32), [Some(7), Some(-1), Some(-1), Some(255)]);
        assert_eq!(["", "x", "1.5", "4294967296", "-2147483649", " 1"].map(i32), [None; 6]);
        let i64 = |text| value(ValType::I64, text).map(|v| v.unwrap_i64());
        assert_eq!(["18446744073709551615", "-9223372036854775808"].map(i64), [Some(-1), Some(i64::MIN)]);
        assert_eq!(i64("18446744073709551616"), None);
        assert_eq!(value(ValType::F64, "1.5").map(|v| v.unwrap_f64()), Some(1.5));
        assert_eq!(value(ValType::F32, "-2e3").map(|v| v.unwrap_f32()), Some(-2000.0));
        assert!(value(ValType::F64, "one").is_none());
    }

    #[test]
    fn a_value_is_its_results_one_after_the_other() {
        let results = [Val::I32(-2), Val::I64(3), Val::F64(1.0f64.to_bits())];
        let bytes = Invocation::value_of(&results);
        assert_eq!(bytes[..12], [0xfe, 0xff, 0xff, 0xff, 3, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes.len(), 20);
        let results = vec![ValType::I32, ValType::I64, ValType::F64];
        let call = Invocation { export: "f".into(), arguments: Vec::new(), results };
        assert_eq!(call.text_of(&bytes), Some("-2 3 1".into()));
        assert_eq!((call.text_of(&bytes[1..]), call.text_of(b"")), (None, None));
    }
}
