//! `[[job]]` and `[[alert]]`: promised, checked, and without effect so far. They are read so that a file
//! written for a later version is not refused, and noted so that nobody waits for a page that never comes.

use plimsoll_calendar::AnchorKind;
use toml::Spanned;

use super::bot::RawBot;
use super::place::Problems;
use super::section::Section;
use super::value;

/// Checks every job's form.
pub(super) fn check_jobs(jobs: Vec<Section<'_>>, bots: &[RawBot], problems: &mut Problems) {
    for mut job in jobs {
        if let Some(bot) = job.required("bot", "\"trend\"", problems, value::bot_name)
            && !bots.iter().filter_map(|b| b.name.as_ref()).any(|name| name.get_ref() == bot.get_ref())
        {
            problems.at(bot.span(), format!("`bot`: no [[bot]] is named `{}`", bot.get_ref()));
        }
        job.required("at", "\"moc_entry - 5s\"", problems, anchor);
        job.required("do", "\"close_positions\"", problems, |text| {
            value::word(text, &[("close_positions", ())])
        });
        if let Some(mut fallback) = job.table("fallback", problems) {
            fallback.required("at", "\"close - 2s\"", problems, anchor);
            fallback.required("do", "\"market\"", problems, |text| value::word(text, &[("market", ())]));
            fallback.finish(problems);
        }
        problems.note(job.span.clone(), "jobs are not run yet; close the positions in the bot");
        job.finish(problems);
    }
}

/// Checks every alert's form.
pub(super) fn check_alerts(alerts: Vec<Section<'_>>, problems: &mut Problems) {
    let kinds = ["telegram", "ntfy", "slack", "discord", "email", "pagerduty", "webhook", "healthchecks"]
        .map(|kind| (kind, ()));
    let severities = ["info", "warn", "page"].map(|severity| (severity, ()));
    for mut alert in alerts {
        alert.required("kind", "\"telegram\"", problems, |text| value::word(text, &kinds));
        alert.required("token_file", "\"secrets/telegram\"", problems, |text| match text {
            "" => Err("is empty; name the file that holds the token".into()),
            _ => Ok(()),
        });
        let severity: Option<Spanned<()>> =
            alert.text("severity", problems, |text| value::word(text, &severities));
        let span = severity.map_or(alert.span.clone(), |severity| severity.span());
        problems.note(span, "alerts are not sent yet; watch `plimsoll status`");
        alert.finish(problems);
    }
}

/// `close`, `close - 2s`, `open + 1m`.
fn anchor(text: &str) -> Result<(), String> {
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    if AnchorKind::from_word(name).is_none() {
        let known: Vec<&str> = AnchorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        return Err(format!("`{name}` is no instant of the day; write {}", known.join(", ")));
    }
    match (words.next(), words.next(), words.next()) {
        (None, None, None) => Ok(()),
        (Some("+" | "-"), Some(offset), None) => value::duration(offset).map(|_| ()),
        _ => Err(format!("`{text}` is not understood; write for example \"{name} - 5s\"")),
    }
}
