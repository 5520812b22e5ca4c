//! The check as a guest for waPC.

use wapc_guest::{CallResult, console_log, register_function};

#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("check", check);
}

fn check(config: &[u8]) -> CallResult {
    let config: rival_task::Config = serde_json::from_slice(config)?;
    console_log(&format!("checking {}", config.host));
    Ok(serde_json::to_vec(&rival_task::check(config))?)
}
