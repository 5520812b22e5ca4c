//! Open files: reading, writing, and what they are.

use super::*;

/// A call that reads up to `len` bytes from a descriptor; returns where the bytes and their number come.
fn read(script: &mut Script, fd: u32, len: usize) -> (u32, u32) {
    let buffer = script.bytes(vec![0; len]);
    let (list, count) = (script.vector(&buffer), script.room(4));
    script.call(format!("fd_read {fd} {list} {count}"));
    (buffer.split(' ').next().unwrap().parse().unwrap(), count)
}

#[test]
fn a_file_is_read_in_parts() {
    let files = Files::new();
    files.put("a.txt", "hello");
    let mut script = Script::new();
    script.open("a.txt", 0, READ);
    let parts = [read(&mut script, NEXT, 3), read(&mut script, NEXT, 9), read(&mut script, NEXT, 9)];
    let reply = script.run(files.grants(&["a.txt"], &[]));
    reply.succeeded();
    let texts =
        parts.map(|(at, count)| String::from_utf8_lossy(reply.bytes(at, reply.u32(count))).into_owned());
    assert_eq!(texts, ["hel", "lo", ""]);
}

#[test]
fn a_file_is_made_written_sought_and_cut() {
    let files = Files::new();
    let mut script = Script::new();
    script.open("new.txt", 1, READ | WRITE).write(NEXT, "hello world");
    let (position, told) = (script.room(8), script.room(8));
    script.call(format!("fd_seek {NEXT} -5l 2 {position}")).call(format!("fd_tell {NEXT} {told}"));
    script.write(NEXT, "W");
    let buffer = script.bytes("H");
    let (list, written) = (script.vector(&buffer), script.room(4));
    script.call(format!("fd_pwrite {NEXT} {list} 0l {written}"));
    let back = script.bytes([0; 5]);
    let (list, count) = (script.vector(&back), script.room(4));
    script.call(format!("fd_pread {NEXT} {list} 6l {count}"));
    script.call(format!("fd_filestat_set_size {NEXT} 8l")).call(format!("fd_allocate {NEXT} 0l 9l"));
    script.call(format!("fd_sync {NEXT}")).call(format!("fd_datasync {NEXT}"));
    script.call(format!("fd_advise {NEXT} 0l 0l 3")).call(format!("fd_close {NEXT}"));
    let reply = script.run(files.all());
    reply.succeeded();
    assert_eq!((reply.u64(position), reply.u64(told)), (6, 6));
    let back: u32 = back.split(' ').next().unwrap().parse().unwrap();
    assert_eq!((reply.bytes(back, 5), reply.u32(count)), (b"World".as_slice(), 5));
    assert_eq!(files.get("new.txt").unwrap(), "Hello Wo\0");
}

#[test]
fn what_is_opened_to_append_to_is_written_at_its_end() {
    let files = Files::new();
    files.put("log", "one ");
    let mut script = Script::new();
    let (path, opened) = (script.bytes("log"), script.room(4));
    script.call(format!("path_open {FOLDER} 0 {path} 0 {WRITE}l 0l 1 {opened}")).write(NEXT, "two ");
    script.open("log", 0, WRITE).call(format!("fd_fdstat_set_flags {} 1", NEXT + 1)).write(NEXT + 1, "three");
    script.run(files.all()).succeeded();
    assert_eq!(files.get("log").unwrap(), "one two three");
}

#[test]
fn files_open_as_the_flags_say() {
    let files = Files::new();
    files.put("old", "old").put("folder/x", "");
    let mut script = Script::new();
    script.open("old", 1 | 4, WRITE).open("missing", 0, READ).open("missing", 8, WRITE);
    script.open("old", 2, READ).open("old/", 0, READ).open("folder", 0, WRITE).open("folder", 2 | 8, READ);
    script.open("new", 1 | 2, READ).open("new/", 1, WRITE).open("new", 16, READ).open("old/x", 0, READ);
    let errnos = script.errnos(files.all());
    let opened = [EXISTS, NOT_FOUND, NOT_FOUND, NOT_FOLDER, NOT_FOLDER, IS_FOLDER, IS_FOLDER];
    assert_eq!(errnos[..7], opened);
    assert_eq!(errnos[7..], [INVALID, INVALID, INVALID, NOT_FOLDER]);
    assert_eq!((files.get("old").as_deref(), files.get("new")), (Some("old"), None));
    assert_eq!(
        Script::new().open("old", 1 | 8, WRITE).open("new", 1 | 4, WRITE).errnos(files.all()),
        [SUCCESS; 2]
    );
    assert_eq!((files.get("old").as_deref(), files.get("new").as_deref()), (Some(""), Some("")));
}

#[test]
fn a_descriptor_does_what_it_was_opened_for() {
    let files = Files::new();
    files.put("a", "text");
    let (reader, writer) = (NEXT, NEXT + 1);
    let mut script = Script::new();
    script.open("a", 0, READ).open("a", 0, WRITE).write(reader, "x");
    read(&mut script, writer, 1);
    script.call(format!("fd_filestat_set_size {reader} 0l")).call(format!("fd_allocate {reader} 0l 100l"));
    script.call(format!("fd_filestat_set_times {reader} 0l 0l 5"));
    let errnos = script.errnos(files.all());
    assert_eq!(errnos, [&[SUCCESS; 2][..], &[BAD_DESCRIPTOR; 5]].concat());
    assert_eq!(files.get("a").unwrap(), "text");
}

#[test]
fn rights_can_be_given_up_and_not_be_got() {
    let files = Files::new();
    files.put("a", "text");
    let mut script = Script::new();
    let (before, after) = (script.room(24), script.room(24));
    script.open("a", 0, READ).call(format!("fd_fdstat_get {NEXT} {before}"));
    script.call(format!("fd_fdstat_set_rights {NEXT} {}l 0l", READ | WRITE));
    script.call(format!("fd_fdstat_set_rights {NEXT} 0l 0l")).call(format!("fd_fdstat_get {NEXT} {after}"));
    read(&mut script, NEXT, 1);
    let reply = script.run(files.all());
    assert_eq!(reply.errnos(), [SUCCESS, SUCCESS, NOT_CAPABLE, SUCCESS, SUCCESS, BAD_DESCRIPTOR]);
    assert_eq!(reply.bytes(before, 1), [4]);
    assert_eq!((reply.u64(before + 8) & (READ | WRITE), reply.u64(after + 8) & (READ | WRITE)), (READ, 0));
}

#[test]
fn a_file_is_described_and_gets_times() {
    let files = Files::new();
    files.put("a", "text");
    let mut script = Script::new();
    let (by_path, by_descriptor, path) = (script.room(64), script.room(64), script.bytes("a"));
    script.call(format!("path_filestat_set_times {FOLDER} 0 {path} 1500000000l 2000000007l 5"));
    script.call(format!("path_filestat_get {FOLDER} 0 {path} {by_path}"));
    script.open("a", 0, WRITE).call(format!("fd_filestat_set_times {NEXT} 0l 3000000000l 4"));
    script.call(format!("fd_filestat_get {NEXT} {by_descriptor}"));
    let reply = script.run(files.all());
    reply.succeeded();
    let stat = |at: u32| [24, 32, 40, 48].map(|offset| reply.u64(at + offset));
    assert_eq!(stat(by_path), [1, 4, 1_500_000_000, 2_000_000_007]);
    assert_eq!(stat(by_descriptor), [1, 4, 1_500_000_000, 3_000_000_000]);
    assert_eq!(
        (reply.bytes(by_path + 16, 1), reply.u64(by_path)),
        ([4].as_slice(), reply.u64(by_descriptor))
    );
    let bad = Script::new()
        .call("fd_filestat_set_times 3 0l 0l 3")
        .call("fd_filestat_set_times 3 0l 0l 16")
        .errnos(files.all());
    assert_eq!(bad, [INVALID, INVALID]);
}

#[test]
fn descriptors_are_renumbered_closed_and_used_again() {
    let files = Files::new();
    files.put("a", "a").put("b", "b");
    let mut script = Script::new();
    script.open("a", 0, READ).open("b", 0, READ).call(format!("fd_renumber {} {NEXT}", NEXT + 1));
    let (at, _) = read(&mut script, NEXT, 1);
    script.call(format!("fd_close {}", NEXT + 1)).call("fd_renumber 4 4").call("fd_renumber 4 200");
    script.call(format!("fd_close {NEXT}")).call(format!("fd_close {NEXT}"));
    script.open("b", 0, READ);
    let (again, _) = read(&mut script, NEXT, 1);
    let reply = script.run(files.all());
    let bad = [BAD_DESCRIPTOR, SUCCESS, BAD_DESCRIPTOR, SUCCESS, BAD_DESCRIPTOR];
    assert_eq!(reply.errnos(), [&[SUCCESS; 4][..], &bad, &[SUCCESS; 2]].concat());
    assert_eq!((reply.bytes(at, 1), reply.bytes(again, 1)), (b"b".as_slice(), b"b".as_slice()));
}

#[test]
fn open_files_are_bounded() {
    let files = Files::new();
    files.put("a", "");
    let mut script = Script::new();
    let (path, opened) = (script.bytes("a"), script.room(4));
    for _ in 0..300 {
        script.call(format!("path_open {FOLDER} 0 {path} 0 {READ}l 0l 0 {opened}"));
    }
    let errnos = script.errnos(files.all());
    assert_eq!(errnos[..251], [SUCCESS; 251]);
    assert_eq!(errnos[251..], [TOO_MANY_OPEN; 49]);
}

#[test]
fn files_get_no_larger_than_the_limit() {
    let files = Files::new();
    let limit = 1_u64 << 30;
    let mut script = Script::new();
    script.open("a", 1, WRITE).call(format!("fd_filestat_set_size {NEXT} {limit}l"));
    script.call(format!("fd_filestat_set_size {NEXT} {}l", limit + 1));
    script.call(format!("fd_allocate {NEXT} {limit}l 1l")).call(format!("fd_allocate {NEXT} -1l -1l"));
    let position = script.room(8);
    script.call(format!("fd_seek {NEXT} {limit}l 0 {position}")).write(NEXT, "x");
    let buffer = script.bytes("x");
    let list = script.vector(&buffer);
    script.call(format!("fd_pwrite {NEXT} {list} -1l 1024"));
    let errnos = script.errnos(files.all());
    assert_eq!(errnos, [SUCCESS, SUCCESS, TOO_BIG, TOO_BIG, TOO_BIG, SUCCESS, TOO_BIG, TOO_BIG]);
}

#[test]
fn what_is_not_a_file_is_not_opened() {
    let files = Files::new();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        files.path("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(files.path("socket")).unwrap();
    let mut script = Script::new();
    script.open("pipe", 0, READ).open("pipe", 1, WRITE).open("socket", 0, READ);
    assert_eq!(script.errnos(files.all()), [NOT_SUPPORTED; 3]);
}
