//! Reads and validates a module, finds what it has, and plans each function's rewriting.

use super::meter::{Charge, Meter};
use super::stack::Frame;
use super::{RESERVED, RewriteError};
use crate::engine::FEATURES;
use std::collections::BTreeMap;
use wasmparser::{
    BinaryReaderError, DataKind, Encoding, ExternalKind, FuncType, FuncValidatorAllocations, FunctionBody,
    GlobalType, Name, Operator, Parser, Payload, TypeRef, ValType, ValidPayload, Validator,
};

/// What a module has, before rewriting.
#[derive(Debug, Default)]
pub(crate) struct Shape {
    pub(crate) imports: Vec<Import>,
    pub(crate) exports: Vec<Export>,
    /// Types of the mutable globals, in the order of their indices.
    pub(crate) mutable_globals: Vec<(u32, ValType)>,
    pub(crate) start: Option<u32>,
    /// Pages of 64 KiB that the memory begins with, if there is one.
    pub(crate) memory: Option<u64>,
    /// Data that an instance begins with: first byte and how many, where that is a plain number.
    pub(crate) data: Vec<(u32, u32)>,
    /// Elements of all tables at the beginning; they cannot grow.
    pub(crate) table_elements: u64,
    /// Immutable i32 globals that are plain numbers.
    constants: BTreeMap<u32, i32>,
    pub(super) types: Vec<FuncType>,
    /// Type index of every function, imported ones first.
    pub(super) functions: Vec<u32>,
    /// Content types of all globals, imported ones first.
    pub(super) globals: Vec<ValType>,
    pub(super) tables: u32,
}

#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) module: String,
    pub(crate) name: String,
    pub(crate) entity: Entity,
}

#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) name: String,
    pub(crate) entity: Entity,
    pub(super) index: u32,
}

/// What is imported or exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    Function(FuncType),
    Global(ValType),
    Memory,
    Table,
    Tag,
}

impl std::fmt::Display for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |types: &[ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Entity::Function(ty) => write!(f, "function ({}) -> ({})", list(ty.params()), list(ty.results())),
            Entity::Global(ty) => write!(f, "global {ty}"),
            Entity::Memory => f.write_str("memory"),
            Entity::Table => f.write_str("table"),
            Entity::Tag => f.write_str("tag"),
        }
    }
}

impl Shape {
    pub(super) fn function_type(&self, function: u32) -> &FuncType {
        &self.types[self.functions[function as usize] as usize]
    }

    pub(super) fn imported_functions(&self) -> u32 {
        self.imports.iter().filter(|i| matches!(i.entity, Entity::Function(_))).count() as u32
    }

    /// The value of an exported immutable i32 global that is a plain number.
    pub(crate) fn constant(&self, name: &str) -> Option<i32> {
        let export = self.exports.iter().find(|e| e.name == name && matches!(e.entity, Entity::Global(_)))?;
        self.constants.get(&export.index).copied()
    }

    /// The export with this name.
    pub(crate) fn export(&self, name: &str) -> Option<&Entity> {
        self.exports.iter().find(|e| e.name == name).map(|e| &e.entity)
    }
}

/// The plan for one function that the module defines.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) charges: Vec<Charge>,
    /// Price of its frame, if it is counted.
    pub(super) frame: Option<u64>,
    /// It holds bulk operations.
    pub(super) bulk: bool,
}

impl From<BinaryReaderError> for RewriteError {
    fn from(error: BinaryReaderError) -> Self {
        RewriteError::Invalid(error.to_string())
    }
}

/// Reads `wasm`.
pub(super) fn analyse(wasm: &[u8]) -> Result<(Shape, Vec<Body>), RewriteError> {
    let names = function_names(wasm);
    let mut validator = Validator::new_with_features(FEATURES);
    let mut allocations = FuncValidatorAllocations::default();
    let mut shape = Shape::default();
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        if let Payload::Version { encoding: Encoding::Component, .. } = payload {
            return Err(RewriteError::Component);
        }
        let valid = validator.payload(&payload)?;
        if let ValidPayload::Func(func, body) = valid {
            let mut func = func.into_validator(allocations);
            let index = shape.imported_functions() + bodies.len() as u32;
            bodies.push(plan(&mut func, &body, shape.function_type(index), || name_of(&names, index))?);
            allocations = func.into_allocations();
        } else {
            section(&mut shape, payload)?;
        }
    }
    Ok((shape, bodies))
}

fn section(shape: &mut Shape, payload: Payload<'_>) -> Result<(), RewriteError> {
    match payload {
        Payload::TypeSection(types) => {
            for ty in types.into_iter_err_on_gc_types() {
                shape.types.push(ty?);
            }
        }
        Payload::ImportSection(imports) => {
            for import in imports.into_imports() {
                let import = import?;
                reserved(import.module)?;
                let entity = match import.ty {
                    TypeRef::Func(ty) | TypeRef::FuncExact(ty) => {
                        shape.functions.push(ty);
                        Entity::Function(shape.types[ty as usize].clone())
                    }
                    TypeRef::Global(ty) => {
                        add_global(shape, ty)?;
                        Entity::Global(ty.content_type)
                    }
                    TypeRef::Memory(_) => Entity::Memory,
                    TypeRef::Table(_) => {
                        shape.tables += 1;
                        Entity::Table
                    }
                    TypeRef::Tag(_) => Entity::Tag,
                };
                let (module, name) = (import.module.to_owned(), import.name.to_owned());
                shape.imports.push(Import { module, name, entity });
            }
        }
        Payload::FunctionSection(functions) => {
            for ty in functions {
                shape.functions.push(ty?);
            }
        }
        Payload::TableSection(tables) => {
            for table in tables {
                shape.tables += 1;
                shape.table_elements = shape.table_elements.saturating_add(table?.ty.initial);
            }
        }
        Payload::MemorySection(memories) => {
            for memory in memories {
                shape.memory = Some(memory?.initial);
            }
        }
        Payload::GlobalSection(globals) => {
            for global in globals {
                let global = global?;
                let index = shape.globals.len() as u32;
                add_global(shape, global.ty)?;
                let mut init = global.init_expr.get_operators_reader();
                if let (Operator::I32Const { value }, Operator::End) = (init.read()?, init.read()?)
                    && !global.ty.mutable
                {
                    shape.constants.insert(index, value);
                }
            }
        }
        Payload::ExportSection(exports) => {
            for export in exports {
                let export = export?;
                reserved(export.name)?;
                let entity = match export.kind {
                    ExternalKind::Func | ExternalKind::FuncExact => {
                        Entity::Function(shape.function_type(export.index).clone())
                    }
                    ExternalKind::Global => Entity::Global(shape.globals[export.index as usize]),
                    ExternalKind::Memory => Entity::Memory,
                    ExternalKind::Table => Entity::Table,
                    ExternalKind::Tag => Entity::Tag,
                };
                shape.exports.push(Export { name: export.name.to_owned(), entity, index: export.index });
            }
        }
        Payload::StartSection { func, .. } => shape.start = Some(func),
        Payload::DataSection(segments) => {
            for segment in segments {
                let segment = segment?;
                let DataKind::Active { offset_expr, .. } = segment.kind else { continue };
                let mut offset = offset_expr.get_operators_reader();
                if let (Operator::I32Const { value }, Operator::End) = (offset.read()?, offset.read()?) {
                    shape.data.push((value as u32, segment.data.len() as u32));
                }
            }
        }
        _ => {}
    }
    Ok(())
}

fn reserved(name: &str) -> Result<(), RewriteError> {
    if name.starts_with(RESERVED) { Err(RewriteError::Reserved(name.to_owned())) } else { Ok(()) }
}

fn add_global(shape: &mut Shape, ty: GlobalType) -> Result<(), RewriteError> {
    let index = shape.globals.len() as u32;
    shape.globals.push(ty.content_type);
    if ty.mutable {
        if matches!(ty.content_type, ValType::Ref(_)) {
            return Err(RewriteError::ReferenceGlobal { index });
        }
        shape.mutable_globals.push((index, ty.content_type));
    }
    Ok(())
}

/// Validates one body and plans its rewriting.
fn plan(
    func: &mut wasmparser::FuncValidator<wasmparser::ValidatorResources>,
    body: &FunctionBody<'_>,
    ty: &FuncType,
    name: impl Fn() -> String,
) -> Result<Body, RewriteError> {
    let mut frame = Frame::new();
    for param in ty.params() {
        frame.locals(1, *param);
    }
    let mut reader = body.get_binary_reader();
    func.read_locals(&mut reader)?;
    for local in body.get_locals_reader()? {
        let (count, ty) = local?;
        frame.locals(count, ty);
    }
    let mut meter = Meter::new();
    let mut bulk = false;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let (op, offset) = operators.read_with_offset()?;
        if let Some(instruction) = refused(&op) {
            return Err(RewriteError::Instruction { instruction, function: name() });
        }
        func.op(offset, &op)?;
        bulk |= is_bulk(&op);
        if matches!(func.get_operand_type(0), Some(Some(ValType::V128))) {
            frame.widen();
        }
        frame.op(&op, func.operand_stack_height());
        meter.op(&op);
    }
    operators.finish()?;
    Ok(Body { charges: meter.finish(), frame: frame.price(), bulk })
}

/// The text of an instruction that changes state out of a snapshot's reach. No toolchain that was
/// tried emits one.
fn refused(op: &Operator<'_>) -> Option<&'static str> {
    Some(match op {
        Operator::DataDrop { .. } => "data.drop",
        Operator::ElemDrop { .. } => "elem.drop",
        Operator::TableSet { .. } => "table.set",
        Operator::TableGrow { .. } => "table.grow",
        Operator::TableFill { .. } => "table.fill",
        Operator::TableCopy { .. } => "table.copy",
        Operator::TableInit { .. } => "table.init",
        _ => return None,
    })
}

/// True for operations whose work grows with an operand, their length in bytes on top.
pub(super) fn is_bulk(op: &Operator<'_>) -> bool {
    matches!(op, Operator::MemoryCopy { .. } | Operator::MemoryFill { .. } | Operator::MemoryInit { .. })
}

/// Names of functions, for error texts. The section is optional and may hold anything: what cannot
/// be read is not used.
fn function_names(wasm: &[u8]) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm).map_while(Result::ok) {
        let Payload::CustomSection(section) = payload else { continue };
        let wasmparser::KnownCustom::Name(reader) = section.as_known() else { continue };
        for subsection in reader.into_iter().map_while(Result::ok) {
            if let Name::Function(map) = subsection {
                names.extend(map.into_iter().map_while(Result::ok).map(|n| (n.index, n.name.to_owned())));
            }
        }
    }
    names
}

fn name_of(names: &BTreeMap<u32, String>, index: u32) -> String {
    names.get(&index).map_or_else(|| format!("#{index}"), |name| format!("`{name}`"))
}
