"""LEAK007: the study says how many of its patients the segmenter or the enhancer was trained on."""

from __future__ import annotations

from dataclasses import replace

from sonoher2.study.checks.facts import whole_split
from sonoher2.study.checks.networks import trained_on
from study_facts import facts


def test_leak007_counts_the_patients_of_each_set() -> None:
    known = facts(30)
    assert trained_on(known).state == "not checked"
    assert trained_on(replace(known, trained_on={"segmenter": frozenset()})).state == "passed"
    seen = replace(known, trained_on={"segmenter": frozenset(["P000", "P001", "P029"]), "enhancer": frozenset()})
    outcome = trained_on(seen)
    assert outcome.state == "error"
    assert outcome.finding is not None
    said = "the segmenter was trained on images of 2 of 21 train patients and 1 of 9 test patients"
    assert outcome.finding.what == said
    assert trained_on(replace(known, trained_on={"enhancer": frozenset(["P000"])})).state == "warning"
    # an ablation shows test patients alone, and nothing else rests on it
    of_ablation = replace(known, trained_on={"segmenter of the ablation": frozenset(["P000", "P029"])})
    assert trained_on(of_ablation).state == "warning"
    told = trained_on(of_ablation).finding
    assert told is not None
    assert told.what == "the segmenter of the ablation was trained on images of 1 of 9 test patients"
    assert trained_on(replace(known, trained_on={"segmenter of the ablation": frozenset(["P000"])})).state == "passed"
    validation = trained_on(replace(seen, split=whole_split(known.cohort)))
    assert validation.finding is not None
    assert validation.finding.what == "the segmenter was trained on images of 3 of 30 test patients"
