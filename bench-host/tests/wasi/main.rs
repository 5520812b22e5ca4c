//! WASI as plugins get it: its functions, what grants open, and what hostile plugins do with it.

mod clock;
mod console;
mod files;
mod folders;
mod hostile;
mod languages;
mod process;

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use reglet_bench_host::{Error, Host, Instance, LogRecord, Source};
use reglet_sdk_core::grants::Grants;
use tempfile::TempDir;

const SUCCESS: u32 = 0;
const ACCESS: u32 = 2;
const BAD_DESCRIPTOR: u32 = 8;
const EXISTS: u32 = 20;
const FAULT: u32 = 21;
const TOO_BIG: u32 = 22;
const ILLEGAL_SEQUENCE: u32 = 25;
const INVALID: u32 = 28;
const IS_FOLDER: u32 = 31;
const LOOP: u32 = 32;
const TOO_MANY_OPEN: u32 = 33;
const NAME_TOO_LONG: u32 = 37;
const NOT_FOUND: u32 = 44;
const NOT_IMPLEMENTED: u32 = 52;
const NOT_FOLDER: u32 = 54;
const NOT_EMPTY: u32 = 55;
const NOT_SOCKET: u32 = 57;
const NOT_SUPPORTED: u32 = 58;
const OVERFLOW: u32 = 61;
const NOT_PERMITTED: u32 = 63;
const NOT_SEEKABLE: u32 = 70;
const NOT_CAPABLE: u32 = 76;

/// Rights to read, and to write.
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 6;

/// The descriptor of the first folder that is offered, and those that follow on the root if there is no second.
const FOLDER: u32 = 3;
const NEXT: u32 = 5;

/// Where the error numbers are kept, and where what the calls need.
const ERRNOS: u32 = 8;
const DATA: u32 = 2048;
const MEMORY: u32 = 65_536;

/// A plugin that makes these calls, one after the other, and returns its memory.
#[derive(Default)]
struct Script {
    calls: Vec<String>,
    data: Vec<(u32, Vec<u8>)>,
    next: u32,
}

impl Script {
    fn new() -> Self {
        Self { next: DATA, ..Self::default() }
    }

    /// A call as `name argument …`; arguments that end with `l` have 64 bits.
    fn call(&mut self, call: impl Into<String>) -> &mut Self {
        self.calls.push(call.into());
        self
    }

    /// Puts bytes into the memory; returns address and length.
    fn bytes(&mut self, bytes: impl AsRef<[u8]>) -> String {
        let (bytes, at) = (bytes.as_ref().to_owned(), self.next);
        self.next += u32::try_from(bytes.len()).unwrap().next_multiple_of(8);
        let place = format!("{at} {}", bytes.len());
        self.data.push((at, bytes));
        place
    }

    /// Puts a list with one buffer into the memory; returns address and count.
    fn vector(&mut self, buffer: &str) -> String {
        let numbers = buffer.split(' ').flat_map(|number| number.parse::<u32>().unwrap().to_le_bytes());
        let list = self.bytes(numbers.collect::<Vec<_>>());
        format!("{} 1", list.split_once(' ').unwrap().0)
    }

    /// Room for an answer.
    fn room(&mut self, len: usize) -> u32 {
        let place = self.bytes(vec![0; len]);
        place.split_once(' ').unwrap().0.parse().unwrap()
    }

    /// Opens a path in the first folder, following links.
    fn open(&mut self, path: &str, how: u32, rights: u64) -> &mut Self {
        let (path, opened) = (self.bytes(path), self.room(4));
        self.call(format!("path_open {FOLDER} 1 {path} {how} {rights}l 0l 0 {opened}"))
    }

    /// Writes text to a descriptor.
    fn write(&mut self, fd: u32, text: &str) -> &mut Self {
        let buffer = self.bytes(text);
        let (list, written) = (self.vector(&buffer), self.room(4));
        self.call(format!("fd_write {fd} {list} {written}"))
    }

    fn module(&self) -> Vec<u8> {
        let (mut imports, mut body, mut data) = (BTreeMap::new(), String::new(), String::new());
        for (index, call) in self.calls.iter().enumerate() {
            let (name, arguments) = call.split_once(' ').unwrap_or((call, ""));
            let (mut types, mut values) = (String::new(), String::new());
            for argument in arguments.split(' ').filter(|argument| !argument.is_empty()) {
                let (ty, value) = argument.strip_suffix('l').map_or(("i32", argument), |v| ("i64", v));
                write!(types, " {ty}").unwrap();
                write!(values, " ({ty}.const {value})").unwrap();
            }
            let (result, place) = if name == "proc_exit" {
                ("", String::new())
            } else {
                ("(result i32)", format!("i32.store (i32.const {})", ERRNOS as usize + 4 * index))
            };
            let import = r#"(import "wasi_snapshot_preview1""#;
            imports.insert(name, format!(r#"{import} "{name}" (func ${name} (param{types}) {result}))"#));
            write!(body, "({place} (call ${name}{values}))").unwrap();
        }
        body = body.replace("( (call $proc_exit", "(block (call $proc_exit");
        for (at, bytes) in &self.data {
            let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
            write!(data, r#"(data (i32.const {at}) "{bytes}")"#).unwrap();
        }
        let imports: String = imports.into_values().collect();
        let dump = u64::from(ERRNOS) << 32 | u64::from(MEMORY - ERRNOS);
        wat::parse_str(format!(
            r#"(module {imports} (memory (export "memory") 1)
                (func (export "allocate") (param i32) (result i32) (i32.const 65520))
                (func (export "describe") (result i64) (i64.const 0))
                (func (export "observe") (param i32 i32) (result i64) {body} (i64.const {dump}))
                {data})"#
        ))
        .unwrap()
    }

    fn instance(&self, host: &Host, grants: Grants) -> Instance {
        host.load("guest", &self.module()).unwrap().granted(grants).instance().unwrap()
    }

    /// The error of the check, and what was logged.
    fn fails(&self, grants: Grants) -> (Error, Vec<String>) {
        let (host, records) = logging();
        let error = self.instance(&host, grants).observe(b"").unwrap_err();
        let records = records.lock().unwrap().clone();
        (error, records)
    }

    fn run(&self, grants: Grants) -> Reply {
        let (host, records) = logging();
        let memory = self.instance(&host, grants).observe(b"").unwrap();
        let log = records.lock().unwrap().clone();
        Reply { memory, calls: self.calls.len(), log }
    }

    /// The error numbers of the calls.
    #[track_caller]
    fn errnos(&self, grants: Grants) -> Vec<u32> {
        self.run(grants).errnos()
    }
}

struct Reply {
    memory: Vec<u8>,
    calls: usize,
    log: Vec<String>,
}

impl Reply {
    fn errnos(&self) -> Vec<u32> {
        (0..self.calls).map(|index| self.u32(ERRNOS + 4 * u32::try_from(index).unwrap())).collect()
    }

    #[track_caller]
    fn succeeded(&self) -> &Self {
        assert_eq!(self.errnos(), vec![SUCCESS; self.calls]);
        self
    }

    fn bytes(&self, at: u32, len: u32) -> &[u8] {
        &self.memory[(at - ERRNOS) as usize..][..len as usize]
    }

    fn u32(&self, at: u32) -> u32 {
        u32::from_le_bytes(self.bytes(at, 4).try_into().unwrap())
    }

    fn u64(&self, at: u32) -> u64 {
        u64::from_le_bytes(self.bytes(at, 8).try_into().unwrap())
    }
}

/// A host, and the text of what it logs.
fn logging() -> (Host, Arc<Mutex<Vec<String>>>) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&records);
    let log = move |record: &LogRecord<'_>| {
        assert_eq!(record.source == Source::Host, record.message.contains("capability denied"));
        sink.lock().unwrap().push(record.to_string());
    };
    (Host::builder().log(log).build().unwrap(), records)
}

/// A folder for a test, by its canonical path.
struct Files {
    path: String,
    /// Removes the folder.
    _folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().canonicalize().unwrap().to_str().unwrap().to_owned();
        Self { path, _folder: folder }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    fn put(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    fn get(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name)).ok()
    }

    fn link(&self, target: &str, name: &str) -> &Self {
        std::os::unix::fs::symlink(target, self.path(name)).unwrap();
        self
    }

    /// Grants for patterns below the folder.
    fn grants(&self, read: &[&str], write: &[&str]) -> Grants {
        let grants = read.iter().fold(Grants::default(), |g, pattern| g.read(&self.path(pattern)).unwrap());
        write.iter().fold(grants, |g, pattern| g.write(&self.path(pattern)).unwrap())
    }

    fn all(&self) -> Grants {
        self.grants(&["**"], &["**"])
    }
}
