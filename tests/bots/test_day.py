"""The day's comparison has to say no."""

import unittest
from typing import Any

from bots.day import CLIENT_ID, agree
from bots.programs import Failed


def _day() -> tuple[dict[str, Any], dict[str, Any]]:
    rows = [
        {"exec_id": f"x{number:02}", "client": CLIENT_ID, "commission": "1.00", "qty": "10"} for number in range(12)
    ]
    believed = {
        "orders": 12, "statuses": ["FILLED"], "trades": [row["exec_id"] for row in rows], "filled": "120",
        "commissions": "12.0", "open_positions": 0,
    }  # fmt: skip
    known = {"orders": rows, "executions": rows, "positions": [{"qty": "0"}], "violations": []}
    return believed, known


class Agree(unittest.TestCase):
    """One test per kind of disagreement."""

    def test_the_same_day_agrees(self) -> None:
        agree(*_day())

    def test_an_execution_that_the_program_missed_is_found(self) -> None:
        believed, known = _day()
        believed["trades"] = believed["trades"][1:]
        with self.assertRaisesRegex(Failed, "executions"):
            agree(believed, known)

    def test_a_cent_of_commission_is_found(self) -> None:
        believed, known = _day()
        believed["commissions"] = "12.01"
        with self.assertRaisesRegex(Failed, "commissions"):
            agree(believed, known)

    def test_what_is_still_held_and_a_broken_rule_are_found(self) -> None:
        believed, known = _day()
        known["positions"], known["violations"] = [{"qty": "10"}], [{"kind": "message_rate"}]
        with self.assertRaisesRegex(Failed, "(?s)positions.*live rules"):
            agree(believed, known)

    def test_a_day_without_trading_is_none(self) -> None:
        believed, known = _day()
        with self.assertRaisesRegex(Failed, "no day"):
            agree(believed | {"orders": 3}, known)


if __name__ == "__main__":
    unittest.main()
