"""What the comparison of named messages forgives, and what not."""

import unittest

from bots.named import normalise


class Named(unittest.TestCase):
    """Momentary values are masked, all others stand, whatever the language calls them."""

    def test_a_price_is_masked_and_its_kind_stands(self) -> None:
        tick = [("reqId", "7"), ("tickType", "1"), ("price", "689.12")]
        self.assertEqual(normalise("tickPrice", tick), [("reqId", "7"), ("tickType", "1"), ("price", "~")])

    def test_spelling_makes_no_difference(self) -> None:
        self.assertEqual(normalise("OrderStatus", [("avg_fill_price", "1.5")]), [("avg_fill_price", "~")])
        self.assertEqual(normalise("order_status", [("avgFillPrice", "1.5")]), [("avgFillPrice", "~")])

    def test_a_status_a_quantity_and_an_error_are_compared_word_for_word(self) -> None:
        status = [("orderId", "4"), ("status", "Filled"), ("filled", "10"), ("remaining", "0")]
        error = [("reqId", "5"), ("errorCode", "201"), ("errorString", "Order rejected - reason:a")]
        commission = [("execId", "0001"), ("commission", "1.0")]
        self.assertEqual(normalise("orderStatus", status), status)
        self.assertEqual(normalise("error", error), error)
        self.assertEqual(normalise("commissionReport", commission), commission)

    def test_a_value_that_is_missing_or_empty_is_seen(self) -> None:
        empty = [("reqId", "6"), ("value", "")]
        self.assertEqual(normalise("tickString", empty), empty)
        self.assertNotEqual(normalise("tickString", empty), normalise("tickString", [("reqId", "6"), ("value", "1")]))

    def test_bars_of_the_past_are_compared_and_those_of_today_are_not(self) -> None:
        past = [("reqId", "8"), ("bar.date", "20261117"), ("bar.close", "690.1")]
        today = [("reqId", "8"), ("bar.date", "20261118 10:00:00 US/Eastern"), ("bar.close", "690.1")]
        self.assertEqual(normalise("historicalData", past), past)
        self.assertEqual(normalise("historicalData", today), [*today[:2], ("bar.close", "~")])
        read = [("date", "2026-11-18 10:00:00.0 -05:00:00"), ("close", "690.1")]
        self.assertEqual(normalise("historicalData", read), [read[0], ("close", "~")])

    def test_of_a_histogram_that_ends_now_only_its_request_stands_and_of_a_book_the_side(self) -> None:
        histogram = [("reqId", "8"), ("items.len", "2"), ("items[0].price", "690.1"), ("items[1].price", "690.2")]
        self.assertEqual(normalise("histogramData", histogram), [("reqId", "8")])
        row = [("reqId", "9"), ("position", "2"), ("operation", "1"), ("side", "0"), ("price", "690.1")]
        masked = [("reqId", "9"), ("position", "~"), ("operation", "~"), ("side", "0"), ("price", "~")]
        self.assertEqual(normalise("updateMktDepthL2", row), masked)

    def test_ticks_of_the_past_are_compared(self) -> None:
        past = [("reqId", "8"), ("ticks[0].time", "1795813200"), ("ticks[0].price", "690.1"), ("done", "True")]
        self.assertEqual(normalise("historicalTicksLast", past), past)


if __name__ == "__main__":
    unittest.main()
