//! What a denial calls a command that can run code of the plugin's own choice. The grant that it needs is the same
//! (`docs/protocol.md#exec_command`).

use std::borrow::Cow;

use reglet_sdk_core::error::{Error, Kind};

use crate::log::printable;

const SHELLS: [&str; 8] = ["sh", "bash", "dash", "zsh", "fish", "ksh", "csh", "tcsh"];

const AWKS: [&str; 4] = ["awk", "gawk", "mawk", "nawk"];

/// How programs of awk start that need no input.
const AWK_PROGRAMS: [&str; 4] = ["BEGIN{", "BEGIN {", "END{", "END {"];

/// What may be a flag with code, of whatever command.
const CODE_FLAGS: [&str; 6] = ["-c", "-e", "-E", "-r", "--eval", "--command"];

/// The error of a command that is not granted.
#[cold]
pub(super) fn denial(command: &str, args: &[Cow<'_, str>]) -> Error {
    let name = printable(command);
    let message = match class(command, args) {
        Some(class) => format!("{class} requires 'exec:{name}' capability"),
        None => format!("exec capability denied: {name}"),
    };
    Error::new(Kind::Capability, message).with_code("CAPABILITY_DENIED")
}

fn class(command: &str, args: &[Cow<'_, str>]) -> Option<&'static str> {
    let name = command.rsplit('/').next().unwrap_or_default();
    let any = |test: &dyn Fn(&str) -> bool| args.iter().any(|arg| test(arg));
    if SHELLS.contains(&name) && !args.is_empty() {
        return Some("shell");
    }
    let is_program = |arg: &str| AWK_PROGRAMS.iter().any(|start| arg.trim().starts_with(start));
    let is_code = |arg: &str| {
        let flag = arg.split_once('=').map_or(arg, |(flag, _)| flag);
        interpreter_flags(name).contains(&flag)
    };
    if AWKS.contains(&name) && any(&is_program) || any(&is_code) {
        return Some("interpreter code execution");
    }
    any(&|arg| CODE_FLAGS.contains(&arg)).then_some("suspicious execution")
}

/// The flags after which an interpreter takes code.
fn interpreter_flags(name: &str) -> &'static [&'static str] {
    match name {
        "python" | "python2" | "python3" | "python2.7" | "python3.6" | "python3.7" | "python3.8"
        | "python3.9" | "python3.10" | "python3.11" | "python3.12" => &["-c", "--command"],
        "perl" | "perl5" => &["-e", "-E"],
        "ruby" | "irb" | "lua" | "lua5.1" | "lua5.2" | "lua5.3" | "lua5.4" => &["-e"],
        "node" | "nodejs" => &["-e", "--eval"],
        "php" | "php7" | "php8" => &["-r"],
        "tclsh" | "wish" => &["-c"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_run_code_are_called_what_they_are() {
        let shell = "shell requires 'exec:CMD' capability";
        let code = "interpreter code execution requires 'exec:CMD' capability";
        let suspicious = "suspicious execution requires 'exec:CMD' capability";
        let safe = "exec capability denied: CMD";
        for (command, args, expected) in [
            ("/bin/sh", &["-c", "id"][..], shell),
            ("bash", &["script"], shell),
            ("sh", &[], safe),
            ("gawk", &["-f", " BEGIN {print}"], code),
            ("awk", &["{print}"], safe),
            ("/usr/bin/python3.12", &["-c", "1"], code),
            ("python3", &["--command=1"], code),
            ("perl", &["-E", "1"], code),
            ("node", &["--eval=1"], code),
            ("php8", &["-r", "1"], code),
            ("lua5.3", &["-e", "1"], code),
            ("tclsh", &["-c"], code),
            ("ruby", &["-c", "1"], suspicious),
            ("env", &["sh", "-c"], suspicious),
            ("id", &["--eval=1"], safe),
            ("id", &["-u"], safe),
        ] {
            let args: Vec<Cow<'_, str>> = args.iter().map(|&arg| arg.into()).collect();
            let error = denial(command, &args);
            assert_eq!(error.message(), expected.replace("CMD", command), "{command} {args:?}");
            assert_eq!((error.kind(), &*error.code()), (Kind::Capability, "CAPABILITY_DENIED"));
        }
    }

    #[test]
    fn a_denial_holds_no_control_characters() {
        assert_eq!(denial("\u{1b}[2J", &[]).message(), "exec capability denied: \\u{1b}[2J");
    }
}
