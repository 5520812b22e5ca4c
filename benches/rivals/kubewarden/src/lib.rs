//! The check as a policy for Kubewarden: its settings are the configuration, and its verdict is the outcome.

use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::settings::Validatable;
use kubewarden_policy_sdk::{
    accept_request, logging, protocol_version_guest, reject_request, validate_settings,
};
use rival_task::Config;
use serde::{Deserialize, Serialize};
use slog::{Drain, Logger, info, o};
use wapc_guest::{CallResult, register_function};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
struct Settings(Config);

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings::<Settings>);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let request: ValidationRequest<Settings> = ValidationRequest::new(payload)?;
    let Settings(config) = request.settings;
    let log = Logger::root(logging::KubewardenDrain::new().fuse(), o!("policy" => "check"));
    info!(log, "checking"; "host" => &config.host);
    let outcome = rival_task::check(config);
    if outcome.status == "success" {
        accept_request()
    } else {
        reject_request(Some(outcome.message), None, None, None)
    }
}
