"""Whose outline counts in the end, and whose stands beside it."""

from __future__ import annotations

from sonoher2.server.cohorts.outlines.final import Decision, FinalOutline, final_outline, ranked_readers


def test_the_first_reader_counts_and_the_next_one_is_second() -> None:
    finished = {"Li": "a", "Wu": "b", "mask": "c"}
    assert final_outline(finished, None, ["Wu", "Li"]) == FinalOutline("b", "Wu", "Wu", "a", "Li")
    assert final_outline(finished, None, []) == FinalOutline("a", "Li", "Li", "b", "Wu")
    assert final_outline({"Wu": "b", "mask": "c"}, None, ["Li"]) == FinalOutline("b", "Wu", "Wu", "c", "mask")


def test_what_the_table_gives_comes_last_unless_it_is_named() -> None:
    assert ranked_readers(["second_mask", "mask", "Zhao", "Li"], []) == ["Li", "Zhao", "mask", "second_mask"]
    assert ranked_readers(["mask", "Zhao", "Li"], ["mask", "Zhao"]) == ["mask", "Zhao", "Li"]


def test_what_was_decided_goes_before_all_and_the_second_outline_is_of_another_hand() -> None:
    finished = {"Li": "a", "Wu": "b"}
    order = ["Li", "Wu"]
    assert final_outline(finished, Decision("b", "Wu"), order) == FinalOutline("b", "adjudicated", "Wu", "a", "Li")
    assert final_outline(finished, Decision("a", "Li"), order) == FinalOutline("a", "adjudicated", "Li", "b", "Wu")
    assert final_outline(finished, Decision("n", None), order) == FinalOutline("n", "adjudicated", "", "a", "Li")
    assert final_outline(finished, Decision(None, "Wu"), order) == FinalOutline(None, "adjudicated", "Wu")


def test_a_reader_who_saw_no_lesion_is_no_second_outline() -> None:
    assert final_outline({"Li": "a", "Wu": None}, None, []) == FinalOutline("a", "Li", "Li")
    assert final_outline({"Li": None, "Wu": "b"}, None, []) == FinalOutline(None, "Li", "Li")


def test_the_segmenter_stands_in_only_where_nobody_has_drawn() -> None:
    assert final_outline({}, None, []) == FinalOutline()
    assert final_outline({}, None, [], "s") == FinalOutline("s", "segmenter")
    assert final_outline({"Li": "a"}, None, [], "s").origin == "Li"
    assert final_outline({"Li": None}, None, [], "s") == FinalOutline(None, "Li", "Li")
