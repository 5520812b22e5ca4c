//! Whether a module will do in other hosts than this one.
//!
//! The hosts of the generations A, A′ and B differ in what they look for and in what their engine understands
//! (`docs/protocol.md#known-hosts`). A module that this host runs may still be refused elsewhere, which its author would
//! learn from a user.

use core::fmt;

use wasmparser::{KnownCustom, Name, Parser, Payload, Validator, WasmFeatures};

use crate::error::Error;
use crate::functions::Functions;
use crate::host::Host;
use crate::log::printable;
use crate::module::{Generation, kind};
use crate::plugin::Plugin;
use crate::wasi;

const PAGE: u64 = 65_536;

/// Memory at the start from which on it is worth a word: what Rust's linker gives a module whose stack nobody has set.
const MUCH_MEMORY: u64 = 1 << 20;

/// What a host may send as a configuration by mistake, and a plugin must have an answer to.
const CONFIGS: [(&str, &[u8]); 7] = [
    ("an empty one", b""),
    ("null", b"null"),
    ("{}", b"{}"),
    ("an array", b"[]"),
    ("a string that does not end", b"{\"a\":\""),
    ("bytes that are no text", b"{\"\xff\":\"\xff\"}"),
    ("nested too deep", &[b'['; 10_000]),
];

/// What is known of a module.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Conformance {
    /// Its size in bytes.
    pub bytes: usize,
    /// The functions that it imports, with their modules.
    pub imports: Vec<(String, String)>,
    /// The functions that it exports.
    pub exports: Vec<String>,
    /// Bytes of its memory at the start.
    pub memory: u64,
    /// The entry points that this host used, if it has taken it.
    pub generation: Option<Generation>,
    /// What some host will not do with, and what costs more than it has to.
    pub findings: Vec<Finding>,
}

/// Something about a module that its author should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// This host refuses it, or does not get an answer.
    Problem(String),
    /// Some other hosts do not take it, or it costs more than it has to.
    Warning(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(text) => write!(f, "problem: {text}"),
            Self::Warning(text) => write!(f, "warning: {text}"),
        }
    }
}

/// The module, then each finding on a line of its own.
impl fmt::Display for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} bytes, {} KiB of memory at the start", self.bytes, self.memory / 1024)?;
        let imports: Vec<_> = self.imports.iter().map(|(module, name)| format!("{module}.{name}")).collect();
        let imports = if imports.is_empty() { "none".into() } else { printable(&imports.join(", ")) };
        writeln!(f, "imports: {imports}")?;
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        match self.generation {
            Some(generation) if self.findings.is_empty() => {
                writeln!(
                    f,
                    "it has what hosts of generations A, A′ and B look for, and ran as one of {generation}"
                )
            }
            _ => Ok(()),
        }
    }
}

impl Conformance {
    /// Examines a module: how it is made, what it tells about itself, and that it answers whatever it is asked. Its
    /// checks run without any grant.
    #[must_use]
    pub fn of(host: &Host, name: &str, module: &[u8]) -> Self {
        let mut found = Self { bytes: module.len(), ..Self::default() };
        if let Err(error) = found.parse(module) {
            found.problem(printable(&error.to_string()));
            return found;
        }
        found.judge_features(module);
        found.judge_imports();
        found.judge_exports();
        if found.memory > MUCH_MEMORY {
            let kib = found.memory / 1024;
            found.warn(format!(
                "it starts with {kib} KiB of memory; if that is its stack, `reglet-bench build` sets a smaller one"
            ));
        }
        match host.load(name, module) {
            Ok(plugin) => found.run(&plugin),
            Err(error) => found.problem(error),
        }
        found
    }

    /// Whether this host takes it, and gets an answer to whatever it asks.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.findings.iter().any(|finding| matches!(finding, Finding::Problem(_)))
    }

    fn problem(&mut self, text: impl ToString) {
        self.find(Finding::Problem(text.to_string()));
    }

    fn warn(&mut self, text: String) {
        self.find(Finding::Warning(text));
    }

    fn find(&mut self, finding: Finding) {
        if !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Looks at the sections of the module.
    fn parse(&mut self, module: &[u8]) -> wasmparser::Result<()> {
        let mut debug = 0;
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        self.imports.push((import.module.into(), import.name.into()));
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        self.exports.push(export?.name.into());
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        self.memory += memory?.initial.saturating_mul(PAGE);
                    }
                }
                Payload::CustomSection(section) => {
                    if section.name().starts_with(".debug") {
                        debug += section.data().len();
                    }
                    if let KnownCustom::Name(mut names) = section.as_known()
                        && let Some(Ok(Name::Module { name, .. })) =
                            names.find(|name| matches!(name, Ok(Name::Module { .. })))
                    {
                        self.warn(format!(
                            "its name section calls it {name:?}: wazero hosts load no second instance of that name; \
                             `strip = \"symbols\"` in the profile leaves it out"
                        ));
                    }
                }
                _ => {}
            }
        }
        if debug > 0 {
            self.warn(format!(
                "{debug} of its bytes are for debuggers; `strip = \"symbols\"` in the profile leaves them out"
            ));
        }
        Ok(())
    }

    /// Whether the engine of the Go hosts understands it.
    fn judge_features(&mut self, module: &[u8]) {
        if let Err(error) = Validator::new_with_features(WasmFeatures::WASM2).validate_all(module) {
            let error = printable(&error.to_string());
            self.warn(format!("hosts on wazero, which are all but this one, do not take it: {error}"));
        }
    }

    fn judge_imports(&mut self) {
        let all = Functions::all();
        for (module, name) in self.imports.clone() {
            match &*module {
                "reglet_host" if name == "ssrf_check" => {
                    self.warn("command line hosts do not have `ssrf_check`, and do not load it".into());
                }
                "reglet_host" if name == "log_message" || all.has(&name) => {}
                "reglet_host" => self.warn(format!(
                    "{name:?} is no function of the protocol: only hosts that have it load the module"
                )),
                wasi::WASI if wasi::kind(&name).is_some() => {}
                _ => self.problem(format!("no host has the function {name:?} of {module:?} that it imports")),
            }
        }
    }

    /// Which hosts find what they look for.
    fn judge_exports(&mut self) {
        let has = |name: &&str| self.exports.iter().any(|export| export == name);
        let generations = [
            ("A", "describe, schema and observe", ["describe", "schema", "observe"].iter().all(has)),
            ("A′", "manifest, schema and observe", ["manifest", "schema", "observe"].iter().all(has)),
            ("B", "_manifest and _observe", ["_manifest", "_observe"].iter().all(has)),
        ];
        // Without any, it does not load here either, and that says why.
        if generations.iter().any(|(.., complete)| *complete) {
            for (generation, names, _) in generations.iter().filter(|(.., complete)| !complete) {
                self.warn(format!("hosts of generation {generation} do not load it: they look for {names}"));
            }
        }
    }

    /// Has it tell about itself, and asks it what a host may ask by mistake.
    fn run(&mut self, plugin: &Plugin) {
        self.generation = Some(plugin.generation());
        match plugin.loaded().pre.module().get_export("deallocate").as_ref().map(kind).as_deref() {
            Some("(i32, i32) -> ()") => {}
            Some(other) => self.warn(format!("its export deallocate is {other}, not (i32, i32) -> ()")),
            None => self.warn(
                "it does not export deallocate: some hosts do not load it, and others free nothing".into(),
            ),
        }
        match plugin.about() {
            Ok(about) => about.remarks.into_iter().for_each(|remark| self.warn(remark)),
            Err(error) => return self.problem(error),
        }
        for document in [Plugin::describe, Plugin::manifest] {
            match document(plugin) {
                Ok(_) | Err(Error::NoExport { .. }) => {}
                Err(error) => self.problem(error),
            }
        }
        match plugin.schema() {
            Ok(schema) => {
                if !serde_json::from_str::<serde_json::Value>(&schema).is_ok_and(|schema| schema.is_object())
                {
                    self.warn(
                        "its schema is no JSON object, so nobody can check a configuration by it".into(),
                    );
                }
            }
            Err(Error::NoExport { .. }) => {
                self.warn("it has no schema, so nobody can check a configuration before it does".into());
            }
            Err(error) => self.problem(error),
        }
        for (what, config) in CONFIGS {
            if let Err(error) = plugin.check(config) {
                // The same will happen with each of them.
                return self.problem(format!(
                    "its check does not end well with this configuration: {what}: {error}"
                ));
            }
        }
    }
}
