"""Whether memory is flat: what a run's samples have to fulfil. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import linear_regression, median


@dataclass(frozen=True)
class Sample:
    """Resident memory at one moment."""

    seconds: float
    kib: int


@dataclass(frozen=True)
class Flat:
    """The second half of the run: the first is for what fills once and stays."""

    slope_kib_per_minute: float
    median_kib: float
    last_kib: int
    largest_kib: int

    @classmethod
    def of(cls, samples: list[Sample]) -> Flat:
        """Measured on the samples of the second half."""
        ending = samples[-1].seconds
        half = [sample for sample in samples if sample.seconds >= ending / 2]
        slope = linear_regression([sample.seconds for sample in half], [float(sample.kib) for sample in half]).slope
        return cls(slope * 60, median(sample.kib for sample in half), half[-1].kib, max(s.kib for s in samples))

    def trouble(self, slope_max: float, last_max: float = 1.1) -> str | None:
        """What is not flat, if anything: a slope above `slope_max` KiB a minute, or an end above the median."""
        if self.slope_kib_per_minute > slope_max:
            return f"grows by {self.slope_kib_per_minute:.0f} KiB a minute, limit {slope_max:.0f}"
        if self.last_kib > last_max * self.median_kib:
            return f"ends at {self.last_kib} KiB, more than {last_max} times the median {self.median_kib:.0f}"
        return None
