#!/usr/bin/env python3
"""Writes the tables of trading days of plimsoll-calendar, and what the sources differed in.

    python3 -m venv .venv && .venv/bin/pip install -r tools/calendars/requirements.txt
    .venv/bin/python tools/calendars/generate.py          # rewrites the tables and differences.csv
    .venv/bin/python tools/calendars/generate.py --check  # exit 1 if they are not what it would write

For every weekday each source is asked; `venues.toml` says which, and judges the days on which they differ.
A judgement about a day on which nobody differs, and which changes nothing, is an error: it has gone stale.
"""

import argparse
import datetime as dt
import pathlib
import sys
import tomllib
import warnings

warnings.filterwarnings("ignore")

import exchange_calendars as xc  # noqa: E402
import pandas_market_calendars as pmc  # noqa: E402
import QuantLib as ql  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
TABLES = HERE.parent.parent / "crates/plimsoll-calendar/src/rules/tables"
DIFFERENCES = HERE / "differences.csv"
THROUGH = dt.date(2027, 12, 31)
SOURCES = {
    "xc": f"exchange_calendars {xc.__version__}",
    "pmc": f"pandas_market_calendars {pmc.__version__}",
    "ql": f"QuantLib {ql.__version__}",
}


class ExchangeCalendars:
    """Days, half days and names."""

    def __init__(self, name, zone, start):
        self.first = start
        try:
            calendar = xc.get_calendar(name, start=str(start), end=str(THROUGH))
        except ValueError:
            self.first = xc.get_calendar(name).bound_min().date()
            calendar = xc.get_calendar(name, start=str(self.first), end=str(THROUGH))
        self.sessions = {}
        for session, row in calendar.schedule.iterrows():
            close = row["close"].tz_convert(zone).strftime("%H:%M")
            regular = regular_close(calendar.close_times, session.date())
            self.sessions[session.date()] = None if close >= regular else close
        self.names = {}
        for holidays in [calendar.regular_holidays] + [rules for _, rules in calendar.special_closes]:
            if not hasattr(holidays, "rules"):
                continue
            for rule in holidays.rules:
                for day in rule.dates(str(self.first), str(THROUGH)):
                    self.names.setdefault(day.date(), rule.name or "")

    def says(self, day):
        if day < self.first:
            return None
        return ("open", self.sessions[day]) if day in self.sessions else ("closed", None)


class MarketCalendars:
    """Days, and half days where it knows them."""

    def __init__(self, name, zone, start):
        calendar = pmc.get_calendar(name)
        assert not type(calendar).__module__.endswith("mirror"), f"{name} is exchange_calendars once more"
        schedule = calendar.schedule(str(start), str(THROUGH), interruptions=False)
        self.names = {}
        self.sessions = {}
        for session, row in schedule.iterrows():
            close = row["market_close"].tz_convert(zone).strftime("%H:%M")
            regular = regular_close(calendar.regular_market_times["market_close"], session.date())
            self.sessions[session.date()] = None if close >= regular else close

    def says(self, day):
        return ("open", self.sessions[day]) if day in self.sessions else ("closed", None)


class QuantLib:
    """Full closures only."""

    def __init__(self, name, _zone, _start):
        self.names = {}
        country, _, market = name.partition(".")
        kind = getattr(ql, country)
        self.calendar = kind(getattr(kind, market)) if market else kind()

    def says(self, day):
        open_ = self.calendar.isBusinessDay(ql.Date(day.day, day.month, day.year))
        return ("open", None) if open_ else ("closed", None)


ASK = {"xc": ExchangeCalendars, "pmc": MarketCalendars, "ql": QuantLib}


def regular_close(times, day):
    """The library's own close of ordinary days at a date."""
    now = [since_and_time[1] for since_and_time in times if began(since_and_time[0]) <= day]
    return now[-1].strftime("%H:%M")


def began(since):
    """The date of a library's own record of when hours began."""
    if since is None:
        return dt.date.min
    return dt.date.fromisoformat(since) if isinstance(since, str) else since.date()


def judge(answers, half_days, judgement):
    """(what, close, mark, differ): the answer about one day, and how sure it is."""
    closed = {source for source, (word, _) in answers.items() if word == "closed"}
    closes = {source: close for source, (word, close) in answers.items() if word == "open" and source in half_days}
    differ = 0 < len(closed) < len(answers) or len(set(closes.values())) > 1
    if judgement is not None:
        decision = judgement["decision"]
        close = decision if ":" in decision else None
        return ("closed" if decision == "closed" else "open"), close, judgement["mark"], differ
    if closed:
        mark = "restrictive" if differ else "agreed" if len(answers) > 1 else "single"
        return "closed", None, mark, differ
    close = min((close for close in closes.values() if close), default=None)
    if close is None:
        return "open", None, "agreed", differ
    mark = "restrictive" if differ else "agreed" if len(closes) > 1 else "single"
    return "open", close, mark, differ


def cut(intervals, close):
    """The intervals of a day that ends earlier."""
    kept = []
    for interval in intervals:
        start, end = interval.rsplit("-", 1)
        if start.startswith("-1") or start < close:
            kept.append(f"{start}-{min(end, close)}")
    return tuple(kept)


def rust_hours(intervals):
    parts = []
    for interval in intervals:
        start, end = interval.rsplit("-", 1)
        day, clock = (-1, start[3:]) if start.startswith("-1 ") else (0, start)
        (oh, om), (ch, cm) = clock.split(":"), end.split(":")
        parts.append(f"hours({day}, {int(oh)}, {int(om)}, {int(ch)}, {int(cm)})")
    return f"&[{', '.join(parts)}]"


def source_text(mark, answers, judgement):
    """Who says so, for the reader of one day."""
    if judgement is not None:
        return f"judged from a {mark} source, see docs/calendars.md: {judgement['reason'].split(';')[0]}"
    names = " and ".join(SOURCES[source] for source in answers)
    return {
        "agreed": f"{names} agree",
        "single": f"one source only: {SOURCES['xc'] if 'xc' in answers else names}",
        "restrictive": f"{names} differ; the most restrictive was taken",
    }[mark]


def overrides(config, judgements, days):
    """Rules of CME that the libraries round: 12:15 before a holiday, 10:30 on holidays until 2014."""
    for day, (what, close) in list(days.items()):
        thanksgiving_friday = day.month == 11 and day.weekday() == 4 and 23 <= day.day <= 29
        eve = (day.month, day.day) == (12, 24) or (day.month, day.day) == (7, 3) and day.weekday() < 4
        if what == "open" and close == "12:00" and (thanksgiving_friday or eve):
            judgements[day] = {
                "decision": "12:15", "mark": "secondary",
                "reason": "CME Globex holiday schedules have equity index close at 12:15 on the day after "
                "Thanksgiving, Christmas Eve and July 3; the libraries round to 12:00",
            }
        elif what == "open" and close == "12:00" and day.year < 2015:
            judgements[day] = {
                "decision": "10:30", "mark": "secondary",
                "reason": "CME Globex equity index halted at 10:30 on US holidays in those years (schedules of "
                "2003 and 2013); the libraries give today's 12:00",
            }


def build(venue, config, judgements):
    start = dt.date.fromisoformat(config["from"])
    sources = {key: ASK[key](name, config["zone"], start) for key, name in config["sources"].items()}
    regimes = [(dt.date.fromisoformat(r["from"]), r) for r in config["regime"]]
    names = next(iter(sources.values())).names
    every = [start + dt.timedelta(n) for n in range((THROUGH - start).days + 1)]
    weekdays = [day for day in every if day.weekday() < 5]
    answered = {
        day: {key: said for key, source in sources.items() if (said := source.says(day)) is not None}
        for day in weekdays
    }
    if venue == "CMEGLOBEX_EQ":
        first = {day: judge(answers, config["half_days"], None)[:2] for day, answers in answered.items()}
        manual = dict(judgements)
        overrides(config, judgements, first)
        judgements.update(manual)
    unused = set(judgements) - set(weekdays)
    entries, years, rows = {}, {}, []
    for day in weekdays:
        answers, judgement = answered[day], judgements.get(day)
        what, close, mark, differ = judge(answers, config["half_days"], judgement)
        bare = judge(answers, config["half_days"], None)[:2]
        if judgement and not differ and bare == (what, close):
            unused.add(day)
        if differ or judgement:
            told = {key: word if not time else f"{word} until {time}" for key, (word, time) in answers.items()}
            taken = what if not close else f"{what} until {close}"
            why = judgement["reason"] if judgement else "the most restrictive answer"
            rows.append((venue, day, *(told.get(key, "") for key in ASK), taken, mark, why))
        if what == "open" and close is None:
            continue
        named = (judgement or {}).get("name") or names.get(day) or ("half day" if close else "one-off closing")
        early = (judgement or {}).get("early", True)
        adhoc = what == "closed" and day not in names
        verified = mark in ("agreed", "primary", "secondary")
        entry = (named, source_text(mark, answers, judgement), adhoc, early, verified)
        index = entries.setdefault(entry, len(entries))
        closed, special = years.setdefault(day.year, ([], []))
        if what == "closed":
            closed.append((day.month * 100 + day.day, index))
        else:
            regime = [r for since, r in regimes if since <= day][-1]
            special.append((day.month * 100 + day.day, index, cut(regime["hours"], close)))
    if unused:
        raise SystemExit(f"{venue}: judgements that change nothing: {sorted(map(str, unused))}")
    return render(venue, config, entries, years), rows


def render(venue, config, entries, years):
    out = [
        f"//! The days of `{venue}`. Written by `tools/calendars/generate.py`; change its `venues.toml` instead.",
        "",
        "use jiff::civil::date;",
        "",
        "use super::{Entry, Regime, Table, Year, hours};",
        "",
        "#[rustfmt::skip]",
        f"pub(super) const TABLE: Table = Table {{",
        f"    regimes: &[",
    ]
    for regime in config["regime"]:
        since = dt.date.fromisoformat(regime["from"])
        out.append(f"        Regime {{ from: date({since.year}, {since.month}, {since.day}), "
                   f"hours: {rust_hours(regime['hours'])}, verified: {str(regime['verified']).lower()},")
        out.append(f"            source: \"{regime['source']}\" }},")
    out.append("    ],")
    out.append("    entries: &[")
    for name, source, adhoc, early, verified in entries:
        flags = f"ad_hoc: {str(adhoc).lower()}, early: {str(early).lower()}, verified: {str(verified).lower()}"
        out.append(f"        Entry {{ name: {rust_string(name)}, {flags},")
        out.append(f"            source: {rust_string(source)} }},")
    out.append("    ],")
    shapes = {}
    for _, special in years.values():
        for _, _, shape in special:
            shapes.setdefault(shape, len(shapes))
    out.append("    shapes: &[")
    out += [f"        {rust_hours(shape)}," for shape in shapes]
    out.append("    ],")
    first = dt.date.fromisoformat(config["from"]).year
    out.append(f"    first_year: {first},")
    out.append("    years: &[")
    for year in range(first, THROUGH.year + 1):
        closed, special = years.get(year, ([], []))
        off = ", ".join(f"({day}, {entry})" for day, entry in closed)
        odd = ", ".join(f"({day}, {entry}, {shapes[shape]})" for day, entry, shape in special)
        out.append(f"        /* {year} */ Year {{ closed: &[{off}], special: &[{odd}] }},")
    out.append("    ],")
    out.append("};")
    return "\n".join(out) + "\n"


def rust_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    check = parser.parse_args().check
    config = tomllib.loads((HERE / "venues.toml").read_text())
    judged = config.pop("judgement")
    written, table = {}, []
    for venue, of in config.items():
        judgements = {dt.date.fromisoformat(d): j for j in judged if j["venue"] == venue for d in j["dates"]}
        written[TABLES / f"{venue.lower()}.rs"], rows = build(venue, of, judgements)
        table += rows
        print(f"{venue}: {len(rows)} days judged", file=sys.stderr)
    lines = ["venue,date," + ",".join(ASK) + ",taken,mark,why"]
    lines += [",".join(str(cell).replace(",", ";") for cell in row) for row in table]
    written[DIFFERENCES] = "\n".join(lines) + "\n"
    stale = [path for path, text in written.items() if not path.exists() or path.read_text() != text]
    if check:
        for path in stale:
            print(f"{path.name} is not what the sources say today; run tools/calendars/generate.py", file=sys.stderr)
        return 1 if stale else 0
    TABLES.mkdir(parents=True, exist_ok=True)
    for path, text in written.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
