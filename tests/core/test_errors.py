"""Messages say what, where and what to do, and survive the way back from a worker process."""

from __future__ import annotations

import pickle

import pytest

from sonoher2.core.errors import Finding, FindingsError, InputError, SonoHer2Error, UsageError, plain


def test_message_says_where_what_and_what_to_do() -> None:
    error = InputError("the mask is empty", where="mask.png", fix="Draw the lesion")
    assert str(error) == "mask.png: the mask is empty. Draw the lesion."
    assert error.exit_code == 3


def test_control_characters_are_shown_and_lines_stay() -> None:
    assert plain("a\x1b[31m\u202eb\x7f\tc\nd") == "a\\u001b[31m\\u202eb\\u007f\tc\nd"
    assert plain("病灶 é") == "病灶 é"


def test_parts_that_are_not_there_leave_no_trace() -> None:
    assert str(SonoHer2Error("no image.")) == "no image."
    assert str(InputError("no image", fix="Name one.")) == "no image. Name one."
    assert str(Finding("warning", "few cases", code="SIZE001")) == "SIZE001 few cases."
    assert (SonoHer2Error.exit_code, UsageError.exit_code, InputError.exit_code) == (1, 2, 3)


def test_an_error_gets_its_place_once() -> None:
    error = InputError("the mask is empty", fix="Draw the lesion", hint="output")
    placed = error.at("mask.png", "Leave it")
    assert (placed.what, placed.where, placed.fix, placed.hint) == (
        "the mask is empty", "mask.png", "Draw the lesion", "output"
    )  # fmt: skip
    assert placed.at("elsewhere").where == "mask.png"
    assert InputError("no pixels").at("mask.png", "Leave it").fix == "Leave it"


def test_an_error_as_a_finding_says_the_same() -> None:
    error = InputError("the mask is empty", where="mask.png", fix="Draw the lesion", hint="output")
    assert error.finding == Finding("error", "the mask is empty", "mask.png", "Draw the lesion", hint="output")
    assert str(error.finding) == str(error)


def test_one_finding_is_a_sentence_and_several_are_a_list() -> None:
    first, second = Finding("error", "no image", "row 3"), Finding("error", "no mask", "row 4")
    note = Finding("note", "all is well")
    assert str(FindingsError([first, note])) == "row 3: no image."
    assert str(FindingsError([first, note, second])) == "2 problems:\n  - row 3: no image.\n  - row 4: no mask."
    both = FindingsError([first, second, note])
    assert both.findings == [first, second]
    assert (both.what, both.where, both.fix) == (str(both), "", "")


@pytest.mark.parametrize(
    "error",
    [
        InputError("the mask is empty", where="mask.png", fix="Draw the lesion", hint="output"),
        UsageError("no such share", where="share"),
        FindingsError([Finding("error", "no image", "row 3"), Finding("error", "no mask", "row 4")]),
    ],
)
def test_error_from_a_worker_process_is_the_same_error(error: SonoHer2Error) -> None:
    # process pools send exceptions as pickles
    returned = pickle.loads(pickle.dumps(error))
    assert type(returned) is type(error)
    assert str(returned) == str(error)
    assert (returned.what, returned.where, returned.fix) == (error.what, error.where, error.fix)
    assert (returned.what, returned.where, returned.hint) == (error.what, error.where, error.hint)
    assert returned.exit_code == error.exit_code
