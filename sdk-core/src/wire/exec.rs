//! `exec_command`: run a command, without a shell, and read what it printed.
//!
//! ```
//! use reglet_sdk_core::{Context, Error, exec};
//!
//! fn kernel() -> Result<String, Error> {
//!     let output = exec::Request::new(&"/usr/bin/uname").args(&[&"-r"]).send(&Context::default())?;
//!     Ok(output.stdout().decode().into_owned())
//! }
//! ```

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::{Dialect, Timing};
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::json::{self, Expected, Field, Value, Writer};
use crate::text::Piece;

/// A command, as the guest asks for it.
#[derive(Clone, Copy)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    command: &'a dyn Piece,
    args: &'a [&'a dyn Piece],
    env: &'a [&'a dyn Piece],
    dir: Option<&'a dyn Piece>,
    timeout_ms: Option<u32>,
}

super::debug_as_json!(Request);

impl<'a> Request<'a> {
    /// A program by its path, or by its name, which the host looks up.
    pub const fn new(command: &'a dyn Piece) -> Self {
        Self { command, args: &[], env: &[], dir: None, timeout_ms: None }
    }

    /// Sets its arguments, without the program itself. There is no shell to take them apart.
    pub const fn args(mut self, args: &'a [&'a dyn Piece]) -> Self {
        self.args = args;
        self
    }

    /// Sets its environment, each as `NAME=value`. It has nothing else, on most hosts.
    pub const fn env(mut self, env: &'a [&'a dyn Piece]) -> Self {
        self.env = env;
        self
    }

    /// Sets the folder to run it in.
    pub const fn dir(mut self, dir: &'a dyn Piece) -> Self {
        self.dir = Some(dir);
        self
    }

    /// Sets the time for all of it; `None` leaves it to the host, which takes thirty seconds.
    pub fn timeout_ms(mut self, timeout: impl Into<Option<u32>>) -> Self {
        self.timeout_ms = timeout.into();
        self
    }

    /// Runs it. A command that fails, or that is stopped after its time, has still run: see
    /// [`exit_code`](Output::exit_code) and [`is_timeout`](Output::is_timeout).
    ///
    /// # Errors
    ///
    /// What the host reports: that the command could not be started (`exec`), or is not granted (`capability`);
    /// `internal` if its answer breaks the protocol.
    pub fn send(&self, context: &Context<'_>) -> Result<Output, Error> {
        let mut stack = [MaybeUninit::uninit(); 512];
        let mut request = Writer::on(&mut stack);
        self.write(context, Dialect::Wire, &mut request);
        let output = Output::__ask(request.as_bytes(), Kind::Exec.as_str())?;
        // Absent numbers are 0, and an answer that says nothing must not say that a command did well.
        if output.0.value::<EXIT_CODE>().is_none() {
            return Err(Error::wire_format("exec_command", "exit_code is missing"));
        }
        Ok(output)
    }

    fn write(&self, context: &Context<'_>, _: Dialect, out: &mut Writer<'_>) {
        out.plain("{\"command\":\"");
        self.command.write(out);
        out.plain("\",\"args\":");
        list(out, self.args);
        if !self.env.is_empty() {
            out.plain(",\"env\":");
            list(out, self.env);
        }
        if let Some(dir) = self.dir {
            out.plain(",\"dir\":\"");
            dir.write(out);
            out.plain("\"");
        }
        super::end(out, context, self.timeout_ms);
    }
}

fn list(out: &mut Writer<'_>, texts: &[&dyn Piece]) {
    out.begin_array();
    for text in texts {
        out.text(*text);
    }
    out.end_array();
}

/// A command, as a host reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// Path or name of the program; never empty.
    pub command: Cow<'a, str>,
    /// Its arguments.
    pub args: Vec<Cow<'a, str>>,
    /// Its environment, each as `NAME=value`.
    pub env: Vec<Cow<'a, str>>,
    /// The folder to run it in, or an empty text.
    pub dir: Cow<'a, str>,
    /// What it says about time.
    pub timing: Timing<'a>,
}

impl<'a> Received<'a> {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is not JSON, lacks the command, or has values of the wrong kind.
    pub fn read(document: &'a [u8]) -> Result<Self, json::Error> {
        const COMMAND: &Field = &Field::new("command", &Expected::described("a command"), true);
        let [command, args, env, dir, timeout_ms, context] =
            Value::parse(document)?.fields(&["command", "args", "env", "dir", "timeout_ms", "context"])?;
        Ok(Self {
            command: super::required(command, COMMAND)?,
            args: super::strings(args)?,
            env: super::strings(env)?,
            dir: super::text(dir)?,
            timing: Timing::read(context, timeout_ms)?,
        })
    }

    /// The request with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Received<'static> {
        Received {
            command: super::owned(self.command),
            args: super::all_owned(self.args),
            env: super::all_owned(self.env),
            dir: super::owned(self.dir),
            timing: self.timing.into_owned(),
        }
    }
}

/// Where the exit code stands among the fields of an answer.
const EXIT_CODE: usize = 2;

super::answer! {
    function: ExecCommand,
    /// What a host answers.
    Response,
    /// What a command printed, and how it ended.
    Output,
    fields: {
        /// Its standard output. Bytes that are not UTF-8 are U+FFFD.
        stdout: output,
        /// Its standard error.
        stderr: output,
        /// Its exit status; -1 if a signal ended it or its time was over.
        exit_code: number,
        /// Milliseconds that it ran.
        duration_ms: integer,
        /// Whether its time was over.
        is_timeout: flag,
        /// Whether there was more on its standard output.
        stdout_truncated: flag,
        /// Whether there was more on its standard error.
        stderr_truncated: flag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Encode;
    use crate::mock::Mock;
    use alloc::string::String;

    #[test]
    fn asks_as_go_does() {
        let request =
            Request::new(&"ls").args(&[&"-l", &"a b\"c"]).env(&[&"A=1"]).dir(&"/tmp").timeout_ms(100);
        let (_, calls) = Mock::new()
            .answer("exec_command", r#"{"stdout":"","stderr":"","exit_code":0}"#)
            .run(|| request.send(&Context::default()).unwrap());
        let expected = concat!(
            r#"{"command":"ls","args":["-l","a b\"c"],"env":["A=1"],"dir":"/tmp","#,
            r#""context":{"timeout_ms":100},"timeout_ms":100}"#
        );
        assert_eq!(calls.requests, [("exec_command", String::from(expected))]);
        let received = Received::read(expected.as_bytes()).unwrap();
        assert_eq!(
            (received.args, received.env),
            (Vec::from(["-l".into(), "a b\"c".into()]), Vec::from(["A=1".into()]))
        );
        assert_eq!((&*received.dir, received.timing.timeout_ms), ("/tmp", Some(100)));
    }

    #[test]
    fn reads_go_requests_with_null_arguments() {
        let received = Received::read(br#"{"args":null,"command":"id","context":{"timeout_ms":9}}"#).unwrap();
        assert_eq!((received.args.len(), received.timing.timeout_ms), (0, Some(9)));
        assert!(Received::read(br#"{"args":[1],"command":"id","context":{}}"#).is_err());
        assert!(Received::read(br#"{"command":""}"#).is_err());
    }

    #[test]
    fn reads_what_a_host_writes() {
        let response = Response {
            stdout: "line\n\u{fffd}".into(),
            exit_code: -1,
            duration_ms: 12,
            is_timeout: true,
            ..Response::default()
        };
        let mut out = Writer::new();
        response.encode(&mut out);
        let written = out.into_bytes();
        assert_eq!(
            str::from_utf8(&written).unwrap(),
            "{\"stdout\":\"line\\u000a\u{fffd}\",\"stderr\":\"\",\"exit_code\":-1,\"duration_ms\":12,\
             \"is_timeout\":true}"
        );
        let (output, _) = Mock::new()
            .answer("exec_command", written)
            .run(|| Request::new(&"x").send(&Context::default()).unwrap());
        assert_eq!(output.stdout().decode(), "line\n\u{fffd}");
        assert_eq!((output.exit_code(), output.duration_ms(), output.is_timeout()), (-1, 12, true));
        assert!(!output.stdout_truncated() && output.stderr().is_empty());
    }

    #[test]
    fn an_answer_without_an_exit_code_is_no_success() {
        for answer in ["null", "{}", r#"{"stdout":"","stderr":"","exit_code":null,"duration_ms":7}"#] {
            let (result, _) = Mock::new()
                .answer("exec_command", answer)
                .run(|| Request::new(&"x").send(&Context::default()));
            let error = result.unwrap_err();
            assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"), "{answer}");
        }
    }

    #[test]
    fn a_host_that_can_not_start_it_is_an_error_of_execution() {
        let answer =
            r#"{"error":{"code":"EXECUTION_FAILED","message":"no such file"},"stdout":"","stderr":""}"#;
        let (result, _) =
            Mock::new().answer("exec_command", answer).run(|| Request::new(&"x").send(&Context::default()));
        let error = result.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Exec, "EXECUTION_FAILED"));
    }
}
