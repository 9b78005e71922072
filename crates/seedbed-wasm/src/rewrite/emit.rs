//! Writes the module anew, with counters, entries and exports.
//!
//! Everything added goes behind what is there, so that no index of the module changes.

use super::analyse::{Body, Entity, Shape, is_bulk};
use super::{FUEL, MEMORY, Mode, OUT, Probe, RewriteError, STACK, START, entry, global, table};
use std::collections::BTreeMap;
use wasm_encoder::reencode::{Error as ReencodeError, Reencode, RoundtripReencoder, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction as I,
    MemorySection, Module, RefType, TableSection, TableType, TypeSection, ValType,
};
use wasmparser::{FunctionBody, Operator, Parser, Payload};

impl From<ReencodeError> for RewriteError {
    fn from(error: ReencodeError) -> Self {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        RewriteError::Invalid(cause)
    }
}

#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    elements: ElementSection,
    data_count: Option<DataCountSection>,
    code: CodeSection,
    data: DataSection,
}

/// Where the additions are.
struct Added {
    fuel: u32,
    stack: u32,
    /// The function that charges for bulk operations.
    bulk: u32,
    /// Types `() -> results`, for functions with several results.
    blocks: BTreeMap<Vec<ValType>, u32>,
    out: Out,
}

/// What is done where a counter ran out.
#[derive(Clone, Copy)]
enum Out {
    Stop,
    /// The function in this table is called; it has this type.
    Call {
        table: u32,
        ty: u32,
    },
}

/// Writes `wasm` as planned.
pub(super) fn emit(
    wasm: &[u8],
    shape: &Shape,
    bodies: &[Body],
    mode: Mode,
    probe: &mut dyn Probe,
) -> Result<Vec<u8>, RewriteError> {
    let mut out = Sections::default();
    let re = &mut RoundtripReencoder;
    let mut code = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(s) => utils::parse_type_section(re, &mut out.types, s)?,
            Payload::ImportSection(s) => utils::parse_import_section(re, &mut out.imports, s)?,
            Payload::FunctionSection(s) => utils::parse_function_section(re, &mut out.functions, s)?,
            Payload::TableSection(s) => utils::parse_table_section(re, &mut out.tables, s)?,
            Payload::MemorySection(s) => utils::parse_memory_section(re, &mut out.memories, s)?,
            Payload::GlobalSection(s) => utils::parse_global_section(re, &mut out.globals, s)?,
            Payload::ExportSection(s) => utils::parse_export_section(re, &mut out.exports, s)?,
            Payload::ElementSection(s) => utils::parse_element_section(re, &mut out.elements, s)?,
            Payload::DataCountSection { count, .. } => out.data_count = Some(DataCountSection { count }),
            Payload::DataSection(s) => utils::parse_data_section(re, &mut out.data, s)?,
            Payload::CodeSectionEntry(body) => code.push(body),
            _ => {}
        }
    }
    let mut added = additions(&mut out, shape, bodies, mode)?;
    for (i, (body, plan)) in code.iter().zip(bodies).enumerate() {
        let index = shape.imported_functions() + i as u32;
        let function =
            Emitter { shape, plan, index, added: &mut added, types: &mut out.types, probe }.emit(body)?;
        out.code.function(&function);
    }
    added_code(&mut out, shape, &added)?;
    Ok(assemble(out))
}

/// Adds globals and exports, and fixes the indices of what is added later.
fn additions(out: &mut Sections, shape: &Shape, bodies: &[Body], mode: Mode) -> Result<Added, RewriteError> {
    let counter = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
    let fuel = shape.globals.len() as u32;
    let stack = fuel + 1;
    for (name, index) in [(FUEL, fuel), (STACK, stack)] {
        out.globals.global(counter, &ConstExpr::i64_const(0));
        out.exports.export(name, ExportKind::Global, index);
    }
    for (n, (index, _)) in shape.mutable_globals.iter().enumerate() {
        out.exports.export(&global(n), ExportKind::Global, *index);
    }
    for n in 0..shape.tables {
        out.exports.export(&table(n), ExportKind::Table, n);
    }
    if shape.memory.is_some() {
        out.exports.export(MEMORY, ExportKind::Memory, 0);
    }
    let on_out = match mode {
        Mode::Stops => Out::Stop,
        Mode::Waits => {
            let (minimum, maximum) = (1, Some(1));
            let element_type = RefType::FUNCREF;
            out.tables.table(TableType { element_type, minimum, maximum, table64: false, shared: false });
            out.exports.export(OUT, ExportKind::Table, shape.tables);
            let ty = out.types.len();
            out.types.ty().function([], []);
            Out::Call { table: shape.tables, ty }
        }
    };
    let bulk = shape.functions.len() as u32;
    let uses_bulk = bodies.iter().any(|b| b.bulk);
    debug_assert!(!uses_bulk || shape.memory.is_some());
    Ok(Added { fuel, stack, bulk, blocks: BTreeMap::new(), out: on_out })
}

/// Adds the bulk charger and the entries.
fn added_code(out: &mut Sections, shape: &Shape, added: &Added) -> Result<(), RewriteError> {
    let ty = out.types.len();
    out.types.ty().function([ValType::I32], [ValType::I32]);
    out.functions.function(ty);
    out.code.function(&bulk_charger(added));

    let exported = shape.exports.iter().filter(|e| matches!(e.entity, Entity::Function(_)));
    let entries = exported.map(|e| (entry(&e.name), e.index));
    let start = shape.start.map(|index| (START.to_owned(), index));
    for (n, (name, callee)) in entries.chain(start).enumerate() {
        let callee_type = shape.function_type(callee);
        let mut params = vec![ValType::I64];
        params.extend(RoundtripReencoder.val_types(callee_type.params().to_vec())?);
        let mut results = RoundtripReencoder.val_types(callee_type.results().to_vec())?;
        results.push(ValType::I64);
        let arity = callee_type.params().len() as u32;
        let ty = out.types.len();
        out.types.ty().function(params, results);
        out.functions.function(ty);
        let mut f = Function::new([]);
        f.instruction(&I::LocalGet(0)).instruction(&I::GlobalSet(added.fuel));
        for param in 1..=arity {
            f.instruction(&I::LocalGet(param));
        }
        f.instruction(&I::Call(callee)).instruction(&I::GlobalGet(added.fuel)).instruction(&I::End);
        out.code.function(&f);
        out.exports.export(&name, ExportKind::Func, added.bulk + 1 + n as u32);
    }
    Ok(())
}

/// `(bytes) -> bytes`: charges one for each, before the operation that will touch them.
fn bulk_charger(added: &Added) -> Function {
    let mut f = Function::new([(1, ValType::I64)]);
    f.instruction(&I::GlobalGet(added.fuel))
        .instruction(&I::LocalGet(0))
        .instruction(&I::I64ExtendI32U)
        .instruction(&I::I64Sub)
        .instruction(&I::LocalTee(1))
        .instruction(&I::GlobalSet(added.fuel))
        .instruction(&I::LocalGet(1));
    out_if_negative(&mut f, added.out);
    f.instruction(&I::LocalGet(0)).instruction(&I::End);
    f
}

/// Does what is to be done where a counter ran out, if the i64 on the operand stack is below zero.
fn out_if_negative(f: &mut Function, out: Out) {
    f.instruction(&I::I64Const(0)).instruction(&I::I64LtS).instruction(&I::If(BlockType::Empty));
    match out {
        Out::Stop => f.instruction(&I::Unreachable),
        Out::Call { table, ty } => f
            .instruction(&I::I32Const(0))
            .instruction(&I::CallIndirect { type_index: ty, table_index: table }),
    };
    f.instruction(&I::End);
}

/// Writes one function.
struct Emitter<'a> {
    shape: &'a Shape,
    plan: &'a Body,
    index: u32,
    added: &'a mut Added,
    types: &'a mut TypeSection,
    probe: &'a mut dyn Probe,
}

impl Emitter<'_> {
    fn emit(mut self, body: &FunctionBody<'_>) -> Result<Function, RewriteError> {
        let ty = self.shape.function_type(self.index);
        let mut locals = Vec::new();
        let mut next_local = ty.params().len() as u32;
        for pair in body.get_locals_reader()? {
            let (count, ty) = pair?;
            locals.push((count, RoundtripReencoder.val_type(ty)?));
            next_local += count;
        }
        // One local for each counter, so that a check needs no second load.
        let scratch = next_local;
        locals.push((if self.plan.frame.is_some() { 2 } else { 1 }, ValType::I64));
        let mut f = Function::new(locals);

        let mut charges = self.plan.charges.iter().peekable();
        let mut runs = 0;
        let mut depth = 0u32;
        let mut after_loop = false;
        let mut operators = body.get_operators_reader()?;
        let mut at = 0;
        while !operators.eof() {
            let op = operators.read()?;
            if let Some(charge) = charges.next_if(|c| c.at == at) {
                let price = i64::try_from(charge.price).expect("a module is shorter than 2^63 operators");
                let frame = if at == 0 { self.plan.frame } else { None };
                self.charge(&mut f, price, at == 0 || after_loop, frame, scratch);
                self.probe.at(self.index, runs, &mut f);
                runs += 1;
            }
            if at == 0 && self.plan.frame.is_some() {
                let block = self.result_block()?;
                f.instruction(&I::Block(block));
            }
            after_loop = matches!(op, Operator::Loop { .. });
            match &op {
                Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => depth += 1,
                Operator::End => depth = depth.wrapping_sub(1),
                _ => {}
            }
            if matches!(op, Operator::Return) && self.plan.frame.is_some() {
                // Leaves by the block around the body, behind which the frame is given back.
                f.instruction(&I::Br(depth));
            } else {
                if is_bulk(&op) {
                    f.instruction(&I::Call(self.added.bulk));
                }
                f.instruction(&RoundtripReencoder.instruction(op)?);
            }
            at += 1;
        }
        if let Some(frame) = self.plan.frame {
            f.instruction(&I::GlobalGet(self.added.stack))
                .instruction(&I::I64Const(frame as i64))
                .instruction(&I::I64Add)
                .instruction(&I::GlobalSet(self.added.stack))
                .instruction(&I::End);
        }
        Ok(f)
    }

    /// Takes a price, and at a function's entry a frame; checks if asked to.
    fn charge(&self, f: &mut Function, price: i64, check: bool, frame: Option<u64>, scratch: u32) {
        f.instruction(&I::GlobalGet(self.added.fuel))
            .instruction(&I::I64Const(price))
            .instruction(&I::I64Sub);
        if !check {
            f.instruction(&I::GlobalSet(self.added.fuel));
            return;
        }
        f.instruction(&I::LocalTee(scratch)).instruction(&I::GlobalSet(self.added.fuel));
        f.instruction(&I::LocalGet(scratch));
        if let Some(frame) = frame {
            f.instruction(&I::GlobalGet(self.added.stack))
                .instruction(&I::I64Const(frame as i64))
                .instruction(&I::I64Sub)
                .instruction(&I::LocalTee(scratch + 1))
                .instruction(&I::GlobalSet(self.added.stack))
                .instruction(&I::LocalGet(scratch + 1))
                .instruction(&I::I64Or);
        }
        out_if_negative(f, self.added.out);
    }

    /// The type of a block that gives the function's results.
    fn result_block(&mut self) -> Result<BlockType, RewriteError> {
        let results =
            RoundtripReencoder.val_types(self.shape.function_type(self.index).results().to_vec())?;
        Ok(match results.as_slice() {
            [] => BlockType::Empty,
            [one] => BlockType::Result(*one),
            _ => {
                let index = *self.added.blocks.entry(results).or_insert_with_key(|results| {
                    let index = self.types.len();
                    self.types.ty().function([], results.iter().copied());
                    index
                });
                BlockType::FunctionType(index)
            }
        })
    }
}

fn assemble(out: Sections) -> Vec<u8> {
    let mut module = Module::new();
    module
        .section(&out.types)
        .section(&out.imports)
        .section(&out.functions)
        .section(&out.tables)
        .section(&out.memories)
        .section(&out.globals)
        .section(&out.exports)
        .section(&out.elements);
    if let Some(count) = &out.data_count {
        module.section(count);
    }
    module.section(&out.code).section(&out.data);
    module.finish()
}
