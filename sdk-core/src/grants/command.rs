//! What commands are dangerous, and which environment variables.

use alloc::format;

use super::denied;
use crate::error::Error;

/// What running a command with some arguments amounts to. It makes no difference to what is allowed, but a denial says
/// it (`docs/protocol.md#exec_command`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// A command that does what it is for.
    Plain,
    /// A shell that runs what the arguments say.
    Shell,
    /// An interpreter that runs code which an argument holds.
    Interpreter,
    /// A command with an argument that looks like one for code.
    Suspicious,
}

impl Execution {
    /// Judges a command by the last part of its path, and by its arguments.
    #[must_use]
    pub fn of<S: AsRef<str>>(command: &str, arguments: &[S]) -> Self {
        let name = command.rsplit('/').next().unwrap_or_default();
        let any = |test: &dyn Fn(&str) -> bool| arguments.iter().any(|argument| test(argument.as_ref()));
        let is_flag = |argument: &str| {
            code_flags(name).iter().any(|flag| {
                argument.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
            })
        };
        let is_program = |argument: &str| {
            ["BEGIN{", "BEGIN {", "END{", "END {"].iter().any(|start| argument.trim().starts_with(start))
        };
        if is_shell(name) && !arguments.is_empty() {
            Self::Shell
        } else if is_awk(name) && any(&is_program) || any(&is_flag) {
            Self::Interpreter
        } else if any(&|argument| matches!(argument, "-c" | "-e" | "-E" | "-r" | "--eval" | "--command")) {
            Self::Suspicious
        } else {
            Self::Plain
        }
    }

    /// The error for a command that no rule allows: of type `capability`, code `CAPABILITY_DENIED`.
    #[must_use]
    pub fn denied(self, command: &str) -> Error {
        let kind = match self {
            Self::Plain => return denied(format!("exec capability denied: {command}")),
            Self::Shell => "shell",
            Self::Interpreter => "interpreter code execution",
            Self::Suspicious => "suspicious execution",
        };
        denied(format!("{kind} requires 'exec:{command}' capability"))
    }
}

/// Who may hand an environment variable on to a command (`docs/protocol.md#exec_command`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Nobody: it makes the loader or the shell run other code.
    Never,
    /// Who has a grant for it: it changes what the command runs or reads.
    Granted,
    /// Whoever may run the command.
    Free,
}

impl Variable {
    /// Judges a variable by its name, without regard to ASCII case.
    #[must_use]
    pub fn of(name: &str) -> Self {
        const NEVER: [&str; 5] = ["IFS", "LOCPATH", "GCONV_PATH", "BASH_ENV", "ENV"];
        const GRANTED: [&str; 16] = [
            "PATH",
            "HOME",
            "PYTHONPATH",
            "PYTHONSTARTUP",
            "PYTHONHOME",
            "NODE_OPTIONS",
            "NODE_PATH",
            "RUBYLIB",
            "PERL5LIB",
            "PERL5OPT",
            "RUBYOPT",
            "JAVA_TOOL_OPTIONS",
            "LUA_PATH",
            "LUA_CPATH",
            "CDPATH",
            "PS4",
        ];
        let is = |other: &&str| name.eq_ignore_ascii_case(other);
        let starts_with =
            |start: &str| name.get(..start.len()).is_some_and(|part| part.eq_ignore_ascii_case(start));
        if NEVER.iter().any(is) || ["LD_", "DYLD_", "BASH_FUNC_"].into_iter().any(starts_with) {
            Self::Never
        } else if GRANTED.iter().any(is) {
            Self::Granted
        } else {
            Self::Free
        }
    }
}

/// Whether a command of this name runs whatever it is told to.
pub(super) fn runs_anything(name: &str) -> bool {
    is_shell(name) || is_awk(name) || !code_flags(name).is_empty()
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "dash" | "zsh" | "ksh" | "csh" | "tcsh" | "fish")
}

fn is_awk(name: &str) -> bool {
    matches!(name, "awk" | "gawk" | "mawk" | "nawk")
}

/// The flags after which an interpreter takes code.
fn code_flags(name: &str) -> &'static [&'static str] {
    // `python3.12` is `python`.
    match name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.') {
        "python" => &["-c", "--command"],
        "perl" => &["-e", "-E"],
        "ruby" | "irb" | "lua" => &["-e"],
        "node" | "nodejs" => &["-e", "--eval"],
        "php" => &["-r"],
        "tclsh" | "wish" => &["-c"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_commands_are_named_in_denials() {
        for (command, arguments, execution) in [
            ("/bin/sh", &["-c", "id"][..], Execution::Shell),
            ("bash", &["script"], Execution::Shell),
            ("bash", &[], Execution::Plain),
            ("/usr/bin/gawk", &["  BEGIN { system(\"id\") }"], Execution::Interpreter),
            ("awk", &["{print}", "-e"], Execution::Suspicious),
            ("python3", &["-c", "print(1)"], Execution::Interpreter),
            ("python3.13", &["--command=print(1)"], Execution::Interpreter),
            ("python3", &["script.py"], Execution::Plain),
            ("perl5", &["-E"], Execution::Interpreter),
            ("node", &["--eval=1"], Execution::Interpreter),
            ("php8", &["-r"], Execution::Interpreter),
            ("php8", &["-rx"], Execution::Plain),
            ("tclsh8.6", &["-c"], Execution::Interpreter),
            ("ssh", &["-c", "aes128-ctr"], Execution::Suspicious),
            ("ls", &["-l"], Execution::Plain),
        ] {
            assert_eq!(Execution::of(command, arguments), execution, "{command} {arguments:?}");
        }
        for (execution, text) in [
            (Execution::Plain, "exec capability denied: /bin/x"),
            (Execution::Shell, "shell requires 'exec:/bin/x' capability"),
            (Execution::Interpreter, "interpreter code execution requires 'exec:/bin/x' capability"),
            (Execution::Suspicious, "suspicious execution requires 'exec:/bin/x' capability"),
        ] {
            let error = execution.denied("/bin/x");
            assert_eq!((&*error.message(), &*error.code()), (text, "CAPABILITY_DENIED"));
        }
    }

    #[test]
    fn variables_that_run_code_are_never_handed_on() {
        for name in [
            "LD_PRELOAD",
            "ld_preload",
            "DYLD_INSERT_LIBRARIES",
            "IFS",
            "Env",
            "BASH_ENV",
            "LD_",
            "BASH_FUNC_ls%%",
        ] {
            assert_eq!(Variable::of(name), Variable::Never, "{name}");
        }
        for name in ["PATH", "path", "HOME", "NODE_OPTIONS", "PS4"] {
            assert_eq!(Variable::of(name), Variable::Granted, "{name}");
        }
        for name in ["LANG", "LD", "ENVIRONMENT", "", "PATHS", "é_"] {
            assert_eq!(Variable::of(name), Variable::Free, "{name}");
        }
    }
}
