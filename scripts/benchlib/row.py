"""A row of the table: what was measured, beside what, what is wanted of it, and what came out."""
import statistics
from typing import NamedTuple

from .arithmetic import Ratios, of_rounds

A_THREAD_MORE = 4  # MiB by which peaks of the same command differ, by what its threads do at the same time


class Row(NamedTuple):
    """ratios are what is recorded. shown is what the goal is held to: the ratios, unless it is in seconds or MiB."""

    what: str
    where: str
    beside: str
    ratios: Ratios
    shown: Ratios
    unit: str = "x"
    goal: float | None = None
    more: bool = False  # the larger the better
    ours: float | None = None  # medians, seconds or MiB as it is
    theirs: float | None = None
    note: str = ""

    @property
    def name(self):
        return f"{self.what}; {self.where}; beside {self.beside}"

    @property
    def met(self):
        """Whether the goal is met, by the median; None without one."""
        if self.goal is None:
            return None
        return self.shown.median >= self.goal if self.more else self.shown.median <= self.goal


def against(what, where, beside, ours, theirs, **more):
    """A row of the times of two commands, one ratio for each round: what disturbs the machine for longer hits both.

    The ratio is ours / theirs, or how often as fast for what is `more`."""
    ratios = [their / our if more.get("more") else our / their for our, their in zip(ours, theirs, strict=True)]
    got = of_rounds(ratios)
    return Row(what, where, beside, got, got, ours=statistics.median(ours), theirs=statistics.median(theirs), **more)


def in_seconds(what, where, beside, ours, theirs, goal):
    """A row whose goal is in seconds; recorded is the ratio to something that the machine's speed hits alike."""
    return against(what, where, beside, ours, theirs)._replace(unit=" s", goal=goal, shown=of_rounds(ours))


def in_memory(what, where, peaks, most):
    """A row of peaks of anonymous memory in MiB beside the most it may be, to which the largest is held."""
    ratios = of_rounds([peak / most for peak in peaks])
    noise = max(ratios.noise, A_THREAD_MORE / ratios.median / most)
    return Row(what, where, "its limit", ratios._replace(noise=noise), of_rounds([max(peaks)]), unit=" MiB", goal=most)
