"""Environments are compared by versions and code, and differences are named both ways."""

from __future__ import annotations

import numpy as np

from sonoher2.engine.cluster.environment import Environment, this_environment

ONE = Environment({"Python": "3.11.7", "numpy": "2.4.0"}, "a" * 64)


def test_differences_name_both() -> None:
    other = Environment({"Python": "3.11.7", "numpy": "2.3.1", "scipy": "1.17.0"}, "b" * 64)
    assert other.differences(ONE) == (
        "numpy 2.3.1 there, 2.4.0 here; scipy 1.17.0 there, missing here; code bbbbbbbb there, aaaaaaaa here"
    )
    assert ONE.differences(Environment(dict(reversed(ONE.versions.items())), "a" * 64)) == ""
    assert ONE.fingerprint == Environment(dict(ONE.versions), "a" * 64).fingerprint
    assert len({ONE.fingerprint, other.fingerprint, Environment(ONE.versions, "c" * 64).fingerprint}) == 3


def test_this_process_has_what_the_package_needs() -> None:
    here = this_environment()
    assert here.versions["numpy"] == np.__version__
    assert {"Python", "sonoher2", "scikit-learn", "pyarrow", "distributed"} <= set(here.versions)
    # only tests need it
    assert "hypothesis" not in here.versions
    assert "missing" not in here.versions.values()
