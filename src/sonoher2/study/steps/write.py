"""Writing what others script against, the kept results and the frozen model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sonoher2.bundle.model_bytes import dump_networks
from sonoher2.bundle.reference import dump_reference
from sonoher2.bundle.save import save_bundle
from sonoher2.bundle.schema import schema_of
from sonoher2.core.columns import TRAIN_OOF
from sonoher2.core.table_files import write_table
from sonoher2.core.version import __version__
from sonoher2.study.fit.stored_networks import StoredNetworks
from sonoher2.study.measure.segmented import write_segmented
from sonoher2.study.results import columns as c
from sonoher2.study.results.parts import write_result
from sonoher2.study.results.saved import save_result
from sonoher2.study.steps.state import RunState

if TYPE_CHECKING:
    from sonoher2.deep.encoder import FrozenEncoder


def write(state: RunState) -> None:
    """Write the tables, once the inputs are known to be those that were read; a study's masks and key, too.

    Raises
    ------
    InputError
        Inputs were changed meanwhile, or a file cannot be written.
    """
    state.checked.require_unchanged()
    images = state.measured.cohort.images[[c.PATIENT_ID, c.IMAGE]]
    write_result(state.result, images, state.measured.features, state.out, state.context.store)
    if state.bundle is None:
        write_segmented(state.checked.segmented, state.study.data, state.out)
        write_table(state.out / "reference_key.csv", state.cases)


def freeze(state: RunState) -> None:
    """Write the bundle of a study."""
    result, thresholds, own_networks = state.result, dict[str, dict[str, float]](), state.checked.networks
    for row in result.performance.thresholds.to_dict("records"):
        thresholds.setdefault(row[c.SIGNATURE], {})[row[c.OUTCOME]] = float(row[c.THRESHOLD])
    patients = result.cohort.patients
    trained = patients.loc[patients[c.SET] == TRAIN_OOF, c.LABEL].value_counts()
    schema = schema_of(
        result.about.config,
        version=__version__,
        classes=result.about.classes,
        signatures=tuple(thresholds),
        main=result.about.main,
        thresholds=thresholds,
        threshold_rule=str(result.performance.thresholds[c.RULE].iloc[0]),
        training_patients={name: int(trained.get(name, 0)) for name in result.about.classes},
    ).model_copy(
        update={
            "uncertainty": result.uncertainty.learned,
            "training": result.model.training,
            **{name: own.final.sha256 for name, own in own_networks.own.items()},
        }
    )
    reference = dump_reference(state.reference)
    network = _network_bytes(state.measured.networks)
    save_bundle(state.out / "bundle", state.fitted.data, schema, network, reference, own_networks)


def _network_bytes(networks: Sequence[FrozenEncoder]) -> bytes | None:
    if not networks:
        return None
    return networks.joined if isinstance(networks, StoredNetworks) else dump_networks(networks)


def keep(state: RunState) -> None:
    """Keep the results, so that the run can be opened again; the last thing that a run does."""
    save_result(state.result, state.out)
