//! A plugin for WASI: a reactor with a constructor and a destructor, which uses files, environment, time and chance.

use core::hash::BuildHasher;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::collections::hash_map::RandomState;
use std::env;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use reglet_sdk_std::prelude::*;

/// How often the constructor has run, and how often the destructor.
static CONSTRUCTED: AtomicU32 = AtomicU32::new(0);
static DESTRUCTED: AtomicU32 = AtomicU32::new(0);

#[cfg(target_family = "wasm")]
mod life {
    use super::{CONSTRUCTED, DESTRUCTED, Relaxed};

    unsafe extern "C" {
        safe fn atexit(function: extern "C" fn()) -> i32;
    }

    // SAFETY: constructors are functions without parameters and results.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static CONSTRUCTOR: extern "C" fn() = construct;

    extern "C" fn construct() {
        CONSTRUCTED.fetch_add(1, Relaxed);
        atexit(destruct);
    }

    extern "C" fn destruct() {
        DESTRUCTED.fetch_add(1, Relaxed);
    }
}

config! {
    /// What to look at.
    pub struct Config<'a> {
        /// A file to read.
        file: Cow<'a, str>,
        /// A variable of the environment.
        variable: Cow<'a, str>,
    }
}

/// The check.
#[derive(Debug)]
pub struct Reactor;

impl Plugin for Reactor {
    const METADATA: Metadata = Metadata::new("reactor", "1.0.0", "Tells what it finds in WASI");

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        let found = |result: Result<String, String>| result.unwrap_or_else(|error| error);
        let file = found(fs::read_to_string(&*config.file).map_err(|error| error.kind().to_string()));
        let variable = found(env::var(&*config.variable).map_err(|error| error.to_string()));
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(Outcome::success("done")
            .data("constructed", CONSTRUCTED.load(Relaxed))
            .data("destructed", DESTRUCTED.load(Relaxed))
            .data("file", file)
            .data("variable", variable)
            .data("now", now)
            .data("chance", RandomState::new().hash_one(0_u8).to_string()))
    }
}

export_plugin!(Reactor);
