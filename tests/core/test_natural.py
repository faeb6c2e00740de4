from sonoher2.core.natural import natural_key, natural_keys


def test_numbers_in_names_sort_as_numbers() -> None:
    names = ["11", "2", "P10", "10", "p9", "1", "4B", "4a", "5", "绝经"]
    assert sorted(names, key=natural_key) == ["1", "2", "4a", "4B", "5", "10", "11", "p9", "P10", "绝经"]


def test_rows_sort_value_by_value() -> None:
    rows = [("P10", "b"), ("P9", "b"), ("P9", "a")]
    assert sorted(rows, key=natural_keys) == [("P9", "a"), ("P9", "b"), ("P10", "b")]
