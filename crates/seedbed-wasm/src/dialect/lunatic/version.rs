//! `lunatic::version`: of the API that is spoken.

use super::abi::{Guest, functions};
use crate::blocking::Data;
use crate::host::Stop;
use wasmtime::Linker;

pub(super) fn define(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    functions! { linker, "version":
        major() -> u32;
        minor() -> u32;
        patch() -> u32;
    }
    Ok(())
}

fn major(_: &mut Guest<'_>) -> Result<u32, Stop> {
    Ok(0)
}

fn minor(_: &mut Guest<'_>) -> Result<u32, Stop> {
    Ok(13)
}

fn patch(_: &mut Guest<'_>) -> Result<u32, Stop> {
    Ok(2)
}
