"""What the comparison of transcripts forgives, and what not."""

import unittest

from bots.normalise import normalise


class Normalise(unittest.TestCase):
    """Momentary fields are masked, all others stand."""

    def test_a_tick_keeps_its_kind_and_request(self) -> None:
        self.assertEqual(normalise(["1", "6", "7", "2", "689.12", "700", "1"])[:4], ("1", "6", "7", "2"))
        self.assertEqual(
            normalise(["1", "6", "7", "2", "689.12", "700", "1"]), normalise(["1", "6", "7", "2", "690", "1", "1"])
        )

    def test_a_status_or_a_filled_quantity_is_never_masked(self) -> None:
        filled = ["3", "4", "Filled", "10", "0", "689.1", "123", "0", "689.1", "11", "", "0"]
        canceled = ["3", "4", "Cancelled", "10", "0", "689.1", "123", "0", "689.1", "11", "", "0"]
        less = ["3", "4", "Filled", "9", "1", "689.1", "123", "0", "689.1", "11", "", "0"]
        self.assertEqual(len({normalise(filled), normalise(canceled), normalise(less)}), 3)

    def test_an_error_is_compared_word_for_word(self) -> None:
        error = ["4", "2", "5", "201", "Order rejected - reason:a", ""]
        self.assertEqual(normalise(error), tuple(error))

    def test_a_field_that_is_missing_or_empty_is_seen(self) -> None:
        self.assertNotEqual(normalise(["46", "6", "1", "45", ""]), normalise(["46", "6", "1", "45", "1763650000"]))
        self.assertNotEqual(normalise(["2", "6", "1", "0"]), normalise(["2", "6", "1", "0", "7"]))

    def test_a_histogram_keeps_its_request_and_a_computation_its_kind(self) -> None:
        self.assertEqual(normalise(["89", "7", "2", "690.1", "300", "690.2", "100"]), ("89", "7"))
        self.assertEqual(normalise(["21", "7", "13", "0", "0.2", "0.5"]), ("21", "7", "13", "0", "~", "~"))

    def test_ticks_of_the_past_and_headlines_are_compared(self) -> None:
        for past in (["98", "7", "1", "1795813200", "0", "690.1", "300", "ARCA", "", "1"], ["86", "7", "2026-11-17"]):
            self.assertEqual(normalise(past), tuple(past))


if __name__ == "__main__":
    unittest.main()
