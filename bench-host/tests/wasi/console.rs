//! Standard streams: nothing comes in, and what goes out is logged.

use super::*;

#[test]
fn lines_are_logged_with_the_level_of_their_stream() {
    let mut script = Script::new();
    script.write(1, "one\ntw").write(2, "warned\n").write(1, "o\nthree");
    let reply = script.run(Grants::default());
    // The last line has no end; the end of the call is one.
    let expected = ["INFO guest: one", "WARN guest: warned", "INFO guest: two", "INFO guest: three"];
    assert_eq!(reply.succeeded().log, expected);
}

#[test]
fn what_a_plugin_prints_does_not_reach_the_terminal_as_it_is() {
    let reply = Script::new().write(1, "\u{1b}[2J\u{7}\n").run(Grants::default());
    assert_eq!(reply.log, [r"INFO guest: \u{1b}[2J\u{7}"]);
}

#[test]
fn lines_without_end_are_cut() {
    let mut script = Script::new();
    script.write(1, &"x".repeat(10_000));
    let lengths: Vec<usize> = script.run(Grants::default()).log.iter().map(String::len).collect();
    let prefix = "INFO guest: ".len();
    assert_eq!(lengths, [4096 + prefix, 4096 + prefix, 10_000 - 8192 + prefix]);
}

#[test]
fn a_panic_that_was_printed_is_the_reason_of_the_error() {
    let mut script = Script::new();
    let go = "panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:7 +0x2\n";
    script.write(2, go).call("proc_exit 2");
    let (error, log) = script.fails(Grants::default());
    assert_eq!(error.to_string(), "plugin `guest`: observe: panic: boom (it exited with code 2)");
    assert_eq!(log.len(), 4, "{log:?}");
}

#[test]
fn a_replay_logs_nothing() {
    let (host, records) = logging();
    let mut instance = Script::new().write(2, "again\n").instance(&host, Grants::default());
    instance.observe(b"").unwrap();
    instance.replay(&reglet_bench_host::Recording::default());
    instance.observe(b"").unwrap();
    assert_eq!(*records.lock().unwrap(), ["WARN guest: again"]);
}

#[test]
fn standard_input_is_empty() {
    let mut script = Script::new();
    let buffer = script.bytes([1; 16]);
    let (list, read) = (script.vector(&buffer), script.bytes([9; 4]));
    let read = read.split(' ').next().unwrap().to_owned();
    script.call(format!("fd_read 0 {list} {read}"));
    let reply = script.run(Grants::default());
    assert_eq!(reply.succeeded().u32(read.parse().unwrap()), 0);
}

#[test]
fn streams_are_not_files() {
    let mut script = Script::new();
    let buffer = script.bytes("x");
    let (list, stat) = (script.vector(&buffer), script.room(64));
    script.call(format!("fd_read 1 {list} 1024")).call(format!("fd_write 0 {list} 1024"));
    script.call("fd_seek 1 0l 0 1024").call("fd_tell 2 1024").call("fd_allocate 1 0l 8l");
    script.call(format!("fd_filestat_get 2 {stat}")).call(format!("fd_fdstat_get 1 {}", stat + 32));
    script.call("fd_fdstat_set_flags 1 4").call("fd_close 1").call(format!("fd_write 1 {list} 1024"));
    let reply = script.run(Grants::default());
    let unseekable = [BAD_DESCRIPTOR, BAD_DESCRIPTOR, NOT_SEEKABLE, NOT_SEEKABLE, NOT_SEEKABLE];
    assert_eq!(reply.errnos()[..5], unseekable);
    assert_eq!(reply.errnos()[5..], [SUCCESS, SUCCESS, SUCCESS, SUCCESS, BAD_DESCRIPTOR]);
    // A character device that can't be sought in is what C calls a terminal, and writes lines to.
    assert_eq!((reply.bytes(stat + 16, 1)[0], reply.bytes(stat + 32, 1)[0]), (2, 2));
    assert_eq!(reply.u64(stat + 40) & (1 << 2 | 1 << 5), 0);
}
