"""What a client prints becomes a transcript, and what is no line of one is refused; so is a guard's silence."""

import json
import unittest

from bots.foreign import GUARDED, denied
from bots.programs import Failed
from bots.recorder import Step
from bots.told import steps


def _lines(*words: object) -> list[str]:
    return [json.dumps(word) for word in words]


class Told(unittest.TestCase):
    """One test per kind of line."""

    def test_answers_keep_their_order_and_streams_do_not(self) -> None:
        heard = [["heard", "b", []], ["heard", "a", []], ["heard", "tickSize", [["size", "2"]]], ["heard", "tickSize", [["size", "1"]]]]
        step = steps(_lines(["step", "1 x"], *heard, ["result", "3"]))[1]
        self.assertEqual(step.lines(), ["== 1 x", "   = 3", "   < b", "   < a", "   ~ tickSize | size=~"])

    def test_a_line_that_nobody_agreed_on_is_refused(self) -> None:
        for line in ("Traceback", '["told", "x"]', '["step"]', "7"):
            with self.assertRaises(Failed):
                steps([line])


class Denied(unittest.TestCase):
    """Steps that a guard answers are looked at before they are taken out."""

    def _played(self, place: int) -> list[Step]:
        played = []
        for number, (name, refusals) in enumerate(GUARDED.items(), start=1):
            refusal = refusals[place]
            played.append(Step(f"{number} {name}", [("error", f"errorString={refusal.text}")], set(), str(refusal.code)))
        return played

    def test_both_refusals_are_taken_out(self) -> None:
        straight, through = self._played(0), self._played(1)
        denied(straight, through)
        self.assertEqual([step.lines() for step in straight], [step.lines() for step in through])

    def test_an_order_that_passes_the_gateway_is_a_failure(self) -> None:
        with self.assertRaises(Failed):
            denied(self._played(0), self._played(0))

    def test_a_client_that_leaves_the_step_out_is_a_failure(self) -> None:
        with self.assertRaises(Failed):
            denied(self._played(0), self._played(1)[1:])


if __name__ == "__main__":
    unittest.main()
