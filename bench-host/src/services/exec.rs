//! `exec_command`: runs a granted command, without a shell, and reports what it printed and how it ended.
//!
//! Messages follow Go's: plugins match on them.

mod environment;
mod group;
mod output;
mod program;

use core::time::Duration;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use reglet_sdk_core::error::{Error, Kind};
use reglet_sdk_core::exec::{Received, Response};
use reglet_sdk_core::grants::{Execution, Grants};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task;
use tokio::time::timeout;

use self::group::Group;
use self::output::Output;
use self::program::Program;
use super::net;
use super::net::milliseconds_since;
use crate::functions::{Answer, Call};
use crate::host::Failed;
use crate::log::printable;

/// The time for a command when nobody sets a shorter one.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long output is still read once a command has ended, or was ended.
const GRACE: Duration = Duration::from_millis(100);

/// What a command that was ended may take beyond its time, so that what it printed is kept.
const SLACK: Duration = Duration::from_secs(1);

/// Answers a request to run a command.
pub(crate) fn answer(call: &Call<'_>, request: &[u8]) -> Answer {
    let request = call.read(request, Received::read)?.into_owned();
    let limit = call.limit(&request.timing, TIMEOUT)?;
    let start = Instant::now();
    let result = match find(call, &request, limit) {
        Ok(Ok(program)) => {
            let left = limit.saturating_sub(start.elapsed());
            // The answer holds both streams, and little else.
            let room = call.host.limits.answer.saturating_sub(1024) / 2;
            let work = run(program, request, Arc::clone(call.grants), left, room);
            call.wait(left.saturating_add(SLACK), work)
        }
        Ok(Err(error)) => Ok(Err(error)),
        Err(failed) => Err(failed),
    };
    Ok(call.write(&match result {
        Ok(Ok(response)) => Response { duration_ms: milliseconds_since(start), ..response },
        Ok(Err(error)) => Response { error: Some(error), ..Response::default() },
        Err(Failed::TimedOut) => Response { duration_ms: milliseconds_since(start), ..timed_out() },
        Err(failed) => return Err(Error::internal(format!("exec_command: {failed}"))),
    }))
}

/// Finds the program that a request means, and checks that it may run.
fn find(
    call: &Call<'_>,
    request: &Received<'static>,
    limit: Duration,
) -> Result<Result<Program, Error>, Failed> {
    let folders = Arc::clone(&call.host.command_path);
    let (command, dir) = (request.command.clone(), request.dir.clone());
    // A file system may take its time to answer.
    let grants = Arc::clone(call.grants);
    let search = async {
        let search = move || {
            let program = Program::find(&command, &dir, &folders);
            let granted = program.is_granted(&grants);
            (program, granted)
        };
        task::spawn_blocking(search).await
    };
    let (program, granted) = call.wait(limit, search)?.map_err(|_| Failed::Panicked)?;
    if granted {
        return Ok(Ok(program));
    }
    let command = printable(&request.command);
    let denied = Execution::of(&request.command, &request.args).denied(&command);
    if !Program::is_any_granted(call.grants) {
        call.denied(format!("{command} was not run: no command is granted"));
    } else if let Some(path) = program.differing_path() {
        // Only the embedder may learn where links lead.
        let path = printable(&path);
        call.denied(format!("{command} was not run: it is {path}, which no grant names"));
    } else {
        call.tell_of(&denied);
    }
    Ok(Err(denied))
}

/// Runs a command, and everything that it starts, no longer than `limit`.
///
/// Each stream of its output gets no more than `room` bytes of JSON. If it is dropped, nothing that it started goes on.
async fn run(
    program: Program,
    request: Received<'static>,
    grants: Arc<Grants>,
    limit: Duration,
    room: usize,
) -> Result<Response<'static>, Error> {
    if limit.is_zero() {
        return Ok(timed_out());
    }
    let started = task::spawn_blocking(move || start(program, &request, &grants)).await;
    let (mut group, stdout, stderr) = started.map_err(|error| Error::internal(error.to_string()))??;
    let (mut stdout, mut stderr) = (Output::new(stdout), Output::new(stderr));
    let mut read = async || tokio::join!(stdout.read_to_end(), stderr.read_to_end());
    let ended = timeout(limit, async {
        tokio::select! {
            _ = read() => group.ended().await,
            () = group.ended() => {}
        }
    });
    let response = if ended.await.is_ok() {
        // Whoever else holds the output open may finish a line, but does not prolong the call.
        let _ = timeout(GRACE, read()).await;
        let exit_code = group.end().await.and_then(|status| status.code()).unwrap_or(-1);
        Response { exit_code: exit_code.into(), ..Response::default() }
    } else {
        drop(group);
        timed_out()
    };
    let _ = timeout(GRACE, read()).await;
    let ((stdout, stdout_truncated), (stderr, stderr_truncated)) =
        (stdout.into_text(room), stderr.into_text(room));
    let (stdout, stderr) = (stdout.into(), stderr.into());
    Ok(Response { stdout, stderr, stdout_truncated, stderr_truncated, ..response })
}

fn start(
    program: Program,
    request: &Received<'_>,
    grants: &Grants,
) -> Result<(Group, ChildStdout, ChildStderr), Error> {
    let path = program.into_path()?;
    let mut command = Command::new(path);
    command
        .arg0(&*request.command)
        .args(request.args.iter().map(|arg| &**arg))
        .env_clear()
        .envs(environment::passed(&request.env, grants))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !request.dir.is_empty() {
        check_folder(&request.dir)?;
        command.current_dir(&*request.dir);
    }
    Group::start(command).map_err(|error| start_failed(&request.command, &error))
}

fn check_folder(dir: &str) -> Result<(), Error> {
    let checked = match fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(io::ErrorKind::NotADirectory.into()),
        Err(error) => Err(error),
    };
    checked.map_err(|error: io::Error| failure(&format!("chdir {}: {}", printable(dir), net::reason(&error))))
}

fn start_failed(command: &str, error: &io::Error) -> Error {
    failure(&format!("fork/exec {}: {}", printable(command), net::reason(error)))
}

fn failure(message: &str) -> Error {
    Error::new(Kind::Exec, message).with_code("EXECUTION_FAILED")
}

fn timed_out() -> Response<'static> {
    Response { exit_code: -1, is_timeout: true, ..Response::default() }
}
