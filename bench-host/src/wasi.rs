//! WASI preview 1 for plugins: all 46 functions, inside the plugin's grants and the call's time.
//!
//! It is written by hand, over `cap-std`, because the ready-made `wasmtime-wasi` can't do what a plugin host needs: its
//! blocking calls wait on a runtime of their own, which panics on a thread of the embedder's; while a plugin sleeps,
//! neither the call's time limit nor [`Cancel`](crate::Cancel) reaches it; its folders are granted as a whole, not path
//! by path; and it brings wasmtime's async and component-model parts into every program.
//!
//! What a plugin gets:
//!
//! - Clocks and random numbers are real. A sleep ends with the call's time and with a cancellation.
//! - There are no arguments, as in Reglet's other hosts. The environment holds the variables that an `env` grant allows,
//!   as they are when the instance first asks WASI for anything. Any other just looks unset, and nothing is logged: a
//!   plugin reads all variables at once, and nobody can tell which one it is after.
//! - Standard input is empty. What is written to standard output and standard error is logged, line by line, at `Info`
//!   and `Warn`. The panic that a language's runtime prints there becomes part of the error.
//! - Each `fs` grant offers the folder before its first wildcard, or the one that its file is in, under the path that
//!   it has on the host. What happens inside is decided path by path ([`folders`]). Any other path is denied, and that
//!   is logged: the root is offered, too. A folder shows what may be read, and how much it leaves out is logged.
//! - Signals and sockets there are none; a plugin that exits ends its call with an error.

mod clock;
mod console;
mod descriptor;
mod errno;
mod files;
mod folders;
mod guest;
mod paths;
mod process;

use wasmtime::{Caller, Linker};

use reglet_sdk_core::grants::Grants;

use crate::error::Exited;
use crate::state::State;
use crate::trace::Way;
use console::Console;
pub(crate) use console::{flush, last_line, panic};
use descriptor::Descriptors;
use errno::Errno;
use folders::Folders;
use guest::{Fault, Guest, Memory};

/// Where plugins import it from.
pub(crate) const WASI: &str = "wasi_snapshot_preview1";

const EXIT: (&str, &str) = ("proc_exit", "(i32) -> ()");

/// The functions, and where they are: each answers with an error number.
macro_rules! functions {
    ($($module:ident { $($name:ident($($arg:ident: $ty:ident),*);)* })*) => {
        /// Names and types, without `proc_exit`.
        const FUNCTIONS: &[(&str, &str)] =
            &[$($((stringify!($name), concat!("(", types!($($ty),*), ") -> (i32)")),)*)*];

        /// Adds the functions to what plugins may import.
        pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
            $($(linker.func_wrap(WASI, stringify!($name), |caller: Caller<'_, State>, $($arg: $ty),*| {
                answer(caller, stringify!($name), |guest| $module::$name(guest, $($arg),*))
            })?;)*)*
            linker.func_wrap(WASI, EXIT.0, exit)?;
            Ok(())
        }
    };
}

/// The WebAssembly types of parameters.
macro_rules! types {
    (u32) => { "i32" };
    (u64) => { "i64" };
    ($ty:ident, $($rest:ident),+) => { concat!(types!($ty), ", ", types!($($rest),+)) };
    () => { "" };
}

functions! {
    process {
        args_get(pointers: u32, text: u32);
        args_sizes_get(count: u32, size: u32);
        environ_get(pointers: u32, text: u32);
        environ_sizes_get(count: u32, size: u32);
        proc_raise(signal: u32);
        random_get(address: u32, len: u32);
        sched_yield();
        sock_accept(fd: u32, flags: u32, accepted: u32);
        sock_recv(fd: u32, vectors: u32, count: u32, flags: u32, read: u32, out_flags: u32);
        sock_send(fd: u32, vectors: u32, count: u32, flags: u32, written: u32);
        sock_shutdown(fd: u32, how: u32);
    }
    clock {
        clock_res_get(clock: u32, resolution: u32);
        clock_time_get(clock: u32, precision: u64, time: u32);
        poll_oneoff(subscriptions: u32, events: u32, count: u32, happened: u32);
    }
    files {
        fd_advise(fd: u32, offset: u64, len: u64, advice: u32);
        fd_allocate(fd: u32, offset: u64, len: u64);
        fd_close(fd: u32);
        fd_datasync(fd: u32);
        fd_fdstat_get(fd: u32, stat: u32);
        fd_fdstat_set_flags(fd: u32, flags: u32);
        fd_fdstat_set_rights(fd: u32, rights: u64, inheriting: u64);
        fd_filestat_get(fd: u32, stat: u32);
        fd_filestat_set_size(fd: u32, size: u64);
        fd_filestat_set_times(fd: u32, accessed: u64, modified: u64, flags: u32);
        fd_pread(fd: u32, vectors: u32, count: u32, offset: u64, read: u32);
        fd_prestat_dir_name(fd: u32, address: u32, len: u32);
        fd_prestat_get(fd: u32, prestat: u32);
        fd_pwrite(fd: u32, vectors: u32, count: u32, offset: u64, written: u32);
        fd_read(fd: u32, vectors: u32, count: u32, read: u32);
        fd_readdir(fd: u32, address: u32, len: u32, cookie: u64, used: u32);
        fd_renumber(from: u32, to: u32);
        fd_seek(fd: u32, offset: u64, whence: u32, position: u32);
        fd_sync(fd: u32);
        fd_tell(fd: u32, position: u32);
        fd_write(fd: u32, vectors: u32, count: u32, written: u32);
    }
    paths {
        path_create_directory(fd: u32, path: u32, len: u32);
        path_filestat_get(fd: u32, lookup: u32, path: u32, len: u32, stat: u32);
        path_filestat_set_times(
            fd: u32, lookup: u32, path: u32, len: u32, accessed: u64, modified: u64, flags: u32
        );
        path_link(
            fd: u32, lookup: u32, path: u32, len: u32, new_fd: u32, new_path: u32, new_len: u32
        );
        path_open(
            fd: u32, lookup: u32, path: u32, len: u32, how: u32, rights: u64, inheriting: u64, flags: u32,
            opened: u32
        );
        path_readlink(fd: u32, path: u32, len: u32, address: u32, room: u32, used: u32);
        path_remove_directory(fd: u32, path: u32, len: u32);
        path_rename(fd: u32, path: u32, len: u32, new_fd: u32, new_path: u32, new_len: u32);
        path_symlink(target: u32, target_len: u32, fd: u32, path: u32, len: u32);
        path_unlink_file(fd: u32, path: u32, len: u32);
    }
}

/// The type of a function, if there is one of that name.
pub(crate) fn kind(name: &str) -> Option<&'static str> {
    let mut all = FUNCTIONS.iter().chain([&EXIT]);
    all.find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// What an instance has of WASI. It is made once the plugin needs it: those of the core SDK only ask for the time.
#[derive(Debug)]
pub(crate) struct Context {
    /// `NAME=value`, each.
    environment: Vec<Vec<u8>>,
    folders: Folders,
    descriptors: Descriptors,
    console: Console,
}

impl Context {
    pub(crate) fn new(grants: &Grants) -> Self {
        let folders = Folders::new(grants);
        Self {
            environment: process::environment(grants),
            descriptors: Descriptors::new(folders.count()),
            folders,
            console: Console::default(),
        }
    }

    /// Begins a call.
    pub(crate) fn begin(&mut self) {
        self.console.begin();
    }
}

fn answer(
    mut caller: Caller<'_, State>,
    name: &str,
    function: impl FnOnce(&mut Guest<'_>) -> Result<(), Fault>,
) -> wasmtime::Result<u32> {
    caller.data_mut().host_calls += 1;
    let Some(way_in) = State::way_in(&mut caller) else { return Ok(Errno::Fault.code()) };
    let (memory, state) = way_in.memory.data_and_store_mut(&mut caller);
    state.host.trace(&state.plugin, Way::Request, name, &[]);
    match function(&mut Guest { memory: Memory(memory), state }) {
        Ok(()) => Ok(0),
        Err(Fault::Errno(errno)) => Ok(errno.code()),
        Err(Fault::Ends(error)) => Err(error),
    }
}

fn exit(mut caller: Caller<'_, State>, code: u32) -> wasmtime::Result<()> {
    let state = caller.data_mut();
    state.host_calls += 1;
    state.host.trace(&state.plugin, Way::Request, EXIT.0, &[]);
    Err(Exited(code).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module;
    use wasmtime::{Engine, Module};

    #[test]
    fn each_function_has_the_type_that_the_table_says() {
        let engine = Engine::default();
        let mut linker = Linker::new(&engine);
        link(&mut linker).unwrap();
        assert_eq!(FUNCTIONS.len() + 1, 46);
        for (name, _) in FUNCTIONS.iter().chain([&EXIT]) {
            let kind = kind(name).unwrap();
            let (params, results) = kind.split_once(" -> ").unwrap();
            let types = |list: &str| list.trim_matches(['(', ')']).replace(',', "");
            let (params, results) = (types(params), types(results));
            let text =
                format!(r#"(module (import "{WASI}" "{name}" (func (param {params}) (result {results}))))"#);
            let module = Module::new(&engine, &text).unwrap();
            assert_eq!(module::kind(&module.imports().next().unwrap().ty()), kind);
            linker.instantiate_pre(&module).unwrap();
        }
        assert_eq!(kind("fd_write_all"), None);
    }
}
