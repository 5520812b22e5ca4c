//! What comes back from a command.

use core::time::Duration;
use std::borrow::Cow;

use reglet_sdk_core::{Error, exec};

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Output {
    answer: exec::Output,
    program: String,
}

impl Output {
    pub(super) const fn new(answer: exec::Output, program: String) -> Self {
        Self { answer, program }
    }

    /// How it ended.
    #[must_use]
    pub fn status(&self) -> ExitStatus {
        match self.answer.exit_code() {
            // Whatever the host says, it did not end by itself.
            _ if self.timed_out() => ExitStatus(-1),
            code => ExitStatus(i32::try_from(code).unwrap_or(if code < 0 { i32::MIN } else { i32::MAX })),
        }
    }

    /// Its standard output. Bytes that were not UTF-8 are U+FFFD: the wire has only text.
    #[must_use]
    pub fn stdout(&self) -> Cow<'_, str> {
        self.answer.stdout().decode()
    }

    /// Its standard error. Bytes that were not UTF-8 are U+FFFD: the wire has only text.
    #[must_use]
    pub fn stderr(&self) -> Cow<'_, str> {
        self.answer.stderr().decode()
    }

    /// How long it ran, in whole milliseconds.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.answer.duration_ms())
    }

    /// Whether it was stopped because its time was over. What it had printed by then is there.
    #[must_use]
    pub fn timed_out(&self) -> bool {
        self.answer.is_timeout()
    }

    /// Whether there was more on its standard output than the host passes on.
    #[must_use]
    pub fn stdout_truncated(&self) -> bool {
        self.answer.stdout_truncated()
    }

    /// Whether there was more on its standard error than the host passes on.
    #[must_use]
    pub fn stderr_truncated(&self) -> bool {
        self.answer.stderr_truncated()
    }

    /// Makes an error of a command that did not end well.
    ///
    /// ```
    /// use reglet_sdk_std::exec::Command;
    /// # use reglet_sdk_std::{Context, Error, mock::Mock};
    ///
    /// # let answer = r#"{"stdout":"","stderr":"no such file","exit_code":2}"#;
    /// # let (result, _) = Mock::new().answer("exec_command", answer).run(|| {
    /// # let context = Context::default();
    /// let error = Command::new("ls").arg("/nowhere").output(&context)?.exit_ok().unwrap_err();
    /// assert_eq!(error.message(), "command 'ls' exited with code 2: no such file");
    /// # Ok::<_, Error>(())
    /// # });
    /// # result.unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// - `timeout`, code `exec`: it was stopped because its time was over. If it wrote to its standard error, the cause is
    ///   an error as the next one, with -1.
    /// - `exec`, code `exit_…`: its exit status is not 0; -1 if a signal ended it. With what it wrote to its standard
    ///   error, about 4 KiB of it.
    pub fn exit_ok(self) -> Result<Self, Error> {
        let ExitStatus(code) = self.status();
        if code == 0 {
            return Ok(self);
        }
        let ended = Error::exec(&self.program, code, self.answer.stderr());
        if !self.timed_out() {
            return Err(ended);
        }
        let late = Error::timeout("exec", &self.program, self.duration());
        Err(if self.answer.stderr().is_empty() { late } else { late.with_source(&ended) })
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitStatus(i32);

impl ExitStatus {
    /// Whether it ended by itself, with exit status 0.
    #[must_use]
    pub const fn success(self) -> bool {
        self.0 == 0
    }

    /// Its exit status; none if a signal ended it or its time was over.
    #[must_use]
    pub const fn code(self) -> Option<i32> {
        match self.0 {
            -1 => None,
            code => Some(code),
        }
    }
}
