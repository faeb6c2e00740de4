"""LEAK007: patients of the study whose images the segmenter or the enhancer was trained on."""

from __future__ import annotations

from sonoher2.core.columns import TEST, TRAIN
from sonoher2.study.checks.facts import Facts, FactsCheck
from sonoher2.study.checks.outcome import Outcome
from sonoher2.study.measure.trained_on import OF_ABLATION


def trained_on(facts: Facts) -> Outcome:
    """LEAK007: how many patients of each set a network was trained on; an error where test patients are among them."""
    if not facts.trained_on:
        return LEAK007.skipped("no lesion was outlined and no image enhanced by a network")
    sets, parts, in_test = facts.sets, [], False
    for network, patients in facts.trained_on.items():
        seen = sets[sets.index.isin(list(patients))]
        # an ablation shows test patients alone, and the study's own results do not rest on it
        counted = (TEST,) if network.endswith(OF_ABLATION) else (TRAIN, TEST)
        seen = seen[seen.isin(counted)]
        in_test = in_test or bool((seen == TEST).any() and TRAIN in counted)
        counts = [f"{(seen == name).sum()} of {(sets == name).sum()} {name} patients" for name in counted]
        if len(seen):
            parts.append(f"the {network} was trained on images of {' and '.join(_of_somebody(counts))}")
    if not parts:
        return LEAK007.passed()
    return LEAK007.found("error" if in_test else "warning", "; ".join(parts), "regions, enhance")


def _of_somebody(counts: list[str]) -> list[str]:
    """Leave out a set that the study has not."""
    return [count for count in counts if " of 0 " not in count]


LEAK007 = FactsCheck(
    "LEAK007",
    "A network was trained on patients of the study",
    "Test on patients it never saw, or give drawn masks and leave images as they are",
    trained_on,
)
