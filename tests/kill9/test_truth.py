"""The comparison with the venue has to be able to say no."""

import unittest
from typing import Any

from kill9.truth import differences

VENUE_ORDER = {
    "order_ref": "SPY-steady-20261118-1", "side": "BUY", "qty": "5", "filled": "2", "status": "Submitted",
}  # fmt: skip
OUR_ORDER = {
    "cl_ord_id": "SPY-steady-20261118-1", "side": "BUY", "qty": "5", "filled": "2", "status": "partially_filled",
}  # fmt: skip
EXECUTION = {"order_ref": "SPY-steady-20261118-1", "qty": "2"}
POSITION = {"account": "DU1111111", "symbol": "SPY", "qty": "2"}


def compare(order: dict[str, str] | None = None, venue: dict[str, Any] | None = None, qty: str = "2") -> list[str]:
    """The differences of a venue with one order, and of what we say about it."""
    theirs = {"orders": [VENUE_ORDER], "executions": [EXECUTION], "positions": [POSITION], **(venue or {})}
    return differences(theirs, [{**OUR_ORDER, **(order or {})}], [{**POSITION, "qty": qty}])


class Differences(unittest.TestCase):
    """One test per kind of difference."""

    def test_equal_truths_have_no_difference(self) -> None:
        self.assertEqual(compare(), [])

    def test_numbers_are_compared_as_numbers(self) -> None:
        self.assertEqual(compare({"qty": "5.0"}, qty="2.00"), [])

    def test_an_order_that_only_the_venue_knows_is_named(self) -> None:
        self.assertIn("Plimsoll does not know it", compare({"cl_ord_id": "other"})[0])

    def test_an_order_that_only_we_think_alive_is_named(self) -> None:
        found = compare(venue={"orders": []})
        self.assertIn("SPY-steady-20261118-1: partially_filled here, unknown to the venue", found)

    def test_an_execution_that_was_missed_or_counted_twice_is_named(self) -> None:
        twice = compare(venue={"executions": [EXECUTION, EXECUTION]})
        self.assertIn("SPY-steady-20261118-1: executions of 4 at the venue, 2 here", twice)

    def test_an_ended_order_that_we_think_open_is_named(self) -> None:
        ended = {**VENUE_ORDER, "status": "Cancelled"}
        self.assertIn("state is ended at the venue and open here", compare(venue={"orders": [ended]})[0])

    def test_a_position_that_differs_or_exists_on_one_side_is_named(self) -> None:
        self.assertEqual(len(compare(qty="3")), 1)
        self.assertEqual(len(compare(venue={"positions": []})), 1)

    def test_two_orders_under_one_reference_are_named(self) -> None:
        found = compare(venue={"orders": [VENUE_ORDER, VENUE_ORDER]})
        self.assertIn("the venue has 2 orders under 1 references", found)


if __name__ == "__main__":
    unittest.main()
