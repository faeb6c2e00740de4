from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import rankdata
from skimage.measure import perimeter
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from sonoher2.synthetic.clinical import clinical_table
from sonoher2.synthetic.images import SCANNERS
from sonoher2.synthetic.lesion import draw_lesion, view_lesion
from sonoher2.synthetic.signal import (
    COEFFICIENTS,
    INTERCEPT,
    MARKS,
    SIGNATURE_PARTS,
    best_possible_auc,
    latent_signal,
    prevalence,
)
from sonoher2.synthetic.speckle import TOP_DB, Scanner, Tissue, b_mode, smooth_noise

PERFECT = Scanner("single look, no noise", 40.0, 0.2, 0.4, 15.0, 1, 100.0, -120.0)
SIZE, MM = (200, 200), 0.2


def empirical_auc(score: np.ndarray, label: np.ndarray) -> float:
    positives = label.sum()
    rank_sum = rankdata(score)[label].sum()
    return (rank_sum - positives * (positives + 1) / 2) / (positives * (len(label) - positives))


@pytest.fixture(scope="module")
def large_sample() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Latents and all that measures them, z-scored, of 400,000 patients; their labels."""
    generator = np.random.default_rng(1)

    def measured(latent: np.ndarray, correlation: float) -> np.ndarray:
        return correlation * latent + np.sqrt(1 - correlation**2) * generator.standard_normal(latent.size)

    tumour, clinical = generator.standard_normal((2, 400_000))
    seen = {mark: measured(tumour, correlation) for mark, correlation in MARKS.items()}
    seen |= {column: measured(clinical, 0.95) for column in ("age", "weeks")}
    log_odds = INTERCEPT + COEFFICIENTS["tumour"] * tumour + COEFFICIENTS["clinical"] * clinical
    return seen, generator.random(400_000) < expit(log_odds)


@pytest.mark.parametrize("parts", SIGNATURE_PARTS.values(), ids=SIGNATURE_PARTS)
def test_best_auc_is_that_of_a_regression_on_what_is_seen(parts: tuple[str, ...], large_sample: tuple) -> None:
    seen, label = large_sample
    names = [name for part in parts for name in (("age", "weeks") if part == "clinical" else (part,))]
    X = np.column_stack([seen[name] for name in names])
    score = X @ LinearDiscriminantAnalysis().fit(X, label).coef_[0]
    # standard error of an AUC of 140,000 against 260,000 is below 0.001
    assert best_possible_auc(parts) == pytest.approx(empirical_auc(score, label), abs=0.003)


def test_knowing_nothing_gives_half_and_each_part_adds_to_the_others() -> None:
    assert best_possible_auc(()) == pytest.approx(0.5)
    best = {name: best_possible_auc(parts) for name, parts in SIGNATURE_PARTS.items()}
    assert best["combined"] > best["dlr"] + 0.05
    assert best["dlr"] > max(best["radiomics"], best["deep"], best["clinical"]) + 0.015
    assert best_possible_auc() == best["combined"] == pytest.approx(0.898, abs=0.002)


def test_prevalence_agrees_with_simulation(large_sample: tuple) -> None:
    assert prevalence() == pytest.approx(large_sample[1].mean(), abs=0.003)


def test_latents_are_independent_marks_follow_the_tumour_and_labels_the_probability() -> None:
    signal = latent_signal(2000, seed=3)
    covariance = signal.filter(like="z_").cov()
    np.testing.assert_allclose(np.diag(covariance), 1, atol=0.12)
    assert covariance.loc["z_tumour", "z_clinical"] == pytest.approx(0, abs=0.08)
    for mark, correlation in MARKS.items():
        assert covariance.loc["z_tumour", f"z_{mark}"] == pytest.approx(correlation, abs=0.08)
        assert covariance.loc["z_clinical", f"z_{mark}"] == pytest.approx(0, abs=0.08)
    # given the tumour, marks are independent
    assert covariance.loc["z_shape", "z_texture"] == pytest.approx(MARKS["shape"] * MARKS["texture"], abs=0.08)
    assert signal["label"].mean() == pytest.approx(signal["probability"].mean(), abs=0.04)


@pytest.fixture(scope="module")
def clinical() -> tuple[pd.DataFrame, pd.DataFrame]:
    signal = latent_signal(1000, seed=4)
    lesions = [draw_lesion(0.0, 0.0, 0.0, np.random.default_rng(i)) for i in range(1000)]
    return signal, clinical_table(signal, lesions, seed=4)


def test_raw_her2_tests_give_the_label(clinical: tuple) -> None:
    signal, table = clinical
    ihc, ish = table["her2_ihc"], table["her2_ish"]
    known = ish.isin(["positive", "negative"])
    indeterminate = (ihc == "2+") & ~known
    positive = (ihc == "3+") | ((ihc == "2+") & (ish == "positive"))
    assert (positive == (signal["label"] == 1))[~indeterminate].all()
    assert not known[ihc != "2+"].any()
    assert 0.03 < indeterminate.mean() < 0.07
    assert set(ihc) == {"0", "1+", "2+", "3+"}


def test_clinical_columns_measure_the_latent_and_some_values_are_missing(clinical: tuple) -> None:
    signal, table = clinical
    numbers = table[["age", "symptom_weeks", "size_mm"]].apply(pd.to_numeric, errors="coerce")
    assert 0.02 < numbers.isna().to_numpy().mean() < 0.06
    assert numbers["age"].corr(signal["z_clinical"]) == pytest.approx(-0.95, abs=0.05)
    assert numbers["symptom_weeks"].corr(signal["z_clinical"], method="spearman") == pytest.approx(-0.94, abs=0.05)
    assert abs(numbers["size_mm"].corr(signal["label"])) < 0.1
    assert set(table["nodes"]) == {"cN0", "cN1", "cN2", "", "N/A", "not available", "unknown"}


def level_db(tissue: Tissue, scanner: Scanner = PERFECT, gain_db: float = 0.0) -> np.ndarray:
    pixels = b_mode(tissue, MM, scanner, gain_db, np.random.default_rng(0))
    return (pixels / 255.0 - 1) * scanner.dynamic_range_db + TOP_DB


def uniform(echo_db: float = 0.0, density: float = 1.0, attenuation: float = 0.0) -> Tissue:
    return Tissue(np.full(SIZE, echo_db), np.full(SIZE, density), np.zeros(SIZE), np.full(SIZE, attenuation))


def test_dense_scatterers_give_rayleigh_speckle() -> None:
    level = level_db(uniform())[10:-10]
    # of a Rayleigh envelope: log-compressed SD 5.57 dB, mean over SD 1.91 (Burckhardt 1978)
    assert level.std() == pytest.approx(5.57, abs=0.25)
    amplitude = 10 ** (level / 20)
    assert amplitude.mean() / amplitude.std() == pytest.approx(1.91, abs=0.06)
    assert (amplitude**2).mean() == pytest.approx(1.0, abs=0.1)


def test_sparse_scatterers_give_wider_speckle() -> None:
    assert level_db(uniform(density=0.05))[10:-10].std() > 8


def test_compounding_narrows_speckle_as_the_root_of_the_looks() -> None:
    four = Scanner("four looks", 40.0, 0.2, 0.4, 15.0, 4, 100.0, -120.0)
    amplitude = 10 ** (level_db(uniform(), four)[10:-10] / 20)
    # the strength of the scatterers is shared, their phase is new
    assert amplitude.mean() / amplitude.std() == pytest.approx(2 * 1.91, abs=0.25)


def test_sound_is_lost_with_depth() -> None:
    level = level_db(uniform(attenuation=0.5))[10:-10].mean(axis=1)
    depth = np.arange(level.size) * MM
    assert np.polyfit(depth, level, 1)[0] == pytest.approx(-0.5, abs=0.05)


def test_gain_and_echo_level_shift_the_picture() -> None:
    assert level_db(uniform(), gain_db=6.0).mean() - level_db(uniform()).mean() == pytest.approx(6.0, abs=0.1)
    assert level_db(uniform(echo_db=-6.0)).mean() - level_db(uniform()).mean() == pytest.approx(-6.0, abs=0.1)


def test_smooth_noise_has_unit_sd_and_the_asked_reach() -> None:
    noise = smooth_noise((400, 400), (6.0, 2.0), np.random.default_rng(0))
    assert noise.mean() == pytest.approx(0, abs=1e-9)
    assert noise.std() == pytest.approx(1)
    # autocorrelation of Gaussian-filtered white noise at lag d is exp(-d^2 / 4 sigma^2)
    assert (noise[6:] * noise[:-6]).mean() == pytest.approx(np.exp(-0.25), abs=0.04)
    assert (noise[:, 2:] * noise[:, :-2]).mean() == pytest.approx(np.exp(-0.25), abs=0.04)


def views(seeds: range = range(8), **latents: float) -> list:
    z = {"z_shape": 0.0, "z_texture": 0.0, "z_pattern": 0.0, **latents}
    return [view_lesion(draw_lesion(**z, generator=g), (256, 256), 0.15, g) for g in map(np.random.default_rng, seeds)]


def test_shape_latent_makes_the_contour_rough_and_tall() -> None:
    def roughness(view) -> float:
        return perimeter(view.mask) ** 2 / (4 * np.pi * view.mask.sum())

    def height_to_width(view) -> float:
        rows, columns = np.nonzero(view.mask)
        return np.ptp(rows) / np.ptp(columns)

    smooth, rough = views(z_shape=-2.0), views(z_shape=2.0)
    assert max(map(roughness, smooth)) < min(map(roughness, rough))
    assert np.mean([*map(height_to_width, smooth)]) < 0.85 < 0.95 < np.mean([*map(height_to_width, rough)])


def test_texture_latent_makes_the_echoes_uneven() -> None:
    even, uneven = views(z_texture=-2.0), views(z_texture=2.0)
    assert max(v.echo_db[v.mask].std() for v in even) < min(v.echo_db[v.mask].std() for v in uneven)


def test_pattern_latent_moves_the_foci_down_and_leaves_the_rest() -> None:
    def foci_depth(view) -> float:
        rows = np.arange(256)[:, None]
        return float((view.foci * rows).sum() / view.foci.sum() - (view.mask * rows).sum() / view.mask.sum())

    anterior, posterior = views(z_pattern=-2.0), views(z_pattern=2.0)
    assert max(map(foci_depth, anterior)) < 0 < min(map(foci_depth, posterior))
    for up, down in zip(anterior, posterior, strict=True):
        np.testing.assert_array_equal(up.mask, down.mask)
        rows = np.arange(256)[:, None] * up.mask
        assert np.corrcoef(rows[up.mask], (down.echo_db - up.echo_db)[up.mask])[0, 1] > 0.99
        assert up.foci.sum() == pytest.approx(down.foci.sum(), rel=0.02)


def test_scanners_show_different_depths() -> None:
    assert len({scanner.depth_mm for scanner in SCANNERS}) == len({s.name for s in SCANNERS}) == 2
