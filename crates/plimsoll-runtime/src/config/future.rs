//! `[[alert]]`: promised, checked, and without effect so far. They are read so that a file written for a later version is
//! not refused, and noted so that nobody waits for a page that never comes.

use toml::Spanned;

use super::place::Problems;
use super::section::Section;
use super::value;

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
