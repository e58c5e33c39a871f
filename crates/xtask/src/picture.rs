//! `cargo xtask picture`: the README's picture of the demo, drawn from what the demo prints.
//!
//! Owns: cutting the last picture out of a redrawn terminal, and writing text as SVG. Does not own what is
//! in the picture: it is the demo's own output, and whoever changes the demo draws it again.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Where the README looks for it.
const FILE: &str = "docs/pictures/demo.svg";
/// The picture is taken when this appears for the first time: late in the day, with every kind of denial.
const MOMENT: &str = "close_cutoff";
/// The size of a character cell in the picture.
const CELL: (usize, usize) = (8, 17);
const MARGIN: usize = 16;

/// Runs the demo and draws it.
pub(crate) fn draw(root: &Path) -> Result<()> {
    let out = Command::new(env!("CARGO"))
        .args(["run", "--release", "--quiet", "--", "demo"])
        .env("CLICOLOR_FORCE", "1")
        .env("COLUMNS", "150")
        .current_dir(root)
        .output()
        .context("the demo was not started")?;
    ensure!(out.status.success(), "the demo ended with {}", out.status);
    let text = String::from_utf8_lossy(&out.stdout);
    let mut lines = last_page(&text);
    lines.push(String::new());
    lines.extend(comparison(&text));
    let file = root.join(FILE);
    std::fs::create_dir_all(file.parent().context("the picture has a folder")?)?;
    std::fs::write(&file, svg(&lines)).with_context(|| format!("{FILE} was not written"))?;
    println!("{FILE}: {} lines", lines.len());
    Ok(())
}

/// The lines of the first redrawn page that shows the moment, colours kept.
fn last_page(text: &str) -> Vec<String> {
    let pages = text.split("\x1b[2K\x1b[1mPlimsoll demo").skip(1);
    let page = pages.filter(|page| page.contains(MOMENT)).last().unwrap_or_default();
    let lines = page.split("\x1b[2K").map(|line| line.trim_end().to_owned());
    let mut lines: Vec<String> = lines.take_while(|line| !line.starts_with("the same half day")).collect();
    if let Some(first) = lines.first_mut() {
        first.insert_str(0, "\x1b[1mPlimsoll demo");
    }
    if let Some(last) = lines.last_mut() {
        // Behind the last page the comparison begins; it is drawn on its own.
        *last = last.lines().next().unwrap_or_default().to_owned();
    }
    lines
}

/// The table at the end, without the hints behind it.
fn comparison(text: &str) -> Vec<String> {
    let lines = text.lines().skip_while(|line| !line.starts_with("the same half day"));
    lines.take_while(|line| !line.starts_with("keep the journal")).map(ToOwned::to_owned).collect()
}

/// The words of terminal colours that the demo uses.
const STYLES: [(&str, &str); 3] =
    [("\x1b[1m", "font-weight=\"bold\""), ("\x1b[2m", "fill=\"#7a8691\""), ("\x1b[33m", "fill=\"#f2c063\"")];

fn svg(lines: &[String]) -> String {
    let columns = lines.iter().map(|line| plain(line).chars().count()).max().unwrap_or(0);
    let (width, height) = (columns * CELL.0 + 2 * MARGIN, lines.len() * CELL.1 + 2 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"The demo: four bots, what they were told, and the day without Plimsoll\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"#0e141b\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"13\" \
         fill=\"#e6ebf0\" xml:space=\"preserve\">\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let y = MARGIN + (row + 1) * CELL.1 - 4;
        let _ = writeln!(svg, "<text x=\"{MARGIN}\" y=\"{y}\">{}</text>", spans(line));
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// One line with its colours as SVG.
fn spans(line: &str) -> String {
    let mut text = escaped(line);
    for (code, style) in STYLES {
        text = text.replace(code, &format!("<tspan {style}>"));
    }
    text.replace("\x1b[0m", "</tspan>")
}

fn plain(line: &str) -> String {
    STYLES.iter().fold(line.replace("\x1b[0m", ""), |text, (code, _)| text.replace(code, ""))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_with_the_moment_is_drawn_and_the_table_behind_it() {
        let text = "\x1b[2K\x1b[1mPlimsoll demo\x1b[0m one\n\x1b[2Ktwo\n\x1b[2A\
                    \x1b[2K\x1b[1mPlimsoll demo\x1b[0m three\n\x1b[2K close_cutoff <4>\n\n\
                    the same half day  with\norders 1\nkeep the journal\n";
        assert_eq!(last_page(text), ["\x1b[1mPlimsoll demo\x1b[0m three", " close_cutoff <4>"]);
        assert_eq!(comparison(text), ["the same half day  with", "orders 1"]);
    }

    #[test]
    fn colours_become_spans_and_signs_are_escaped() {
        assert_eq!(spans("\x1b[1ma\x1b[0m <b>"), "<tspan font-weight=\"bold\">a</tspan> &lt;b&gt;");
        assert_eq!(plain("\x1b[33mab\x1b[0m"), "ab");
    }
}
