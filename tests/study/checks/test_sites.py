"""SITE002: sites that say too little."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from sonoher2.study.checks.sites import doubtful_sites, unharmonised_sites
from study_facts import facts, with_patients


def test_site002_patients_of_two_sites() -> None:
    known = with_patients(facts(30), site=["A"] * 30)
    sites = ["A"] * 30
    images = known.cohort.images.assign(site=sites)
    assert doubtful_sites(replace(known, cohort=replace(known.cohort, images=images))).state == "passed"
    more = pd.concat([images, images.iloc[[4]].assign(site="B")], ignore_index=True)
    outcome = doubtful_sites(replace(known, cohort=replace(known.cohort, images=more)))
    assert outcome.finding is not None
    assert (
        "images of several sites are those of 1 of 30 patients, who count for the first (P004)" in outcome.finding.what
    )


def test_site002_sites_too_small_to_be_left_out() -> None:
    sites = ["A"] * 60 + ["B"] * 4 + ["C"] * 136
    config = {"split": {"kind": "site", "test": ["Z"]}, "validation": {"by": "site"}}
    known = with_patients(facts(**config), site=sites)
    outcome = doubtful_sites(known)
    assert outcome.finding is not None
    assert "too small to be left out: B (4 training patients" in outcome.finding.what
    assert "A (" not in outcome.finding.what
    random = replace(known, config=known.config.model_copy(update={"validation": facts(10).config.validation}))
    assert doubtful_sites(random).state == "passed"


def test_site002_sites_that_harmonising_does_not_know() -> None:
    """All but the first 140 patients are test patients."""
    config = {"split": {"kind": "site", "test": ["Z"]}, "harmonise": {"method": "combat", "reference": "A"}}
    known = with_patients(facts(**config), site=["A"] * 100 + ["B"] * 36 + ["C"] * 4 + ["D"] * 10 + ["A"] * 50)
    outcome = doubtful_sites(known)
    assert outcome.finding is not None
    assert "14 of 200 patients are of sites that harmonising does not know" in outcome.finding.what
    assert "(D: 10, C: 4)" in outcome.finding.what


@pytest.mark.parametrize(("of_b", "doubtful"), [(9, True), (10, False)])
def test_site002_ten_patients_of_every_class_are_enough(of_b: int, doubtful: bool) -> None:
    config = {"split": {"kind": "site", "test": ["Z"]}, "validation": {"by": "site"}}
    known = with_patients(
        facts(**config), site=["B"] * of_b + ["A"] * (200 - of_b), label=[0, 1] * 100
    )  # fmt: skip
    outcome = doubtful_sites(known)
    assert (outcome.finding is not None) is doubtful
    if outcome.finding is not None:
        assert outcome.finding.what == f"too small to be left out: B ({of_b} training patients)"


def test_site002_a_site_of_one_class_is_too_small() -> None:
    config = {"split": {"kind": "site", "test": ["Z"]}, "validation": {"by": "site"}}
    sites = ["B"] * 20 + ["A"] * 180
    known = with_patients(facts(**config), site=sites, label=[0] * 20 + [0, 1] * 90)
    outcome = doubtful_sites(known)
    assert outcome.finding is not None
    assert outcome.finding.what == "too small to be left out: B (20 training patients, not of every class)"
    assert doubtful_sites(facts(30)).skipped == "the sites are not known"


def test_site002_twenty_patients_are_named() -> None:
    known = with_patients(facts(30), site=["A"] * 30)
    images = known.cohort.images.assign(site="A")
    for several, end in ((20, "P019)"), (21, "P019, ...)")):
        more = pd.concat([images, images.iloc[:several].assign(site="B")], ignore_index=True)
        outcome = doubtful_sites(replace(known, cohort=replace(known.cohort, images=more)))
        assert outcome.finding is not None
        assert outcome.finding.what.endswith(end)
        assert f"those of {several} of 30 patients" in outcome.finding.what


def test_site002_only_patients_of_other_sites_are_left_as_they_are() -> None:
    sites = pd.Series(["A", "B", None, "A", "C", "C"], dtype=object)
    assert unharmonised_sites(sites, ["A", "B"]) == [
        "3 of 6 patients are of sites that harmonising does not know, and are left as they are"
        " (C: 2, site not known: 1)"
    ]
    assert unharmonised_sites(sites[:2], ["A", "B"]) == []
    plain = with_patients(facts(30), site=["A"] * 15 + ["B"] * 15)
    assert doubtful_sites(plain).state == "passed"
