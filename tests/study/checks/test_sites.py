"""SITE002: sites that say too little."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from sonoher2.study.checks.sites import doubtful_sites
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
