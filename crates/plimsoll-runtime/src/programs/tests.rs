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
