"""The signatures that a study may have: one entry each, and the only place where their names are spelled.

The main signature of a study is the one with the highest out-of-fold training AUC (`main_signature`). Whatever else
needs one signature to speak of asks `headline`: the main one, or where it cannot be given the one of the first rank.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from sonoher2.classifiers.search import Selection
from sonoher2.config.base import Kind
from sonoher2.config.clinical import ClinicalColumn
from sonoher2.core.errors import InputError
from sonoher2.selection.harmonise import SiteHarmoniser
from sonoher2.selection.pipeline import SelectionPipeline
from sonoher2.selection.reduce import EarlyFusion, PrincipalComponents
from sonoher2.signatures.feature_table import RADIOMICS, deep_group
from sonoher2.signatures.image_based import BestNetwork, FeatureSignature, NetworkSignature
from sonoher2.signatures.logistic import LogisticSignature
from sonoher2.signatures.protocol import Signature
from sonoher2.signatures.set import SignatureSet
from sonoher2.signatures.stacked_candidates import StackedCandidates

if TYPE_CHECKING:
    from sonoher2.config.study import StudyConfig

CLINICAL_SIGNATURE = "Clinical"
RADIOMICS_SIGNATURE = "Radiomics"
DEEP_SIGNATURE = "Deep"
DLR, DLR_EARLY = "DLR", "DLR (early)"
CLINICAL_RADIOMICS = "Clinical+Radiomics"
COMBINED, COMBINED_CANDIDATES = "Combined", "Combined (zoo)"
PRE_BIOPSY = " (pre-biopsy)"
_OF_DLR = (DLR,)
"""One object for all that stack it: a model's bytes tell one object from two that are equal."""

Source = Literal["clinical", "radiomics", "network"]
"""Kind of data."""


@dataclass(frozen=True)
class Plan:
    """What a signature is built from.

    Attributes
    ----------
    study
        Its settings.
    columns
        The clinical columns that the signature may use; none for a signature that uses none.
    selection
        Unfitted selection of the radiomic features: one object for all signatures, as a model's bytes say.
    """

    study: StudyConfig
    columns: Mapping[str, ClinicalColumn]
    selection: SelectionPipeline

    @property
    def kinds(self) -> dict[str, Kind]:
        """Kind of each clinical column."""
        return {name: column.kind for name, column in self.columns.items()}

    @property
    def folds_and_seed(self) -> tuple[int, int]:
        """Inner folds, and their seed."""
        return self.study.validation.inner_folds, self.study.seed

    @property
    def networks(self) -> list[str]:
        """Names of the networks; none without `deep`."""
        return [] if self.study.deep is None else self.study.deep.network


@dataclass(frozen=True)
class Entry:
    """A signature that a study may have.

    Attributes
    ----------
    name
        As it stands in tables, figures and bundles.
    sources
        Kinds of data that it rests on in the end; a study that has them all has the signature.
    build
        From the plan and the parents to the unfitted signature.
    rank
        Its place where one signature must speak for all: 0 for the one that joins the most.
    parents
        Signatures whose scores it stacks, in this order.
    joins
        Signatures of which it holds all and more, each of them a comparison in the report (NRI, IDI).
    colour
        Place of its own colour in the report's palette; None: one of those that are left.
    pre_biopsy
        Whether it leaves out the columns that are known only from the biopsy on (ER, PR, Ki-67).
    family
        Where it chooses among models: what these models see, in a comparison of models.
    """

    name: str
    sources: tuple[Source, ...]
    build: Callable[[Plan, tuple[str, ...]], Signature]
    rank: int
    parents: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    colour: int | None = None
    pre_biopsy: bool = False
    family: str = ""

    @property
    def uses_clinical(self) -> bool:
        """Whether it rests on clinical columns."""
        return "clinical" in self.sources


def _logistic(plan: Plan, parents: tuple[str, ...]) -> Signature:
    levels = {name: list(column.levels) for name, column in plan.columns.items()}
    units = {name: column.unit for name, column in plan.columns.items()}
    return LogisticSignature(plan.kinds, parents, levels, units, *plan.folds_and_seed)


def _stacked_candidates(plan: Plan, parents: tuple[str, ...]) -> Signature:
    return StackedCandidates(plan.kinds, parents, tuple(plan.study.models), *plan.folds_and_seed)


def _radiomics(plan: Plan, parents: tuple[str, ...]) -> Signature:
    return _search(plan, (RADIOMICS,), plan.selection)


def _deep(plan: Plan, parents: tuple[str, ...]) -> Signature:
    if plan.study.deep is not None and plan.study.deep.training == "fine-tuned":
        return _best(plan, {name: NetworkSignature(name, *plan.folds_and_seed) for name in plan.networks})
    return _best(plan, {name: _search(plan, (deep_group(name),), PrincipalComponents()) for name in plan.networks})


def _early_fusion(plan: Plan, parents: tuple[str, ...]) -> Signature:
    fused = EarlyFusion(plan.selection)
    return _best(plan, {name: _search(plan, (RADIOMICS, deep_group(name)), fused) for name in plan.networks})


def _best(plan: Plan, options: Mapping[str, FeatureSignature | NetworkSignature]) -> Signature:
    """Choose among the networks' signatures; one network alone needs no choice."""
    if len(options) == 1:
        return next(iter(options.values()))
    return BestNetwork(list(options.items()), *plan.folds_and_seed)


def _search(plan: Plan, groups: tuple[str, ...], selection: Selection) -> FeatureSignature:
    return FeatureSignature(groups, tuple(plan.study.models), selection, *plan.folds_and_seed)


def _pre_biopsy_name(name: str) -> str:
    return f"{name}{PRE_BIOPSY}"


def _before_biopsy(entry: Entry) -> Entry:
    """Entry of the same signature without the columns that only the biopsy gives."""
    joins = tuple(_pre_biopsy_name(name) if name in _WITH_CLINICAL else name for name in entry.joins)
    name, rank = _pre_biopsy_name(entry.name), entry.rank + len(_ALL_COLUMNS)
    family = entry.family and _pre_biopsy_name(entry.family)
    return replace(entry, name=name, joins=joins, rank=rank, colour=None, pre_biopsy=True, family=family)


_ALL_COLUMNS = (
    Entry(CLINICAL_SIGNATURE, ("clinical",), _logistic, rank=7, colour=0),
    Entry(RADIOMICS_SIGNATURE, ("radiomics",), _radiomics, rank=6, colour=1, family="Radiomics"),
    Entry(DEEP_SIGNATURE, ("network",), _deep, rank=5, family="Networks alone"),
    Entry(
        DLR_EARLY,
        ("radiomics", "network"),
        _early_fusion,
        rank=4,
        joins=(RADIOMICS_SIGNATURE, DEEP_SIGNATURE),
        family="Radiomics + deep",
    ),
    Entry(
        DLR,
        ("radiomics", "network"),
        _logistic,
        rank=3,
        parents=(RADIOMICS_SIGNATURE, DEEP_SIGNATURE),
        joins=(RADIOMICS_SIGNATURE, DEEP_SIGNATURE),
    ),
    Entry(
        CLINICAL_RADIOMICS,
        ("clinical", "radiomics"),
        _logistic,
        rank=2,
        parents=(RADIOMICS_SIGNATURE,),
        joins=(CLINICAL_SIGNATURE, RADIOMICS_SIGNATURE),
        colour=2,
    ),
    Entry(
        COMBINED,
        ("clinical", "radiomics", "network"),
        _logistic,
        rank=0,
        parents=_OF_DLR,
        joins=(CLINICAL_SIGNATURE, CLINICAL_RADIOMICS, DLR),
    ),
    Entry(
        COMBINED_CANDIDATES,
        ("clinical", "radiomics", "network"),
        _stacked_candidates,
        rank=1,
        parents=_OF_DLR,
        joins=(CLINICAL_SIGNATURE, CLINICAL_RADIOMICS, DLR),
        family="DLR + clinical",
    ),
)
_WITH_CLINICAL = {entry.name for entry in _ALL_COLUMNS if entry.uses_clinical}

REGISTRY: dict[str, Entry] = {
    entry.name: entry
    for entry in (*_ALL_COLUMNS, *(_before_biopsy(entry) for entry in _ALL_COLUMNS if entry.uses_clinical))
}
"""Every signature by name, in the order of the report; a signature comes after those that it stacks."""


def build_signatures(study: StudyConfig, columns: Mapping[str, ClinicalColumn], has_images: bool) -> SignatureSet:
    """Signatures of a study: those of the registry whose data it has.

    A study that also uses columns known only from the biopsy on (ER, PR, Ki-67) gets the clinical signatures a second
    time without them, named "... (pre-biopsy)".

    Parameters
    ----------
    study
        The study.
    columns
        The clinical columns by name; may be empty.
    has_images
        Whether there are radiomics.

    Returns
    -------
    Unfitted.

    Raises
    ------
    InputError
        There is neither a clinical column nor an image.
    """
    early = {name: column for name, column in columns.items() if column.timing == "pre-biopsy"}
    twice = 0 < len(early) < len(columns)
    sources = _sources(study, columns, has_images)
    selection = SelectionPipeline.from_config(study.selection, study.seed)
    signatures: list[tuple[str, Signature]] = []
    for entry in REGISTRY.values():
        if sources.issuperset(entry.sources) and (twice or not entry.pre_biopsy):
            used = early if entry.pre_biopsy else columns if entry.uses_clinical else {}
            signatures.append((entry.name, entry.build(Plan(study, used, selection), entry.parents)))
    if not signatures:
        raise InputError("the study has neither clinical columns nor images", fix="Declare `clinical.columns`")
    harmoniser = SiteHarmoniser(study.harmonise.reference) if has_images and study.harmonise else None
    return SignatureSet(signatures, harmoniser)


def _sources(study: StudyConfig, columns: Mapping[str, ClinicalColumn], has_images: bool) -> set[Source]:
    found: set[Source] = set()
    if columns:
        found.add("clinical")
    if has_images:
        found.add("radiomics")
    if has_images and study.deep is not None:
        found.add("network")
    return found


def by_rank(names: Collection[str]) -> list[str]:
    """Names, the first rank first; those that the registry does not know come last, in their order."""
    return sorted(names, key=lambda name: REGISTRY[name].rank if name in REGISTRY else len(REGISTRY))


def headline(main: str, names: Sequence[str]) -> str:
    """Choose the signature to speak of: the study's main one; where it cannot be given, the one of the first rank."""
    return main if main in names else by_rank(names)[0]


def is_single(name: str) -> bool:
    """Whether a signature rests on one kind of data; the others fuse."""
    return name in REGISTRY and len(REGISTRY[name].sources) == 1


def uses_clinical(name: str) -> bool:
    """Whether a signature rests on clinical columns."""
    return name in REGISTRY and REGISTRY[name].uses_clinical


def clinical_counterpart(name: str) -> str:
    """Name of the signature of clinical data alone, of the same columns where the given one uses some."""
    pre_biopsy = name in REGISTRY and REGISTRY[name].pre_biopsy
    return _pre_biopsy_name(CLINICAL_SIGNATURE) if pre_biopsy else CLINICAL_SIGNATURE


def nested_pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a signature and one that holds all of it and more, among those of a study, in the registry's order."""
    for new, entry in REGISTRY.items():
        for old in entry.joins:
            if old in names and new in names:
                yield old, new
