//! Real programs of the system, and what becomes of them.

use super::*;

const NAME: &str = "flat";

fn program(argv: &[&str], time_limit: Duration) -> Run {
    Run { argv: argv.iter().map(|word| (*word).into()).collect(), time_limit }
}

fn ends(argv: &[&str], time_limit: Duration) -> JobEnd {
    let (name, date) = (JobName::new(NAME).unwrap(), Date::constant(2026, 11, 27));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(run(&name, date, Some("trend"), &program(argv, time_limit), &OnceLock::new()))
}

const LONG: Duration = Duration::from_mins(1);

#[test]
fn a_program_ends_as_it_ends() {
    assert_eq!(ends(&["true"], LONG), JobEnd::Exited { code: 0 });
    assert_eq!(ends(&["sh", "-c", "exit 7"], LONG), JobEnd::Exited { code: 7 });
    assert_eq!(ends(&["sh", "-c", "kill -9 $$"], LONG), JobEnd::Signaled { signal: 9 });
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let JobEnd::NotStarted { why } = ends(&["/nonexistent/flatten"], LONG) else { panic!("it started") };
    assert!(why.starts_with("/nonexistent/flatten: "), "{why}");
}

#[test]
fn a_program_that_takes_too_long_is_killed() {
    assert_eq!(ends(&["sleep", "60"], Duration::from_millis(50)), JobEnd::TimedOut);
}

#[test]
fn no_shell_reads_the_words_and_the_environment_says_which_date_it_is_for() {
    let test = "test \"$1\" = '$HOME; *' && test $PLIMSOLL_JOB = flat && test $PLIMSOLL_TRADE_DATE = 2026-11-27 \
                && test $PLIMSOLL_BOT = trend";
    assert_eq!(ends(&["sh", "-c", test, "sh", "$HOME; *"], LONG), JobEnd::Exited { code: 0 });
}

#[test]
fn a_program_that_says_more_than_is_logged_is_not_held_up() {
    assert_eq!(ends(&["sh", "-c", "head -c 3000000 /dev/zero"], LONG), JobEnd::Exited { code: 0 });
}

/// Its child keeps the pipes open for a minute.
#[test]
fn a_program_that_leaves_a_child_behind_has_ended_all_the_same() {
    let began = std::time::Instant::now();
    assert_eq!(ends(&["sh", "-c", "sleep 30 & exit 0"], LONG), JobEnd::Exited { code: 0 });
    assert!(began.elapsed() < Duration::from_secs(20));
}

fn running(name: &JobName, date: Date, task: JoinHandle<()>, end: OnceLock<JobEnd>) -> Programs {
    Programs(BTreeMap::from([(name.clone(), Running { date, task, end: Arc::new(end) })]))
}

/// The first thing that comes through the pipe is that it runs; that the pipe ends is that it does not any more.
#[test]
fn a_gateway_that_ends_kills_what_runs() {
    use tokio::io::AsyncReadExt as _;

    let (name, date) = (JobName::new(NAME).unwrap(), Date::constant(2026, 11, 27));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut child =
            spawn(&name, date, None, &program(&["sh", "-c", "echo runs; exec sleep 600"], LONG)).unwrap();
        let mut pipe = child.stdout.take().unwrap();
        let task = tokio::spawn(async move { drop(child.wait().await) });
        let mut programs = running(&name, date, task, OnceLock::new());
        let mut said = [0; 5];
        pipe.read_exact(&mut said).await.unwrap();
        let stopped = programs.stop().await;
        assert_eq!(stopped, [(name, date, JobEnd::Stopped)]);
        let mut rest = Vec::new();
        tokio::time::timeout(LONG, pipe.read_to_end(&mut rest)).await.expect("it runs on").unwrap();
    });
}

/// A script that has started a sleeper and waits for it; the sleeper's number comes through a file.
fn parent(file: &std::path::Path) -> [String; 3] {
    let script = format!("sleep 600 & echo $! > {0}.new; mv {0}.new {0}; wait", file.display());
    ["sh".to_owned(), "-c".to_owned(), script]
}

fn fresh_file(name: &str) -> std::path::PathBuf {
    let file = std::env::temp_dir().join(format!("plimsoll-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&file);
    file
}

/// Whether a process runs; one that nobody has buried yet does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    state.is_some_and(|state| !matches!(state, "Z" | "X"))
}

/// Killed is soon, and not at once.
fn assert_ends(pid: &str) {
    let began = std::time::Instant::now();
    while runs(pid) {
        assert!(began.elapsed() < LONG, "process {pid} runs on");
        std::thread::yield_now();
    }
}

#[test]
fn a_program_that_takes_too_long_is_killed_with_what_it_has_started() {
    let file = fresh_file("late");
    let argv = parent(&file);
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    assert_eq!(ends(&argv, Duration::from_secs(2)), JobEnd::TimedOut);
    let sleeper = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_ends(sleeper.trim());
}

#[test]
fn a_gateway_that_ends_kills_what_a_program_has_started() {
    let file = fresh_file("stop");
    let argv = parent(&file);
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    let (name, date) = (JobName::new(NAME).unwrap(), Date::constant(2026, 11, 27));
    let run_it = program(&argv, LONG);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sleeper = runtime.block_on(async {
        let of = name.clone();
        let task = tokio::spawn(async move { drop(run(&of, date, None, &run_it, &OnceLock::new()).await) });
        let mut programs = running(&name, date, task, OnceLock::new());
        let sleeper = loop {
            match std::fs::read_to_string(&file) {
                Ok(pid) => break pid,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        assert!(runs(sleeper.trim()));
        assert_eq!(programs.stop().await, [(name, date, JobEnd::Stopped)]);
        sleeper
    });
    std::fs::remove_file(&file).unwrap();
    assert_ends(sleeper.trim());
}

/// What is known of its end is not made unknown.
#[test]
fn a_program_that_has_just_ended_by_itself_was_not_stopped() {
    let (name, date) = (JobName::new(NAME).unwrap(), Date::constant(2026, 11, 27));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // Its last words are waited for.
        let task = tokio::spawn(std::future::pending());
        let mut programs = running(&name, date, task, OnceLock::from(JobEnd::Exited { code: 3 }));
        assert_eq!(programs.stop().await, [(name, date, JobEnd::Exited { code: 3 })]);
    });
}

#[test]
fn output_is_logged_in_lines_of_bounded_length() {
    let mut lines = Lines::default();
    assert_eq!(lines.take(b"one\ntw"), ["one"]);
    assert_eq!(lines.take("o\r\n\n\u{1b}[31mred\n".as_bytes()), ["two ", " [31mred"]);
    let long = lines.take(&[b'x'; 600]);
    assert!(long.is_empty());
    let rest = lines.rest();
    assert_eq!(rest[0].len(), LINE_BYTES_MAX);
    assert_eq!(rest[1], "(100 bytes of its output are left out)");
}

#[test]
fn output_beyond_the_most_is_left_out() {
    let mut lines = Lines::default();
    let logged: usize = (0..1_000).flat_map(|_| lines.take(&[b'x'; 101])).count();
    assert_eq!(logged, 0, "no line has ended");
    let mut lines = Lines::default();
    let hundred = [[b'x'; 100].as_slice(), b"\n"].concat();
    let logged = (0..2_000).flat_map(|_| lines.take(&hundred)).count();
    // 101 with the end of the line, and one more that is cut.
    assert_eq!(logged, OUTPUT_BYTES_MAX / 101 + 1);
    let mut lines = Lines::default();
    lines.take(&b"\n".repeat(OUTPUT_BYTES_MAX));
    assert!(lines.take(b"late\n").is_empty());
}
