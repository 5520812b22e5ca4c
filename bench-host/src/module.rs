//! What a module must be to be loaded: all of it is checked before anything of it runs.

use core::fmt;

use wasmparser::{ImportSectionReader, Parser, Payload};
use wasmtime::{ExternType, FuncType, Module};

use crate::limits::{Limits, MAX_FUNCTIONS, MAX_IMPORTS};

/// The export that is called once after instantiation, if it is there.
pub(crate) const INITIALIZE: &str = "_initialize";

const PAGE: u64 = 65_536;

/// The functions that hosts call, and the types that they must have.
///
/// `deallocate` is not among them: a wrong one costs a plugin its instances, but not its outcomes.
const FUNCTIONS: [(&str, &str); 9] = [
    ("allocate", "(i32) -> (i32)"),
    (INITIALIZE, "() -> ()"),
    ("_manifest", "() -> (i64)"),
    ("_schema", "() -> (i64)"),
    ("_observe", "(i32, i32) -> (i64)"),
    ("manifest", "() -> (i64)"),
    ("describe", "() -> (i64)"),
    ("schema", "() -> (i64)"),
    ("observe", "(i32, i32) -> (i64)"),
];

/// Which entry points of a plugin the host uses (`docs/protocol.md#generations`).
///
/// A module may have several complete sets; then the first of `B`, `A′` and `A` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// `describe`, `schema` and `observe`.
    A,
    /// `manifest`, `schema` and `observe`.
    APrime,
    /// `_manifest`, `_schema` and `_observe`.
    B,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::APrime => "A′",
            Self::B => "B",
        })
    }
}

impl Generation {
    /// The export with the metadata.
    #[must_use]
    pub fn metadata(self) -> &'static str {
        match self {
            Self::A => "describe",
            Self::APrime => "manifest",
            Self::B => "_manifest",
        }
    }

    /// The export with the schema of the configuration, which a plugin may lack.
    #[must_use]
    pub fn schema(self) -> &'static str {
        match self {
            Self::A | Self::APrime => "schema",
            Self::B => "_schema",
        }
    }

    /// The export that runs the check.
    #[must_use]
    pub fn observe(self) -> &'static str {
        match self {
            Self::A | Self::APrime => "observe",
            Self::B => "_observe",
        }
    }
}

/// Looks over a module that is yet to be compiled: what it needs must lie within the limits.
pub(crate) fn scan(module: &[u8], limits: &Limits) -> Result<(), String> {
    let at_most = |what, count: u32, limit: u32| {
        let reason = || format!("it has {count} {what}, more than the limit of {limit}");
        if count > limit { Err(reason()) } else { Ok(()) }
    };
    for payload in Parser::new(0).parse_all(module) {
        match payload.map_err(|error| error.to_string())? {
            Payload::FunctionSection(section) => at_most("functions", section.count(), MAX_FUNCTIONS)?,
            Payload::ImportSection(section) => at_most("imports", section.count(), MAX_IMPORTS)?,
            Payload::MemorySection(section) => {
                for memory in section {
                    let bytes = memory.map_err(|error| error.to_string())?.initial.saturating_mul(PAGE);
                    if bytes > limits.memory as u64 {
                        let limit = limits.memory;
                        return Err(format!(
                            "its memory has {bytes} bytes at the start, more than the memory limit of {limit} bytes"
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a module imports what only JavaScript gets, from the glue that `wasm-bindgen` makes.
pub(crate) fn is_for_javascript(module: &[u8]) -> bool {
    let sections = Parser::new(0).parse_all(module).filter_map(|payload| match payload {
        Ok(Payload::ImportSection(section)) => Some(section),
        _ => None,
    });
    let mut imports = sections.flat_map(ImportSectionReader::into_imports).flatten();
    imports.any(|import| import.module.starts_with("__wbindgen"))
}

/// Checks that a module exports what a plugin must, with the right types, and tells which generation it is.
pub(crate) fn check_exports(module: &Module) -> Result<Generation, String> {
    let has = |name| module.get_export(name).is_some();
    if has("_start") {
        return Err("it exports `_start`: it is a command, not a reactor".into());
    }
    for (name, expected) in FUNCTIONS {
        match module.get_export(name).as_ref().map(kind) {
            Some(found) if found != expected => {
                return Err(format!("its export `{name}` is {found}, not {expected}"));
            }
            _ => {}
        }
    }
    check_memory(module)?;
    let mut missing: Vec<&str> = ["memory", "allocate"].into_iter().filter(|name| !has(name)).collect();
    let old = has("manifest") || has("describe");
    match (has("_manifest"), has("_observe")) {
        (true, false) => missing.push("_observe"),
        (false, true) => missing.push("_manifest"),
        (false, false) if !old && !has("observe") => missing.extend(["_manifest", "_observe"]),
        _ => {}
    }
    match (old, has("observe")) {
        (true, false) => missing.push("observe"),
        (false, true) => missing.push("describe"),
        _ => {}
    }
    if !missing.is_empty() {
        return Err(format!("it does not export {}", missing.join(", ")));
    }
    Ok(match (has("_manifest"), has("manifest")) {
        (true, _) => Generation::B,
        (_, true) => Generation::APrime,
        _ => Generation::A,
    })
}

/// Checks that no memory but `memory` is exported, and that it can be addressed.
fn check_memory(module: &Module) -> Result<(), String> {
    for export in module.exports() {
        match (export.name(), export.ty()) {
            ("memory", ExternType::Memory(memory)) if memory.is_64() || memory.is_shared() => {
                return Err("its memory must have 32-bit addresses and must not be shared".into());
            }
            ("memory", ExternType::Memory(_)) => {}
            ("memory", other) => {
                return Err(format!("its export `memory` is {}, not a memory", kind(&other)));
            }
            (name, ExternType::Memory(_)) => {
                return Err(format!("it exports {name:?}, a memory beside `memory`"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// The type of a function, or what else an import or export is.
pub(crate) fn kind(ty: &ExternType) -> String {
    match ty {
        ExternType::Func(ty) => signature(ty),
        ExternType::Global(_) => "a global".into(),
        ExternType::Table(_) => "a table".into(),
        ExternType::Memory(_) => "a memory".into(),
        ExternType::Tag(_) => "a tag".into(),
    }
}

fn signature(ty: &FuncType) -> String {
    let params: Vec<String> = ty.params().map(|ty| ty.to_string()).collect();
    let results: Vec<String> = ty.results().map(|ty| ty.to_string()).collect();
    format!("({}) -> ({})", params.join(", "), results.join(", "))
}
