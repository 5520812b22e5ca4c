//! The check as a plugin for Extism.

use extism_pdk::{FnResult, Json, ToBytes, encoding, info, plugin_fn};
use rival_task::{Config, Outcome};

#[plugin_fn]
pub fn check(Json(config): Json<Config>) -> FnResult<Json<Outcome>> {
    info!("checking {}", config.host);
    Ok(Json(rival_task::check(config)))
}
