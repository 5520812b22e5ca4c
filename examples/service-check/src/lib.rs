//! Checks that a systemd unit is active.

use core::time::Duration;

// The prelude has a module of this name, too. With this line it is the crate that is meant by it.
use ::log;
use reglet_sdk_std::exec::Command;
use reglet_sdk_std::prelude::*;

config! {
    /// Which unit, and how to ask about it.
    pub struct Config {
        /// Name of the unit, such as `sshd.service`.
        #[length(1..=255)]
        unit: String,
        /// The `systemctl` to ask: a path, or a name that the host looks up.
        #[length(1..)]
        program: String = "systemctl",
        /// Time limit for the answer, in milliseconds.
        #[range(1..)]
        timeout_ms: u32 = 5_000,
    }
}

/// The check.
#[derive(Debug)]
pub struct ServiceCheck;

impl Plugin for ServiceCheck {
    const METADATA: Metadata =
        Metadata::new("service-check", "1.0.0", "Checks that a systemd unit is active")
            .needs(&[Capability::Exec(&["/usr/bin/systemctl"])]);

    type Config<'a> = Config;

    fn check(config: Config, context: &Context<'_>) -> Result<Outcome, Error> {
        let Config { unit, program, timeout_ms } = config;
        // It would be an option of systemctl.
        if unit.starts_with('-') {
            return Err(Error::config("unit", "the name of a unit does not begin with '-'"));
        }
        let output = Command::new(program)
            .args(["is-active", &unit])
            .timeout(Duration::from_millis(timeout_ms.into()))
            .output(context)?;
        let state = output.stdout().trim().to_owned();
        // It tells the state also with an exit status that is not 0; if it does not, that is why.
        if state.is_empty() || output.status().code().is_none() {
            output.exit_ok()?;
        }
        log::info!("{unit} is {state}");
        Ok(Outcome::when(state == "active", text![unit, " is ", state]).data("state", &state))
    }
}

export_plugin!(ServiceCheck);
