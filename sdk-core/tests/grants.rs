//! What grants allow, and what they refuse to be made of.

#[path = "grants/coverage.rs"]
mod coverage;
#[path = "grants/document.rs"]
mod document;
#[path = "grants/glob.rs"]
mod glob;
#[path = "grants/network.rs"]
mod network;
#[path = "grants/risk.rs"]
mod risk;

use reglet_sdk_core::grants::{Grants, InvalidGrant};
use reglet_sdk_core::metadata::Access;

#[test]
fn nothing_is_allowed_without_a_rule() {
    let none = Grants::default();
    assert!(none.is_empty());
    assert!(none.check_network("example.com", 443).is_err());
    assert!(!none.allows_read("/") && !none.allows_write("/"));
    assert!(!none.allows_env("") && !none.allows_env("HOME"));
    assert!(!none.allows_bare_command("id") && !none.allows_command_at("/usr/bin/id"));
    assert!(!none.allows_key(Access::Read, "a") && !none.allows_key(Access::Write, "a"));
}

#[test]
fn bare_commands_and_paths_are_not_about_each_other() -> Result<(), InvalidGrant> {
    let grants = Grants::default().exec("grep")?.exec("/usr/bin/*")?.exec("l?")?;
    assert!(grants.allows_bare_command("grep") && grants.allows_bare_command("ls"));
    assert!(grants.allows_command_at("/usr/bin/id"));
    for name in ["id", "", "/usr/bin/id", "./grep", "bin/grep"] {
        assert!(!grants.allows_bare_command(name), "{name}");
    }
    for path in ["/bin/grep", "grep", "/usr/bin/x/y", "/usr/bin/../bin/id", "/usr/bin/./id", "usr/bin/id", ""]
    {
        assert!(!grants.allows_command_at(path), "{path}");
    }
    let everywhere = Grants::default().exec("**")?;
    assert!(everywhere.allows_bare_command("id") && !everywhere.allows_command_at("/usr/bin/id"));
    let everywhere = Grants::default().exec("/**")?;
    assert!(!everywhere.allows_bare_command("id") && everywhere.allows_command_at("/usr/bin/id"));
    Ok(())
}

#[test]
fn files_are_granted_by_canonical_path_and_operation() -> Result<(), InvalidGrant> {
    let grants = Grants::default().read("/data/**")?.write("/tmp/*.log")?;
    assert!(grants.allows_read("/data") && grants.allows_read("/data/a/b"));
    assert!(!grants.allows_write("/data/a") && grants.allows_write("/tmp/x.log"));
    for path in ["/database", "/data/../etc/passwd", "/data/./a", "/data//a", "/data/", "data/a", "/", ""] {
        assert!(!grants.allows_read(path), "{path}");
    }
    assert!(Grants::default().read("/**")?.allows_read("/"));
    Ok(())
}

#[test]
fn all_granted_files_are_in_the_folders_before_the_wildcards() -> Result<(), InvalidGrant> {
    let grants = Grants::default().read("/data/**")?.read("/etc/hosts")?.read("/var/l*g/x")?.read("**")?;
    let grants = grants.read("/srv/{a,b}/c")?.read("/top")?.write("/out/a\\*b/c")?.write("/a/b/[cd]/e")?;
    let folders = ["/data", "/etc", "/var", "/", "/srv", "/", "/out", "/a/b"];
    assert!(grants.folders().eq(folders), "{:?}", grants.folders().collect::<Vec<_>>());
    assert_eq!(Grants::default().exec("/usr/bin/id")?.folders().count(), 0);
    Ok(())
}

#[test]
fn dangerous_variables_need_more_than_a_command() -> Result<(), InvalidGrant> {
    let grants = Grants::default().env("*")?;
    let none = Grants::default();
    assert!(grants.allows_env("HOME") && grants.allows_env("LD_PRELOAD"));
    assert!(!grants.passes_env("LD_PRELOAD") && !none.passes_env("LD_PRELOAD"));
    assert!(grants.passes_env("HOME") && !none.passes_env("HOME"));
    assert!(none.passes_env("LANG"));
    Ok(())
}

#[test]
fn keys_are_granted_by_operation() -> Result<(), InvalidGrant> {
    let grants = Grants::default()
        .key_value(Access::Read, "config-*")?
        .key_value(Access::Write, "state")?
        .key_value(Access::ReadWrite, "cache")?;
    assert!(grants.allows_key(Access::Read, "config-a") && !grants.allows_key(Access::Write, "config-a"));
    assert!(!grants.allows_key(Access::Read, "state") && grants.allows_key(Access::Write, "state"));
    assert!(grants.allows_key(Access::ReadWrite, "cache") && !grants.allows_key(Access::ReadWrite, "state"));
    Ok(())
}

#[test]
fn what_is_no_pattern_is_refused_by_name() {
    let none = Grants::default;
    for (result, reason) in [
        (
            none().exec("["),
            r#"command pattern "[" is invalid: a `[` is not closed; `\[` stands for the character itself"#,
        ),
        (none().exec(""), "command pattern is empty"),
        (none().exec("bin/x"), r#"command pattern "bin/x" is relative: write an absolute path"#),
        (none().exec("./x"), r#"command pattern "./x" is relative: write an absolute path"#),
        (none().read("data/**"), r#"path pattern "data/**" is relative: write an absolute path"#),
        (none().write("~/x"), r#"path pattern "~/x" is relative: write an absolute path"#),
        (
            none().read("/{a"),
            r#"path pattern "/{a" is invalid: a `{` is not closed; `\{` stands for the character itself"#,
        ),
        (none().env("A=b"), r#"variable "A=b" has a `=`: write its name alone"#),
        (
            none().env("a}"),
            r#"variable pattern "a}" is invalid: `}` without `{`; `\}` stands for the character itself"#,
        ),
        (
            none().key_value(Access::Read, "a\\"),
            r#"key pattern "a\\" is invalid: nothing comes after the last `\`"#,
        ),
        (
            none().env("[]"),
            r#"variable pattern "[]" is invalid: a class is empty; in a class `\]` stands for the character itself"#,
        ),
        (
            none().env(&"x".repeat(1025)),
            r#"variable pattern "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is longer than 1024 bytes"#,
        ),
    ] {
        assert_eq!(result.unwrap_err().to_string(), reason);
    }
}

#[test]
fn grants_have_a_limit() {
    let mut grants = Grants::default();
    for at in 0..1024 {
        grants = grants.env(&format!("V{at}")).unwrap();
    }
    assert_eq!(grants.env("ONE_MORE").unwrap_err().reason, "more than 1024 patterns: use wider ones");
}
