"""What is computed of times: ratios and their noise, a linear fit, and whether something became worse."""
import statistics
from typing import NamedTuple

LEAST_NOISE = 0.03  # what a quiet machine shows between two builds of the same source


class Ratios(NamedTuple):
    """Ratios of several rounds; noise is how far their quartiles lie apart, as a part of the median: one round that something
    disturbed is not in it."""

    least: float
    median: float
    most: float
    noise: float


def of_rounds(values):
    median = statistics.median(values)
    first, _, third = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return Ratios(min(values), median, max(values), max((third - first) / abs(median), LEAST_NOISE))


def worse_by(recorded, now, more):
    """By which part a median is worse than the recorded one; below 0 when it is better. More: the larger the better."""
    return recorded.median / now.median - 1 if more else now.median / recorded.median - 1


def compare(recorded, now, more):
    """What to say of a ratio that is worse than recorded by more than the noise of then and now; None when it is not."""
    worse, noise = worse_by(recorded, now, more), recorded.noise + now.noise
    if worse <= noise:
        return None
    return (f"{now.median:.2f}, recorded {recorded.median:.2f}: worse by {worse:.0%}, "
            f"noise {recorded.noise:.0%} then and {now.noise:.0%} now")


class Fit(NamedTuple):
    """seconds = fixed + per_byte x bytes + per_record x records; deviations, parts of the seconds measured, by point."""

    fixed: float
    per_byte: float
    per_record: float
    deviations: list

    @property
    def largest(self):
        return max(self.deviations, key=abs)


def fit(points):
    """The line of least squares of the relative errors through (bytes, records, seconds); no coefficient is below 0."""
    kept = [0, 1, 2]
    while True:
        found = least_squares(points, kept)
        below = [which for which, value in zip(kept, found) if value < 0]
        if not below:
            break
        kept.remove(min(below, key=lambda which: found[kept.index(which)] * scale(points, which)))
    by = [0.0, 0.0, 0.0]
    for which, value in zip(kept, found):
        by[which] = value
    told = [(by[0] + by[1] * size + by[2] * records) / seconds - 1 for size, records, seconds in points]
    return Fit(*by, told)


def column(point, which):
    return (1.0, *point[:2])[which]


def scale(points, which):
    return max(column(point, which) for point in points)


def least_squares(points, kept):
    """Coefficients of the columns kept, by normal equations; each row is divided by its seconds, each column by its largest."""
    scales = [scale(points, which) for which in kept]
    rows = [[column(point, which) / by / point[2] for which, by in zip(kept, scales)] for point in points]
    left = [[sum(row[i] * row[j] for row in rows) for j in range(len(kept))] for i in range(len(kept))]
    right = [sum(row[i] for row in rows) for i in range(len(kept))]
    return [value / by for value, by in zip(solve(left, right), scales)]


def solve(left, right):
    """Gauss with pivots."""
    size = len(right)
    rows = [list(row) + [value] for row, value in zip(left, right)]
    for at in range(size):
        pivot = max(range(at, size), key=lambda row: abs(rows[row][at]))
        if abs(rows[pivot][at]) < 1e-12:
            raise ValueError("the points do not tell bytes from records: take more sizes or numbers of keys")
        rows[at], rows[pivot] = rows[pivot], rows[at]
        for below in range(at + 1, size):
            part = rows[below][at] / rows[at][at]
            rows[below] = [value - part * other for value, other in zip(rows[below], rows[at])]
    found = [0.0] * size
    for at in reversed(range(size)):
        known = sum(rows[at][other] * found[other] for other in range(at + 1, size))
        found[at] = (rows[at][size] - known) / rows[at][at]
    return found
