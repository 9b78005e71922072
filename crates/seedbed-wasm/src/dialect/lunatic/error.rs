//! `lunatic::error`: texts of what went wrong.

use super::abi::{Guest, enter, functions, own};
use crate::blocking::{Data, charge};
use crate::host::Stop;
use wasmtime::Linker;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "error":
        string_size(id: u64) -> u32;
        to_string(id: u64, to: u32);
        drop(id: u64);
    }
    Ok(())
}

fn string_size(caller: &mut Guest<'_>, id: u64) -> Result<u32, Stop> {
    Ok(own(caller).errors.get("error::string_size", id)?.len() as u32)
}

fn to_string(caller: &mut Guest<'_>, id: u64, to: u32) -> Result<(), Stop> {
    let len = own(caller).errors.get("error::to_string", id)?.len() as u32;
    charge(caller, len);
    let (mut bytes, own) = enter(caller, "error::to_string")?;
    bytes.write(to, own.errors.get("error::to_string", id)?.as_bytes())
}

fn drop(caller: &mut Guest<'_>, id: u64) -> Result<(), Stop> {
    own(caller).errors.remove("error::drop", id).map(std::mem::drop)
}
