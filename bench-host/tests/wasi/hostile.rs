//! Arguments that no honest plugin passes, and modules that are not what they should be.

use super::*;

/// Every function that reads or writes memory, with the address in the place of `@`; the rest of the arguments is
/// good. `#` is the address of the text `a`, a file.
const ADDRESSES: &[&str] = &[
    "args_sizes_get @ 1024",
    "args_sizes_get 1024 @",
    "environ_sizes_get @ 1024",
    "environ_sizes_get 1024 @",
    "environ_get @ 1024",
    "environ_get 1024 @",
    "clock_res_get 0 @",
    "clock_time_get 0 0l @",
    "random_get @ 16",
    "poll_oneoff @ 1024 1 1024",
    "poll_oneoff 1024 @ 1 1024",
    "poll_oneoff 1024 1024 1 @",
    "fd_fdstat_get 1 @",
    "fd_filestat_get 1 @",
    "fd_prestat_get 3 @",
    "fd_prestat_dir_name 3 @ 200",
    "fd_read 5 @ 1 1024",
    "fd_read 5 1024 0 @",
    "fd_pread 5 @ 1 0l 1024",
    "fd_pread 5 1024 0 0l @",
    "fd_write 1 @ 1 1024",
    "fd_write 1 1024 0 @",
    "fd_write 5 @ 1 1024",
    "fd_pwrite 5 @ 1 0l 1024",
    "fd_pwrite 5 1024 0 0l @",
    "fd_readdir 3 @ 100 0l 1024",
    "fd_readdir 3 1024 100 0l @",
    "fd_seek 5 0l 0 @",
    "fd_tell 5 @",
    "path_create_directory 3 @ 4",
    "path_filestat_get 3 0 @ 4 1024",
    "path_filestat_get 3 0 # 1 @",
    "path_filestat_set_times 3 0 @ 4 0l 0l 0",
    "path_link 3 0 @ 4 3 # 1",
    "path_link 3 0 # 1 3 @ 4",
    "path_open 3 0 @ 4 0 2l 0l 0 1024",
    "path_open 3 0 # 1 0 2l 0l 0 @",
    "path_readlink 3 @ 4 1024 16 1024",
    "path_readlink 3 # 1 1024 16 @",
    "path_remove_directory 3 @ 4",
    "path_rename 3 @ 4 3 # 1",
    "path_rename 3 # 1 3 @ 4",
    "path_symlink @ 4 3 # 1",
    "path_symlink # 1 3 @ 4",
    "path_unlink_file 3 @ 4",
];

#[test]
fn addresses_beyond_the_memory_are_refused_and_nothing_else_happens() {
    let files = Files::new();
    files.put("a", "text");
    let grants = || files.all().env("PATH").unwrap();
    for bad in ["65535", "65536", "-1", "-8", "2147483648"] {
        let mut script = Script::new();
        script.open("a", 0, READ | WRITE);
        let text = script.bytes("a").split(' ').next().unwrap().to_owned();
        for call in ADDRESSES {
            script.call(call.replace('@', bad).replace('#', &text));
        }
        let errnos = script.errnos(grants());
        for (call, errno) in ADDRESSES.iter().zip(&errnos[1..]) {
            assert_eq!(*errno, FAULT, "{call} at {bad}");
        }
        assert_eq!(files.get("a").unwrap(), "text");
        assert_eq!(std::fs::read_dir(files.path(".")).unwrap().count(), 1);
    }
}

#[test]
fn lists_of_buffers_are_bounded_and_checked() {
    let files = Files::new();
    files.put("a", "text");
    let mut script = Script::new();
    script.open("a", 0, READ | WRITE);
    for function in ["fd_read 5", "fd_write 5", "fd_write 1"] {
        script.call(format!("{function} 1024 1025 1024")).call(format!("{function} 1024 -1 1024"));
        for bad in ["65535 2", "-1 1", "8 -1", "-1 -1", "65537 0"] {
            let list = script.vector(bad.replace("-1", "4294967295").as_str());
            script.call(format!("{function} {list} 1024"));
        }
    }
    let errnos = script.errnos(files.all());
    assert_eq!(errnos[0], SUCCESS);
    for errnos in errnos[1..].chunks(7) {
        assert_eq!(errnos, [INVALID, INVALID, FAULT, FAULT, FAULT, FAULT, FAULT]);
    }
    assert_eq!(files.get("a").unwrap(), "text");
}

#[test]
fn many_large_buffers_are_not_taken_at_once() {
    let mut script = Script::new();
    let numbers = [0_u32, 65_536].map(u32::to_le_bytes).concat().repeat(1024);
    let list = script.bytes(&numbers);
    let written = script.room(4);
    script.call(format!("fd_write 1 {} 1024 {written}", list.split(' ').next().unwrap()));
    let reply = script.run(Grants::default());
    assert_eq!(reply.succeeded().u32(written), 1 << 20);
}

#[test]
fn descriptors_that_there_are_not_are_refused() {
    let files = Files::new();
    for fd in ["200", "-1", "5"] {
        let mut script = Script::new();
        for call in [
            "fd_advise @ 0l 0l 0",
            "fd_allocate @ 0l 1l",
            "fd_close @",
            "fd_datasync @",
            "fd_fdstat_get @ 1024",
            "fd_fdstat_set_flags @ 0",
            "fd_fdstat_set_rights @ 0l 0l",
            "fd_filestat_get @ 1024",
            "fd_filestat_set_size @ 0l",
            "fd_filestat_set_times @ 0l 0l 0",
            "fd_pread @ 1024 0 0l 1024",
            "fd_prestat_dir_name @ 1024 8",
            "fd_prestat_get @ 1024",
            "fd_pwrite @ 1024 0 0l 1024",
            "fd_read @ 1024 0 1024",
            "fd_readdir @ 1024 8 0l 1024",
            "fd_renumber @ 3",
            "fd_renumber 3 @",
            "fd_seek @ 0l 0 1024",
            "fd_sync @",
            "fd_tell @ 1024",
            "fd_write @ 1024 0 1024",
            "path_create_directory @ 2048 1",
            "path_filestat_get @ 0 2048 1 1024",
            "path_filestat_set_times @ 0 2048 1 0l 0l 0",
            "path_link @ 0 2048 1 3 2048 1",
            "path_link 3 0 2048 1 @ 2048 1",
            "path_open @ 0 2048 1 0 0l 0l 0 1024",
            "path_readlink @ 2048 1 1024 1 1024",
            "path_remove_directory @ 2048 1",
            "path_rename @ 2048 1 3 2048 1",
            "path_rename 3 2048 1 @ 2048 1",
            "path_symlink 2048 1 @ 2048 1",
            "path_unlink_file @ 2048 1",
            "sock_accept @ 0 1024",
        ] {
            script.call(call.replace('@', fd));
        }
        script.bytes("a");
        assert_eq!(script.errnos(files.all()), vec![BAD_DESCRIPTOR; script.calls.len()], "{fd}");
    }
}

#[test]
fn a_stream_or_a_file_is_no_folder() {
    let files = Files::new();
    files.put("a", "");
    let mut script = Script::new();
    script.open("a", 0, READ);
    for fd in [0, 1, NEXT] {
        script.call(format!("path_open {fd} 0 1032 1 0 0l 0l 0 1024"));
        script.call(format!("fd_readdir {fd} 1024 8 0l 1024"));
    }
    script.data.push((1032, b"a".to_vec()));
    assert_eq!(script.errnos(files.all())[1..], [NOT_FOLDER; 6]);
}

#[test]
fn a_folder_is_no_file() {
    let mut script = Script::new();
    script.call("fd_read 3 1024 0 1024").call("fd_write 3 1024 0 1024").call("fd_seek 3 0l 0 1024");
    script.call("fd_filestat_set_size 3 0l").call("fd_fdstat_get 3 1024").call("fd_sync 3");
    let errnos = script.errnos(Files::new().all());
    assert_eq!(errnos, [IS_FOLDER, IS_FOLDER, BAD_DESCRIPTOR, BAD_DESCRIPTOR, SUCCESS, SUCCESS]);
}

#[test]
fn paths_that_are_none_are_refused() {
    let files = Files::new();
    let mut script = Script::new();
    let long = format!("{}x", "./".repeat(2048));
    let deep = "x/".repeat(2000);
    let name = "x".repeat(300);
    for path in [&b""[..], b"a\0b", b"\xff", long.as_bytes(), deep.as_bytes(), name.as_bytes()] {
        let path = script.bytes(path);
        script.call(format!("path_open {FOLDER} 1 {path} 0 {READ}l 0l 0 1024"));
    }
    let errnos = script.errnos(files.all());
    assert_eq!(errnos, [NOT_FOUND, INVALID, ILLEGAL_SEQUENCE, NAME_TOO_LONG, NAME_TOO_LONG, NAME_TOO_LONG]);
}

#[test]
fn unknown_names_and_wrong_types_are_refused_when_the_plugin_is_loaded() {
    let load = |import: &str| {
        let text = format!(
            r#"(module (import "wasi_snapshot_preview1" {import}) (memory (export "memory") 1)
                (func (export "allocate") (param i32) (result i32) (i32.const 8))
                (func (export "describe") (result i64) (i64.const 0))
                (func (export "observe") (param i32 i32) (result i64) (i64.const 0)))"#
        );
        let module = wat::parse_str(text).unwrap();
        Host::builder().build().unwrap().load("guest", &module).unwrap_err().to_string()
    };
    let error = load(r#""fd_shout" (func)"#);
    assert!(error.contains("it imports `wasi_snapshot_preview1.fd_shout`"), "{error}");
    let error = load(r#""fd_seek" (func (param i32 i64 i32) (result i32))"#);
    let types =
        "`wasi_snapshot_preview1.fd_seek` is (i32, i64, i32) -> (i32), not (i32, i64, i32, i32) -> (i32)";
    assert!(error.contains(types), "{error}");
    let error = load(r#""proc_exit" (func (param i32) (result i32))"#);
    assert!(error.contains("(i32) -> (i32), not (i32) -> ()"), "{error}");
}

#[test]
fn a_function_may_be_imported_twice() {
    let module = wat::parse_str(
        r#"(module
            (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $again (param i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func (export "_initialize") (drop (call $again (i32.const 1024) (i32.const 8))))
            (func (export "allocate") (param i32) (result i32) (i32.const 8))
            (func (export "describe") (result i64) (i64.const 0))
            (func (export "observe") (param i32 i32) (result i64) (i64.const 0x400_00000008)))"#,
    )
    .unwrap();
    let plugin = Host::builder().build().unwrap().load("guest", &module).unwrap();
    assert_ne!(plugin.instance().unwrap().observe(b"").unwrap(), [0; 8]);
}

#[test]
fn listings_take_no_more_of_the_host_than_one_large_folder() {
    let files = Files::new();
    for number in 0..33_000 {
        std::fs::File::create(files.path(&number.to_string())).unwrap();
    }
    let mut script = Script::new();
    script.open(".", 2, 0).open(".", 2, 0);
    let (buffer, used) = (script.room(64), script.room(4));
    let list = |fd| format!("fd_readdir {fd} {buffer} 64 0l {used}");
    script.call(list(NEXT)).call(list(NEXT + 1)).call(list(NEXT));
    script.call(format!("fd_close {NEXT}")).call(list(NEXT + 1));
    let errnos = script.errnos(files.all());
    assert_eq!(errnos[2..], [SUCCESS, OVERFLOW, SUCCESS, SUCCESS, SUCCESS]);
}

#[test]
fn a_path_has_an_end_however_many_links_are_in_it() {
    let files = Files::new();
    files.put("d/x", "").link(&"d/../".repeat(800), "here");
    let mut script = Script::new();
    script.open(&"here/".repeat(2), 2, 0).open(&"here/".repeat(3), 2, 0);
    script.open(&"d/".repeat(256), 2, 0).open(&"d/".repeat(300), 2, 0);
    assert_eq!(script.errnos(files.all()), [SUCCESS, NAME_TOO_LONG, NOT_FOUND, NAME_TOO_LONG]);
}
