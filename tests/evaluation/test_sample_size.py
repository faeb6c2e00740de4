"""Riley's criteria against published worked examples."""

from __future__ import annotations

import numpy as np
import pytest

from sonoher2.core.errors import InputError
from sonoher2.evaluation.sample_size import NAGELKERKE, development_size, largest_r2


def test_worked_example_of_pmsampsize() -> None:
    """Foetal deterioration: Cox-Snell R² 0.288, 24 parameters, prevalence 0.174 (pmsampsize manual, type "b")."""
    size = development_size(0.174, 24, 0.288)
    assert (size.shrinkage, size.optimism, size.prevalence) == (623, 662, 221)
    assert size.patients == 662


@pytest.mark.parametrize(
    ("r2", "parameters", "prevalence", "sizes"),
    [
        (0.55, 24, 0.174, (255, 532, 221)),
        (0.288, 36, 0.174, (934, 992, 221)),
        (0.288, 24, 0.25, (623, 590, 289)),
    ],
)
def test_sizes_are_those_of_the_tests_of_pmsampsize(r2, parameters, prevalence, sizes) -> None:
    """R package pmsampsize, tests/testthat/test_bin.R, tests 4.2 to 4.4."""
    size = development_size(prevalence, parameters, r2)
    assert (size.shrinkage, size.optimism, size.prevalence) == sizes


def test_the_default_r2_and_its_size_are_those_of_rileys_example_of_pre_eclampsia() -> None:
    """Riley et al. 2020: 30 parameters, prevalence 0.05, R² 0.15 of the largest possible 0.33, i.e. 0.05: 5249."""
    assert round(largest_r2(0.05), 2) == 0.33
    assert round(NAGELKERKE * largest_r2(0.05), 2) == 0.05
    assert development_size(0.05, 30, 0.05).shrinkage == 5249
    assert development_size(0.05, 30) == development_size(0.05, 30, 0.15 * largest_r2(0.05))


def test_largest_r2_is_that_of_a_model_that_knows_all() -> None:
    """1 - (L0 / L1)^(2/n) with the likelihood L1 of perfect predictions 1 and L0 of the prevalence."""
    n, cases = 1000, 174
    null = cases * np.log(0.174) + (n - cases) * np.log(1 - 0.174)
    assert largest_r2(0.174) == pytest.approx(1 - np.exp(2 * null / n))
    # Riley et al. 2020: 0.48 at a prevalence of 0.1, 0.75 at 0.5
    assert largest_r2(0.5) == pytest.approx(0.75)
    assert round(largest_r2(0.1), 2) == 0.48


def test_more_parameters_need_more_patients() -> None:
    sizes = [development_size(0.3, parameters).patients for parameters in (1, 5, 20)]
    assert sizes == sorted(sizes)
    assert development_size(0.3, 1).patients == development_size(0.3, 1).prevalence


@pytest.mark.parametrize(("prevalence", "parameters"), [(0.0, 3), (1.0, 3), (0.3, 0)])
def test_impossible_wishes(prevalence: float, parameters: int) -> None:
    with pytest.raises(InputError):
        development_size(prevalence, parameters)
