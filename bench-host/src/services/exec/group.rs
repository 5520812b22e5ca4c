//! A running command, with all that it started: one process group.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::oneshot;
use tokio::task::{self, JoinHandle};

/// A process group, which ends when this is dropped.
///
/// A process that has made a group or a session of its own is not in it any more.
pub(super) struct Group {
    leader: Pid,
    ended: oneshot::Receiver<()>,
    /// While it is there the leader is not reaped, even if it has ended: else its number, which is the group's, could
    /// pass to a stranger, who would be killed in its place.
    hold: Option<oneshot::Sender<()>>,
    status: JoinHandle<io::Result<ExitStatus>>,
}

impl Group {
    /// Starts a command whose output is piped, on a thread of the runtime.
    pub(super) fn start(mut command: Command) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let mut child = command.process_group(0).spawn()?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let leader = Pid::from_child(&child);
        let (has_ended, ended) = oneshot::channel();
        let (hold, held) = oneshot::channel::<()>();
        // A thread and no signal handler: the process belongs to the embedder.
        let status = task::spawn_blocking(move || {
            let _ =
                retry_on_intr(|| waitid(WaitId::Pid(leader), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
            // Nobody may listen any more.
            let _ = has_ended.send(());
            let _ = held.blocking_recv();
            child.wait()
        });
        let group = Self { leader, ended, hold: Some(hold), status };
        let missing = || io::Error::other("its output is not piped");
        let stdout = ChildStdout::from_std(stdout.ok_or_else(missing)?)?;
        let stderr = ChildStderr::from_std(stderr.ok_or_else(missing)?)?;
        Ok((group, stdout, stderr))
    }

    /// Comes back once the command itself has ended. To be called until it has come back, and not again.
    pub(super) async fn ended(&mut self) {
        let _ = (&mut self.ended).await;
    }

    /// Ends what is left of it; gives the exit status of the command itself.
    pub(super) async fn end(mut self) -> Option<ExitStatus> {
        self.kill();
        self.hold = None;
        (&mut self.status).await.ok()?.ok()
    }

    fn kill(&self) {
        if self.hold.is_some() {
            // Of the first, the members may all be gone; and the leader may have joined another group.
            let _ = kill_process_group(self.leader, Signal::KILL);
            let _ = kill_process(self.leader, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
