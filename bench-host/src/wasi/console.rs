//! Standard output and standard error: lines for the log, and the last words of a plugin that fails.

use std::borrow::Cow;

use crate::imports::pass_on;
use crate::log::{Level, LogRecord, Source, printable};
use crate::state::State;

/// Bytes of a line; longer ones are logged in pieces.
const MAX_LINE: usize = 4096;

/// How the line begins that a runtime reports a failure in: Go's for panics and for what is worse.
const PANICS: [&str; 2] = ["panic: ", "fatal error: "];

/// How the line begins that Rust's runtime ends a report with, and that says nothing of the failure.
const NOTE: &str = "note: run with `RUST_BACKTRACE=";

/// A stream that a plugin writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Out,
    Err,
}

/// What was written and is not yet logged, and what may tell why a plugin fails.
#[derive(Debug, Default)]
pub(super) struct Console {
    out: Vec<u8>,
    err: Vec<u8>,
    /// The line that reports the panic.
    panic: Option<String>,
    /// Whether the next line is the message of a panic of Rust, whose first line names the place.
    expects_message: bool,
    /// The last line of standard error that says something.
    last: Option<String>,
}

impl Console {
    /// Forgets what was said in the last call.
    pub(super) fn begin(&mut self) {
        (self.panic, self.last, self.expects_message) = (None, None, false);
    }

    /// Takes what a plugin writes, and passes on each line that is complete.
    fn write(&mut self, stream: Stream, bytes: &[u8], mut line: impl FnMut(&str)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n').flat_map(|line| line.chunks(MAX_LINE)) {
            if self.buffer(stream).len() + piece.len() > MAX_LINE {
                self.end_line(stream, &mut line);
            }
            self.buffer(stream).extend(piece);
            if piece.ends_with(b"\n") {
                self.end_line(stream, &mut line);
            }
        }
    }

    fn end_line(&mut self, stream: Stream, mut line: impl FnMut(&str)) {
        let bytes = core::mem::take(self.buffer(stream));
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            return;
        }
        if stream == Stream::Err {
            self.remember(text);
        }
        line(text);
    }

    fn remember(&mut self, line: &str) {
        let panicked = PANICS.iter().any(|start| line.starts_with(start));
        if self.panic.is_none() && (panicked || self.expects_message) {
            self.panic = Some(printable(line));
        }
        self.expects_message = line.starts_with("thread '") && line.contains(" panicked at ");
        if !line.starts_with(NOTE) {
            self.last = Some(printable(line));
        }
    }

    fn buffer(&mut self, stream: Stream) -> &mut Vec<u8> {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }
}

/// Logs what a plugin writes, once a line is complete.
pub(super) fn print(state: &mut State, stream: Stream, bytes: &[u8]) {
    log(state, |console, line| console.write(stream, bytes, |text| line(stream, text)));
}

/// Logs the lines that were not completed, when a call has ended.
pub(crate) fn flush(state: &mut State) {
    log(state, |console, line| {
        for stream in [Stream::Out, Stream::Err] {
            console.end_line(stream, |text| line(stream, text));
        }
    });
}

/// The panic that a plugin's runtime wrote.
pub(crate) fn panic(state: &mut State) -> Option<String> {
    state.wasi.as_mut()?.console.panic.take()
}

/// The last line that a plugin wrote to standard error.
pub(crate) fn last_line(state: &mut State) -> Option<String> {
    state.wasi.as_mut()?.console.last.take()
}

fn log(state: &mut State, run: impl FnOnce(&mut Console, &mut dyn FnMut(Stream, &str))) {
    let State { wasi: Some(wasi), host, plugin, answers, logged, lost_records, .. } = state else { return };
    run(&mut wasi.console, &mut |stream, line| {
        if answers.is_replay() {
            return;
        }
        let level = if stream == Stream::Out { Level::Info } else { Level::Warn };
        let (source, message) = (Source::Plugin, Cow::Borrowed(line));
        let record = LogRecord { plugin, source, level, message, attrs: Vec::new(), plain: 0 };
        pass_on(host, &record, line.len(), logged, lost_records);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(writes: &[&str]) -> (Console, Vec<String>) {
        let (mut console, mut lines) = (Console::default(), Vec::new());
        for bytes in writes {
            console.write(Stream::Err, bytes.as_bytes(), |line| lines.push(line.to_owned()));
        }
        (console, lines)
    }

    #[test]
    fn lines_are_put_together_and_empty_ones_left_out() {
        let (console, lines) = lines(&["a", "b\n\n \r\nc\r\nd", ""]);
        assert_eq!(lines, ["ab", "c"]);
        assert_eq!(console.err, b"d");
    }

    #[test]
    fn a_line_without_end_is_logged_in_pieces() {
        let (console, lines) = lines(&["x".repeat(2 * MAX_LINE + 1).as_str(), "y".repeat(MAX_LINE).as_str()]);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [MAX_LINE, MAX_LINE, 1]);
        assert_eq!(console.err.len(), MAX_LINE);
    }

    #[test]
    fn a_panic_is_remembered_whatever_follows() {
        let (console, _) = lines(&["panic: boom\n\ngoroutine 1 [running]:\n"]);
        assert_eq!(console.panic.as_deref(), Some("panic: boom"));
        let (console, _) = lines(&["\nthread 'main' (1) panicked at src/lib.rs:1:2:\nno luck\nnote: run\n"]);
        assert_eq!(console.panic.as_deref(), Some("no luck"));
        let (console, _) = lines(&["one\ntwo\n"]);
        assert_eq!((console.panic, console.last.as_deref()), (None, Some("two")));
    }

    #[test]
    fn a_note_on_backtraces_is_nobodys_last_words() {
        let (console, lines) = lines(&[
            "memory allocation of 9 bytes failed\nnote: run with `RUST_BACKTRACE=1` environment variable\n",
        ]);
        assert_eq!(console.last.as_deref(), Some("memory allocation of 9 bytes failed"));
        assert_eq!(lines.len(), 2);
    }
}
