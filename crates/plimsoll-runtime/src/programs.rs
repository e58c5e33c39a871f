//! The programs of jobs: started without a shell, watched, killed when their time is up or the gateway ends, with
//! everything that they have started.
//!
//! What it has started is its process group. A child that makes itself a group or a session of its own is out of reach: to
//! kill it by its descent would take a subreaper, to which every orphan of the gateway's would come.
//!
//! Owns what runs. Does not own whether and when something is started, which the bridge decides, nor what a program
//! leaves behind that has ended by itself: that is its own to end.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::civil::Date;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use plimsoll_core::schedule::{Action, Job, JobEnd, JobName, Run};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::task::{JoinHandle, JoinSet};

use crate::input::{Input, Shared};

/// Bytes of one line of output that are logged; the rest of the line is left out.
const LINE_BYTES_MAX: usize = 500;
/// Bytes of output of one run, of either stream, that are logged. More is read, so that the program is not held up by
/// a pipe that nobody empties, and left out.
const OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// How long the last words of a program that has ended are waited for. One that has left children may never close
/// its pipes.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Everything that runs.
#[derive(Debug, Default)]
pub(crate) struct Programs(BTreeMap<JobName, Running>);

/// One program.
#[derive(Debug)]
struct Running {
    date: Date,
    task: JoinHandle<()>,
    /// How it ended, as soon as that is known: its last words may still be waited for.
    end: Arc<OnceLock<JobEnd>>,
}

impl Programs {
    /// Starts the program of a job; its end is an input of the gateway's task.
    pub(crate) fn start(&mut self, job: &Job, date: Date, shared: &Arc<Shared>) {
        let Action::Command(program) = &job.action else { return };
        let (name, program, shared) = (job.name.clone(), program.clone(), Arc::clone(shared));
        let bot = job.bot.as_ref().map(ToString::to_string);
        let end = Arc::new(OnceLock::new());
        let known = Arc::clone(&end);
        let task = tokio::spawn(async move {
            let end = run(&name, date, bot.as_deref(), &program, &known).await;
            shared.send(Input::JobEnded { job: name, date, end });
        });
        self.0.insert(job.name.clone(), Running { date, task, end });
    }

    /// One has ended, and its end is known.
    pub(crate) fn ended(&mut self, job: &JobName) {
        self.0.remove(job);
    }

    /// Kills what still runs; how each ended.
    pub(crate) async fn stop(&mut self) -> Vec<(JobName, Date, JobEnd)> {
        let mut all = Vec::new();
        for (job, Running { date, task, end }) in std::mem::take(&mut self.0) {
            task.abort();
            // It is killed when its task is gone. How the task ended does not matter: what is known is in its place.
            let _ = task.await;
            let end = end.get().cloned().unwrap_or(JobEnd::Stopped);
            all.push((job, date, end));
        }
        all
    }
}

/// A gateway that ends without a farewell takes them along: what is dropped is killed.
impl Drop for Programs {
    fn drop(&mut self) {
        for running in self.0.values() {
            running.task.abort();
        }
    }
}

async fn run(
    job: &JobName,
    date: Date,
    bot: Option<&str>,
    program: &Run,
    known: &OnceLock<JobEnd>,
) -> JobEnd {
    let mut child = match spawn(job, date, bot, program) {
        Ok(child) => child,
        Err(error) => return JobEnd::NotStarted { why: format!("{}: {error}", program.argv[0]).into() },
    };
    // Behind the child, so that it goes first where both are dropped: until the child is waited for, its number is
    // nobody else's.
    let mut group = Group::of(&child);
    let mut output = JoinSet::new();
    if let Some(stdout) = child.stdout.take() {
        output.spawn(log(job.clone(), "stdout", stdout));
    }
    if let Some(stderr) = child.stderr.take() {
        output.spawn(log(job.clone(), "stderr", stderr));
    }
    let end = match tokio::time::timeout(program.time_limit, child.wait()).await {
        Ok(Ok(status)) => {
            group.leave();
            of_status(status)
        }
        // Its end cannot be asked for, so it is unknown.
        Ok(Err(error)) => {
            group.leave();
            tracing::error!(%job, "the end of its program cannot be seen: {error}");
            JobEnd::Unknown
        }
        Err(_) => {
            group.end();
            if let Err(error) = child.kill().await {
                tracing::error!(%job, "its program cannot be killed: {error}");
            }
            JobEnd::TimedOut
        }
    };
    let end = known.get_or_init(|| end).clone();
    let last_words = async { while output.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_WORDS, last_words).await;
    end
}

fn spawn(job: &JobName, date: Date, bot: Option<&str>, program: &Run) -> std::io::Result<Child> {
    Command::new(&*program.argv[0])
        .args(program.argv[1..].iter().map(|word| &**word))
        .env("PLIMSOLL_JOB", job.as_str())
        .env("PLIMSOLL_TRADE_DATE", date.to_string())
        .env("PLIMSOLL_BOT", bot.unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A Ctrl-C at the gateway's terminal is the gateway's, which then ends its programs itself.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// The group of a program and of what it has started, which it leads. Dropped, it is killed.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        // The number of a process is positive and no larger than this.
        Self(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw))
    }

    /// The program has ended by itself; what it leaves behind goes on.
    fn leave(&mut self) {
        self.0 = None;
    }

    /// Kills all of it. One that is gone already is no failure.
    fn end(&mut self) {
        if let Some(leader) = self.0.take() {
            let _ = killpg(leader, Signal::SIGKILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

fn of_status(status: ExitStatus) -> JobEnd {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => JobEnd::Exited { code },
        (None, Some(signal)) => JobEnd::Signaled { signal },
        (None, None) => JobEnd::Unknown,
    }
}

/// Logs what a program says, line by line.
async fn log(job: JobName, stream: &'static str, mut pipe: impl AsyncRead + Unpin) {
    let mut lines = Lines::default();
    let mut bytes = [0; 4096];
    // A pipe that cannot be read has ended.
    while let Ok(read @ 1..) = pipe.read(&mut bytes).await {
        for line in lines.take(&bytes[..read]) {
            tracing::info!(%job, stream, "{line}");
        }
    }
    for line in lines.rest() {
        tracing::info!(%job, stream, "{line}");
    }
}

/// Output as lines, as far as it is logged.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
    logged: usize,
    left_out: usize,
}

impl Lines {
    fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut whole = Vec::new();
        for byte in bytes {
            if *byte == b'\n' {
                whole.extend(self.end_of_line());
            } else if self.line.len() < LINE_BYTES_MAX && self.logged < OUTPUT_BYTES_MAX {
                self.line.push(*byte);
                self.logged += 1;
            } else {
                self.left_out += 1;
            }
        }
        whole
    }

    fn end_of_line(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        // Empty lines count, or a program could say nothing for ever.
        self.logged += 1;
        let text = String::from_utf8_lossy(&line).replace(char::is_control, " ");
        (!text.trim().is_empty()).then_some(text)
    }

    fn rest(mut self) -> Vec<String> {
        let last = self.end_of_line();
        let left_out =
            (self.left_out > 0).then(|| format!("({} bytes of its output are left out)", self.left_out));
        last.into_iter().chain(left_out).collect()
    }
}

#[cfg(test)]
mod tests;
