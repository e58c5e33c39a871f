"""The comparison of transcripts has to find what differs, and to say where."""

import unittest

from bots.compare import compare


class Compare(unittest.TestCase):
    """One test per kind of difference."""

    def test_equal_transcripts_say_nothing(self) -> None:
        self.assertEqual(compare(["== 1 a", "   < 4 | x"], ["== 1 a", "   < 4 | x"]), [])

    def test_a_changed_field_is_named_with_its_step(self) -> None:
        said = compare(["== 1 a", "   < 4 | 2 | x"], ["== 1 a", "   < 4 | 2 | y"])
        self.assertEqual(said, ["== 1 a", "     < 4 | 2 | x …: field 2: 'x' became 'y'"])

    def test_a_missing_line_and_a_line_too_many_are_named(self) -> None:
        self.assertEqual(compare(["== 1 a", "   < 1"], ["== 1 a"]), ["== 1 a", "  only straight    < 1"])
        self.assertEqual(compare(["== 1 a"], ["== 1 a", "   < 1"]), ["== 1 a", "  only through     < 1"])

    def test_an_exchanged_order_is_a_difference(self) -> None:
        self.assertNotEqual(compare(["== 1 a", "   < 1", "   < 2"], ["== 1 a", "   < 2", "   < 1"]), [])


if __name__ == "__main__":
    unittest.main()
