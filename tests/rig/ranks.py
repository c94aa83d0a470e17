"""Whether two samples can be told apart: rank statistics, in plain Python."""

import math


def _ranks(values):
    """Ranks from 1, the mean of them where values are equal; and the sum of t^3 - t over those ties."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, ties, at = [0.0] * len(values), 0, 0
    while at < len(order):
        end = at
        while end < len(order) and values[order[end]] == values[order[at]]:
            end += 1
        for place in order[at:end]:
            ranks[place] = (at + 1 + end) / 2
        ties += (end - at) ** 3 - (end - at)
        at = end
    return ranks, ties


def mann_whitney_p(first, second):
    """Two-sided p of the Mann-Whitney U test: normal approximation with corrections for ties and continuity."""
    n, m = len(first), len(second)
    ranks, ties = _ranks([*first, *second])
    u = sum(ranks[:n]) - n * (n + 1) / 2
    variance = n * m / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    if variance == 0:
        return 1.0
    z = max(abs(u - n * m / 2) - 0.5, 0) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2))


def kolmogorov_smirnov_p(first, second):
    """Two-sided p of the two-sample Kolmogorov-Smirnov test, by its asymptotic distribution."""
    first, second = sorted(first), sorted(second)
    n, m, i, j, distance = len(first), len(second), 0, 0, 0.0
    while i < n and j < m:
        value = min(first[i], second[j])
        while i < n and first[i] == value:
            i += 1
        while j < m and second[j] == value:
            j += 1
        distance = max(distance, abs(i / n - j / m))
    x = distance * math.sqrt(n * m / (n + m))
    if x < 0.2:  # the series converges slowly there, to 1
        return 1.0
    return min(1.0, max(0.0, 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101))))
