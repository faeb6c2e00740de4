"""Groups of patients who must stay together."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sonoher2.cohort.patients.groups import joined_groups, linked


def test_groups_are_connected_through_others_and_numbered_by_their_first_patient() -> None:
    groups = joined_groups(["a", "b", "c", "d", "e"], [("c", "d"), ("b", "d")])
    assert groups.to_dict() == {"a": 0, "b": 1, "c": 1, "d": 1, "e": 2}
    assert joined_groups(["a", "b"], []).to_dict() == {"a": 0, "b": 1}
    assert joined_groups([], []).empty


def test_patients_of_one_key_are_linked() -> None:
    assert linked(["a", "b", "c", "d"], [1, 2, 1, 1]) == [("a", "c"), ("c", "d")]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=15), st.randoms())
def test_groups_do_not_depend_on_the_order_of_pairs(numbers: list[tuple[int, int]], random: object) -> None:
    patients = [f"patient {number}" for number in range(8)]
    pairs = [(patients[one], patients[other]) for one, other in numbers]
    groups = joined_groups(patients, pairs)
    shuffled = [pair[::-1] for pair in pairs]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert joined_groups(patients, shuffled).equals(groups)
    assert all(groups[one] == groups[other] for one, other in pairs)
    assert sorted(set(groups)) == list(range(max(groups) + 1))
