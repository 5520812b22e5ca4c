//! Commands: run one without a shell, and read what it printed.
//!
//! [`Command`] is made like `std::process::Command`. What its arguments come to is what the program gets: there is no
//! shell that would take them apart, no standard input, and on most hosts no environment but what is set here.
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_std::exec::Command;
//! use reglet_sdk_std::{Context, Error};
//!
//! fn is_active(unit: &str, context: &Context<'_>) -> Result<bool, Error> {
//!     let output = Command::new("systemctl")
//!         .args(["is-active", unit])
//!         .timeout(Duration::from_secs(5))
//!         .output(context)?;
//!     Ok(output.stdout().trim() == "active")
//! }
//! # use reglet_sdk_std::mock::Mock;
//! # let mock = Mock::new().answer("exec_command", r#"{"stdout":"active\n","stderr":"","exit_code":0}"#);
//! # assert!(mock.run(|| is_active("sshd.service", &Context::default())).0.unwrap());
//! ```

mod output;

pub use output::{ExitStatus, Output};
pub use reglet_sdk_core::exec::*;

use core::time::Duration;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::Writer;
use reglet_sdk_core::text::Piece;
use reglet_sdk_core::{Context, Error, text};

use crate::call::{guarded, milliseconds};

/// A command to run.
///
/// ```
/// use reglet_sdk_std::exec::Command;
/// # use reglet_sdk_std::{Context, mock::Mock};
///
/// # let (result, calls) = Mock::new().answer("exec_command", r#"{"exit_code":0}"#).run(|| {
/// let mut command = Command::new("ls");
/// command.arg("-l").current_dir("/etc");
/// for variable in ["LANG", "LC_ALL"] {
///     command.env(variable, "C");
/// }
/// let output = command.output(&Context::default())?;
/// # Ok::<_, reglet_sdk_std::Error>(output)
/// # });
/// # let request = r#"{"command":"ls","args":["-l"],"env":["LANG=C","LC_ALL=C"],"dir":"/etc","context":{}}"#;
/// # assert_eq!(calls.requests, [("exec_command", request.to_owned())]);
/// ```
#[derive(Clone, Debug)]
pub struct Command {
    program: String,
    args: Vec<String>,
    env: Vec<Variable>,
    dir: Option<String>,
    timeout: Option<Duration>,
}

impl Command {
    /// A program by its path, or by its name, which the host looks up.
    pub fn new(program: impl Into<String>) -> Self {
        Self { program: program.into(), args: Vec::new(), env: Vec::new(), dir: None, timeout: None }
    }

    /// Adds an argument.
    pub fn arg(&mut self, arg: impl AsRef<str>) -> &mut Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<str>>(&mut self, args: impl IntoIterator<Item = S>) -> &mut Self {
        for arg in args {
            self.arg(arg);
        }
        self
    }

    /// Sets a variable of its environment, in place of what it was set to before.
    ///
    /// Some variables are refused by hosts, or need a grant: `LD_PRELOAD`, for one, or `PATH`.
    pub fn env(&mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> &mut Self {
        let (name, value) = (name.as_ref(), value.as_ref().to_owned());
        match self.env.iter_mut().find(|variable| variable.name == name) {
            Some(variable) => variable.value = value,
            None => self.env.push(Variable { name: name.to_owned(), value }),
        }
        self
    }

    /// Sets variables of its environment.
    pub fn envs<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> &mut Self {
        for (name, value) in variables {
            self.env(name, value);
        }
        self
    }

    /// Sets the folder to run it in.
    pub fn current_dir(&mut self, dir: impl Into<String>) -> &mut Self {
        self.dir = Some(dir.into());
        self
    }

    /// Sets the time for all of it, in whole milliseconds rounded up. Without it the host takes thirty seconds.
    pub fn timeout(&mut self, timeout: Duration) -> &mut Self {
        self.timeout = Some(timeout);
        self
    }

    /// Runs it. A command that fails, or that is stopped after its time, has still run: see
    /// [`status`](Output::status), [`timed_out`](Output::timed_out) and [`exit_ok`](Output::exit_ok).
    ///
    /// # Errors
    ///
    /// - `validation`, code `INVALID_REQUEST`: it has a NUL, or a variable's name is empty or has a `=`.
    /// - `timeout`: the context has been given up, or its time is over. Like the first, without asking the host.
    /// - What the host reports: that it could not be started (`exec`), or is not granted (`capability`).
    /// - `internal`: the host's answer breaks the protocol.
    pub fn output(&self, context: &Context<'_>) -> Result<Output, Error> {
        self.validate()?;
        let args: Vec<&dyn Piece> = self.args.iter().map(|arg| arg as &dyn Piece).collect();
        let env: Vec<&dyn Piece> = self.env.iter().map(|variable| variable as &dyn Piece).collect();
        let mut request =
            Request::new(&self.program).args(&args).env(&env).timeout_ms(self.timeout.map(milliseconds));
        if let Some(dir) = &self.dir {
            request = request.dir(dir);
        }
        let answer = guarded(context, || request.send(context))?;
        Ok(Output::new(answer, self.program.clone()))
    }

    /// Refuses what no program can be given; some hosts would cut it off instead.
    fn validate(&self) -> Result<(), Error> {
        let has_nul = |text: &String| text.contains('\0');
        if has_nul(&self.program) || self.dir.as_ref().is_some_and(has_nul) {
            return Err(self.refuse(&"its path or its folder has a NUL"));
        }
        if let Some(at) = self.args.iter().position(has_nul) {
            return Err(self.refuse(&text!["its argument ", at + 1, " has a NUL"]));
        }
        for Variable { name, value } in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) {
                return Err(self.refuse(&text![
                    "a variable of its environment is called '",
                    name,
                    "', and a name can't be empty or have a = or a NUL"
                ]));
            }
            if has_nul(value) {
                return Err(self.refuse(&text!["the variable '", name, "' of its environment has a NUL"]));
            }
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self, reason: &dyn Piece) -> Error {
        let message = text!["failed to execute '", self.program, "': ", reason];
        Error::new(Kind::Validation, message).with_code("INVALID_REQUEST")
    }
}

/// A variable of the environment.
#[derive(Clone, Debug)]
struct Variable {
    name: String,
    value: String,
}

impl Piece for Variable {
    fn write(&self, out: &mut Writer<'_>) {
        text![self.name, "=", self.value].write(out);
    }
}
