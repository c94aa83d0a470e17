"""The statistics that the timing benchmark relies on, against values that are known."""

import random

import pytest

from ranks import kolmogorov_smirnov_p, mann_whitney_p


def test_known_values():
    assert mann_whitney_p([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == pytest.approx(0.0121858, abs=1e-6)
    assert mann_whitney_p([1, 1, 2, 2, 3], [1, 1, 2, 2, 3]) == 1.0
    # A distance of 28/200, which is 1.40 in Smirnov's table (1948): 0.960318.
    first = list(range(200))
    assert kolmogorov_smirnov_p(first, [value + 27.5 for value in first]) == pytest.approx(1 - 0.960318, abs=1e-6)


@pytest.mark.parametrize("test", [mann_whitney_p, kolmogorov_smirnov_p])
def test_samples_of_one_source_are_not_told_apart_and_shifted_ones_are(test):
    dice = random.Random(7)
    first, second = ([dice.gauss(400, 5) for _ in range(2000)] for _ in range(2))
    assert test(first, second) > 0.01
    assert test(first, [value + 1 for value in second]) < 0.001
    assert test([1.0] * 50, [1.0] * 50) == 1.0
