//! The finished plugin in the hands of a host that sends whatever it likes, and never frees unless told to.

mod config;
mod harness;
mod memory;
mod module;
mod panic;
mod reply;
