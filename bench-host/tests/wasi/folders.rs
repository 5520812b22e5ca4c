//! What grants open of the host's files, and that nothing leads past them.

use super::*;

/// The names that a plugin finds in a folder, sorted; with the buffer that it reads them into.
fn list(grants: Grants, path: &str, room: usize) -> Vec<String> {
    listed(grants, path, room).0
}

/// The same, and what was logged.
fn listed(grants: Grants, path: &str, room: usize) -> (Vec<String>, Vec<String>) {
    let mut script = Script::new();
    script.open(path, 2, READ);
    let (buffer, used) = (script.room(room), script.room(4));
    script.call(format!("fd_readdir {NEXT} {buffer} {room} 0l {used}"));
    let reply = script.run(grants);
    reply.succeeded();
    let (mut at, end) = (buffer, buffer + reply.u32(used));
    let mut names = Vec::new();
    while at + 24 <= end {
        let len = reply.u32(at + 16);
        if at + 24 + len <= end {
            names.push(String::from_utf8(reply.bytes(at + 24, len).to_owned()).unwrap());
            assert_eq!(reply.u64(at), names.len() as u64);
        }
        at += 24 + len;
    }
    names.sort();
    (names, reply.log)
}

/// Error numbers of opening paths to read them.
fn opens(grants: Grants, paths: &[&str]) -> Vec<u32> {
    let mut script = Script::new();
    for path in paths {
        script.open(path, 0, READ);
    }
    script.errnos(grants)
}

#[test]
fn without_a_grant_the_root_is_offered_and_all_in_it_denied() {
    let mut script = Script::new();
    let (prestat, name, stat) = (script.room(8), script.room(1), script.room(64));
    script.call(format!("fd_prestat_get 3 {prestat}")).call(format!("fd_prestat_dir_name 3 {name} 1"));
    script.open("etc/passwd", 0, READ).open("no/such/file", 0, READ).open("tmp/new", 1, WRITE);
    script.open(".", 2, READ);
    let path = script.bytes("missing");
    script.call(format!("path_filestat_get 3 1 {path} {stat}"));
    script.call(format!("path_create_directory 3 {path}"));
    script.call("fd_prestat_get 4 1024");
    let reply = script.run(Grants::default());
    assert_eq!(reply.errnos()[..2], [SUCCESS; 2]);
    assert_eq!((reply.u32(prestat + 4), reply.bytes(name, 1)), (1, &b"/"[..]));
    assert_eq!(reply.errnos()[2..8], [ACCESS; 6]);
    assert_eq!(reply.errnos()[8], BAD_DESCRIPTOR);
    let denied = ["/etc/passwd", "/no/such/file", "/tmp/new", "/", "/missing", "write /missing"];
    assert_eq!(reply.log, denied.map(|path| format!("WARN guest: filesystem capability denied: {path}")));
}

#[test]
fn what_is_beside_the_folders_of_grants_is_denied_and_not_said_to_be_missing() {
    let files = Files::new();
    files.put("data/a", "").put("other", "").link("data", "link");
    let mut script = Script::new();
    let root = FOLDER + 1;
    for name in ["other", "missing", "data/a", "gone/x", "link/a", "data/../data/a"] {
        let (path, opened) = (script.bytes(&files.path(name)[1..]), script.room(4));
        script.call(format!("path_open {root} 1 {path} 0 {READ}l 0l 0 {opened}"));
    }
    let reply = script.run(files.grants(&["data/*", "gone/x"], &[]));
    // No link is read on the way from the root: that would tell of what no grant is about.
    assert_eq!(reply.errnos(), [ACCESS, ACCESS, SUCCESS, NOT_FOUND, ACCESS, SUCCESS]);
    let denied = ["other", "missing", "link/a"].map(|name| files.path(name));
    assert_eq!(reply.log, denied.map(|path| format!("WARN guest: filesystem capability denied: {path}")));
}

#[test]
fn folders_are_offered_under_their_path_on_the_host() {
    let files = Files::new();
    files.put("data/in.json", "").put("out/x", "").put("etc/one.conf", "");
    let grants = files.grants(&["data/**", "etc/one.conf", "missing/**"], &["out/*.json"]);
    let mut script = Script::new();
    let mut rooms = Vec::new();
    for fd in 3..6 {
        let (prestat, name) = (script.room(8), script.room(200));
        script
            .call(format!("fd_prestat_get {fd} {prestat}"))
            .call(format!("fd_prestat_dir_name {fd} {name} 200"));
        rooms.push((prestat, name));
    }
    script.call("fd_prestat_get 7 1024").call("fd_prestat_get 0 1024").call("fd_prestat_dir_name 3 1024 3");
    let reply = script.run(grants);
    assert_eq!(reply.errnos()[..6], [SUCCESS; 6]);
    assert_eq!(reply.errnos()[6..], [BAD_DESCRIPTOR, BAD_DESCRIPTOR, NAME_TOO_LONG]);
    let name = |(prestat, name): (u32, u32)| {
        assert_eq!(reply.u32(prestat), 0);
        String::from_utf8(reply.bytes(name, reply.u32(prestat + 4)).to_owned()).unwrap()
    };
    let names: Vec<String> = rooms.into_iter().map(name).collect();
    assert_eq!(names, [files.path("data"), files.path("etc"), files.path("out")]);
}

#[test]
fn a_grant_for_a_file_opens_no_other_one() {
    let files = Files::new();
    files.put("a.txt", "a").put("b.txt", "b").put("sub/c.txt", "c");
    let grants = files.grants(&["a.txt"], &[]);
    assert_eq!(
        opens(grants.clone(), &["a.txt", "./a.txt", "sub/../a.txt", "b.txt", "sub/c.txt", "sub", "missing"]),
        [SUCCESS, SUCCESS, SUCCESS, ACCESS, ACCESS, ACCESS, ACCESS]
    );
    assert_eq!(list(grants, ".", 500), ["a.txt"]);
}

#[test]
fn reading_and_writing_are_granted_apart() {
    let files = Files::new();
    files.put("in/a", "a").put("out/a", "a");
    let grants = files.grants(&["in/**"], &["out/**"]);
    let (input, output) = (3, 4);
    let mut script = Script::new();
    let (path, opened) = (script.bytes("a"), script.room(4));
    let mut open = |fd, how, rights| {
        script.call(format!("path_open {fd} 0 {path} {how} {rights}l 0l 0 {opened}"));
    };
    open(input, 0, READ);
    open(output, 0, WRITE);
    open(input, 0, WRITE);
    open(input, 8, READ);
    open(input, 1, READ);
    open(input, 0, READ | WRITE);
    open(output, 0, READ);
    open(output, 0, READ | WRITE);
    open(output, 0, 0);
    for fd in [input, output] {
        script.call(format!("path_unlink_file {fd} {path}"));
        script.call(format!("path_create_directory {fd} {path}"));
        script.call(format!("path_filestat_set_times {fd} 0 {path} 0l 0l 1"));
    }
    let errnos = script.errnos(grants);
    assert_eq!(errnos[..2], [SUCCESS; 2]);
    assert_eq!(errnos[2..12], [ACCESS; 10]);
    assert_eq!(errnos[12..], [SUCCESS; 3]);
    assert_eq!(files.get("in/a").unwrap(), "a");
    assert!(Path::new(&files.path("out/a")).is_dir());
}

#[test]
fn a_folder_shows_only_what_may_be_read() {
    let files = Files::new();
    files.put("a.json", "").put("b.json", "").put("secret", "").put("sub/c.json", "");
    assert_eq!(list(files.grants(&["*.json"], &["**"]), ".", 500), ["a.json", "b.json"]);
    assert_eq!(list(files.all(), ".", 500), ["a.json", "b.json", "secret", "sub"]);
    assert_eq!(list(files.all(), "sub", 500), ["c.json"]);
    assert_eq!(list(files.grants(&[], &["**"]), ".", 500), Vec::<String>::new());
}

#[test]
fn what_a_folder_does_not_show_is_logged() {
    let files = Files::new();
    files.put("data/a", "").put("data/b.json", "").put("data/c", "");
    let denied = |what: &str| {
        let path = files.path("data");
        vec![format!("WARN guest: filesystem capability denied: {what} left out of the listing of {path}")]
    };
    // The folder that is offered is the one that `data` is in, and in the other cases `data` itself.
    for (granted, path, names, log) in [
        (&["data"][..], "data", &[][..], denied("3 entries")),
        (&["data/*.json", "data/a"], ".", &["a", "b.json"], denied("1 entry")),
        (&["data/**"], ".", &["a", "b.json", "c"], Vec::new()),
    ] {
        let (found, logged) = listed(files.grants(granted, &[]), path, 500);
        assert_eq!((found, logged), (names.iter().map(ToString::to_string).collect(), log));
    }
}

#[test]
fn a_long_folder_is_read_in_parts() {
    let files = Files::new();
    for number in 0..40 {
        files.put(&format!("{number:02}"), "");
    }
    assert_eq!(list(files.all(), ".", 2000).len(), 40);
    // What is left of the last entry is cut.
    assert_eq!(list(files.all(), ".", 26 * 3 + 25).len(), 3);
    let mut script = Script::new();
    let (buffer, used, beyond) = (script.room(2000), script.room(4), script.room(4));
    script.call(format!("fd_readdir {FOLDER} {buffer} 2000 0l {used}"));
    script.call(format!("fd_readdir {FOLDER} {buffer} 2000 38l {used}"));
    script.call(format!("fd_readdir {FOLDER} {buffer} 2000 -1l {beyond}"));
    let reply = script.run(files.all());
    assert_eq!((reply.succeeded().u32(used), reply.u32(beyond)), (2 * 26, 0));
}

#[test]
fn no_path_leads_out_of_a_folder() {
    let files = Files::new();
    files.put("secret", "").put("box/in", "").put("box/sub/x", "");
    let absolute = files.path("box/in");
    let grants = files.grants(&["box/**"], &["box/**"]);
    assert_eq!(
        opens(grants, &["..", "../secret", "sub/../../secret", &absolute, "/", "sub/../in", "sub/../sub/x"]),
        [NOT_PERMITTED, NOT_PERMITTED, NOT_PERMITTED, NOT_PERMITTED, NOT_PERMITTED, SUCCESS, SUCCESS]
    );
}

#[test]
fn a_link_is_judged_by_what_it_leads_to() {
    let files = Files::new();
    files.put("box/in", "").put("box/private", "").put("secret", "");
    files.link("in", "box/good.link").link("private", "box/private.link").link("../secret", "box/out.link");
    files.link(&files.path("box/in"), "box/absolute.link").link("/etc", "box/etc.link");
    files.link("missing", "box/dangling.link").link("loop.link", "box/loop.link").link(".", "box/here.link");
    let grants = files.grants(&["box/*.link", "box/in"], &[]);
    let paths = ["good.link", "absolute.link", "here.link/in", "here.link/here.link/good.link"];
    assert_eq!(opens(grants.clone(), &paths), [SUCCESS; 4]);
    let paths = ["private.link", "dangling.link", "here.link/private"];
    assert_eq!(opens(grants.clone(), &paths), [ACCESS; 3]);
    let paths = ["out.link", "etc.link", "etc.link/passwd", "loop.link"];
    assert_eq!(opens(grants.clone(), &paths), [NOT_PERMITTED, NOT_PERMITTED, NOT_PERMITTED, LOOP]);
    // Not followed, a link can't be opened, but looked at.
    let mut script = Script::new();
    let (path, room, used) = (script.bytes("private.link"), script.room(64), script.room(4));
    script.call(format!("path_open {FOLDER} 0 {path} 0 {READ}l 0l 0 1024"));
    script.call(format!("path_filestat_get {FOLDER} 1 {path} {room}"));
    script.call(format!("path_filestat_get {FOLDER} 0 {path} {room}"));
    script.call(format!("path_readlink {FOLDER} {path} {room} 64 {used}"));
    script.call(format!("path_readlink {FOLDER} {path} {room} 3 1024"));
    let reply = script.run(grants);
    assert_eq!(reply.errnos(), [LOOP, ACCESS, SUCCESS, SUCCESS, SUCCESS]);
    assert_eq!((reply.bytes(room, reply.u32(used)), reply.u32(1024)), (b"private".as_slice(), 3));
}

#[test]
fn a_file_is_not_made_through_a_link() {
    let files = Files::new();
    files.put("box/x", "").put("other/x", "");
    files.link("../other/new", "box/out").link("new", "box/in").link("../other", "box/folder");
    let grants = files.grants(&["box/**"], &["box/**"]);
    let mut script = Script::new();
    script.open("out", 1, WRITE).open("folder/new", 1, WRITE).open("in", 1, WRITE);
    assert_eq!(script.errnos(grants), [NOT_PERMITTED, NOT_PERMITTED, SUCCESS]);
    assert_eq!((files.get("other/new"), files.get("box/new").as_deref()), (None, Some("")));
}

#[test]
fn a_plugin_makes_links_only_to_what_it_may_write() {
    let files = Files::new();
    files.put("box/in", "in").put("box/fixed.txt", "").put("secret", "");
    let grants = files.grants(&["box/**"], &["box/in", "box/*.link"]);
    let mut script = Script::new();
    let mut link = |target: &str, path: &str| {
        let (target, path) = (script.bytes(target), script.bytes(path));
        script.call(format!("path_symlink {target} {FOLDER} {path}"));
    };
    link("in", "a.link");
    link("fixed.txt", "b.link");
    link("../secret", "c.link");
    link("/etc/passwd", "d.link");
    link("in", "e.txt");
    link("in", "f.link/");
    let mut hard = |from: &str, to: &str| {
        let (from, to) = (script.bytes(from), script.bytes(to));
        script.call(format!("path_link {FOLDER} 0 {from} {FOLDER} {to}"));
    };
    hard("in", "g.link");
    hard("fixed.txt", "h.link");
    hard("in", "i.txt");
    let errnos = script.errnos(grants);
    assert_eq!(errnos[..6], [SUCCESS, ACCESS, NOT_PERMITTED, NOT_PERMITTED, ACCESS, NOT_FOUND]);
    assert_eq!(errnos[6..], [SUCCESS, ACCESS, ACCESS]);
    assert_eq!(
        (files.get("box/a.link").as_deref(), files.get("box/g.link").as_deref()),
        (Some("in"), Some("in"))
    );
    assert_eq!(std::fs::read_dir(files.path("box")).unwrap().count(), 4);
}

#[test]
fn moving_a_file_does_not_open_it() {
    let files = Files::new();
    files.put("hidden/a", "a").put("hidden/tree/deep/b", "b").put("open/x", "x");
    // What is hidden may be written and not be read.
    let grants = files.grants(&["open/**"], &["hidden/**", "open/**"]);
    let (hidden, open) = (3, 4);
    let mut script = Script::new();
    let mut rename = |function: &str, from: (u32, &str), to: (u32, &str)| {
        let ((fd, path), (new_fd, new_path)) = (from, to);
        let (path, new_path) = (script.bytes(path), script.bytes(new_path));
        let lookup = if function == "path_link" { "0 " } else { "" };
        script.call(format!("{function} {fd} {lookup}{path} {new_fd} {new_path}"));
    };
    rename("path_rename", (hidden, "a"), (open, "a"));
    rename("path_link", (hidden, "a"), (open, "a"));
    rename("path_rename", (hidden, "tree"), (open, "tree"));
    rename("path_rename", (open, "x"), (hidden, "x"));
    rename("path_rename", (hidden, "tree"), (hidden, "moved"));
    rename("path_rename", (hidden, "none"), (hidden, "some"));
    rename("path_rename", (hidden, "."), (hidden, "some"));
    let errnos = script.errnos(grants);
    assert_eq!(errnos[..5], [ACCESS, ACCESS, ACCESS, SUCCESS, SUCCESS]);
    assert_eq!(errnos[5..], [NOT_FOUND, NOT_PERMITTED]);
    assert_eq!((files.get("hidden/moved/deep/b").as_deref(), files.get("open/x")), (Some("b"), None));
}

#[test]
fn a_folder_with_something_that_is_not_granted_is_not_moved() {
    let files = Files::new();
    files.put("box/tree/deep/fixed", "").put("box/free/x", "");
    let grants = files.grants(&["**"], &["box/*", "box/free/*", "box/tree/deep"]);
    let mut script = Script::new();
    for (from, to) in [("tree", "moved"), ("free", "gone")] {
        let (from, to) = (script.bytes(format!("box/{from}")), script.bytes(format!("box/{to}")));
        script.call(format!("path_rename {FOLDER} {from} {FOLDER} {to}"));
    }
    assert_eq!(script.errnos(grants), [ACCESS, SUCCESS]);
    assert!(files.get("box/tree/deep/fixed").is_some() && files.get("box/gone/x").is_some());
}

#[test]
fn folders_are_made_and_removed() {
    let files = Files::new();
    let mut script = Script::new();
    for (function, path) in [
        ("path_create_directory", "a"),
        ("path_create_directory", "a/b/"),
        ("path_create_directory", "a"),
        ("path_create_directory", "x/y"),
        ("path_remove_directory", "a"),
        ("path_unlink_file", "a"),
        ("path_unlink_file", "a/"),
        ("path_remove_directory", "a/b"),
        ("path_remove_directory", "a/"),
        ("path_remove_directory", "."),
    ] {
        let path = script.bytes(path);
        script.call(format!("{function} {FOLDER} {path}"));
    }
    let errnos = script.errnos(files.all());
    assert_eq!(errnos[..5], [SUCCESS, SUCCESS, EXISTS, NOT_FOUND, NOT_EMPTY]);
    assert_eq!(errnos[5..], [IS_FOLDER, NOT_FOLDER, SUCCESS, SUCCESS, NOT_PERMITTED]);
    assert_eq!(std::fs::read_dir(files.path(".")).unwrap().count(), 0);
}

#[test]
fn what_is_refused_is_logged_and_not_without_end() {
    let files = Files::new();
    files.put("a", "").put("b", "");
    let mut script = Script::new();
    for _ in 0..30 {
        script.open("b", 0, READ);
    }
    let log = script.run(files.grants(&["a"], &[])).log;
    assert_eq!(log, vec![format!("WARN guest: filesystem capability denied: {}", files.path("b")); 16]);
}

#[cfg(target_os = "linux")]
#[test]
fn no_grant_opens_the_memory_and_the_environment_of_the_host() {
    let grants = Grants::default().read("/**").unwrap();
    let paths = ["proc/self/environ", "proc/self/mem", "proc/thread-self/maps", "proc/1", "proc/meminfo"];
    assert_eq!(opens(grants, &paths), [ACCESS, ACCESS, ACCESS, ACCESS, SUCCESS]);
}
