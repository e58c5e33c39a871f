"""The criterion can say no."""

from __future__ import annotations

import unittest

from soak.flat import Flat, Sample


def run(kib: list[int]) -> Flat:
    """A sample every two seconds."""
    return Flat.of([Sample(2.0 * at, value) for at, value in enumerate(kib)])


class TestFlat(unittest.TestCase):
    def test_a_rise_in_the_first_half_is_a_start_and_no_leak(self) -> None:
        self.assertIsNone(run([10_000 + 500 * n for n in range(30)] + [25_000] * 31).trouble(1000))

    def test_a_steady_rise_is_a_leak(self) -> None:
        leak = run([20_000 + 100 * n for n in range(61)])
        self.assertAlmostEqual(leak.slope_kib_per_minute, 3000, delta=1)
        self.assertIn("grows by 3000 KiB a minute", leak.trouble(1000) or "")

    def test_a_jump_at_the_end_is_not_flat(self) -> None:
        self.assertIn("ends at 24000 KiB", run([20_000] * 60 + [24_000]).trouble(1e9) or "")

    def test_peaks_that_go_away_are_flat(self) -> None:
        self.assertIsNone(run([20_000, 23_000, 20_000] * 20).trouble(1000))


if __name__ == "__main__":
    unittest.main()
