"""How much a class gained, and how sure that is: people are drawn again, with replacement."""

from dataclasses import dataclass

import numpy as np

RESAMPLED = 2000
MIDDLE = (2.5, 97.5)  # per cent: a 95 % interval
NORMAL = 1.96  # standard errors to each side hold 95 % of a bell curve


@dataclass(frozen=True)
class Interval:
    """A mean, or a difference of two, and the middle 95 % of the redrawn ones."""

    value: float
    low: float
    high: float

    @property
    def holds_zero(self):
        """Whether nothing at all could have happened, as far as this interval tells."""
        return self.low <= 0 <= self.high


def mean(values, seed=0):
    """Return the mean of one number for each person, with its interval.

    values : sequence of float, one for each person
    """
    values = np.asarray(values, float)
    return Interval(float(values.mean()), *_middle(_redrawn(values, np.random.default_rng(seed))))


def difference(one, other, seed=0):
    """Return the mean of one group minus that of another, with its interval.

    one, other : sequences of float, one for each person
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    random = np.random.default_rng(seed)
    redrawn = _redrawn(one, random) - _redrawn(other, random)
    return Interval(float(one.mean() - other.mean()), *_middle(redrawn))


def half_width(spread, *groups):
    """Return by hand how far an interval reaches to each side.

    Parameters
    ----------
    spread : float
        The standard deviation of the gains between people.
    groups : int
        The number of people; two numbers for the difference of two groups.
    """
    return NORMAL * spread * sum(1 / people for people in groups) ** 0.5


def people_needed(spread, effect, *, groups=1):
    """Return how many people, in each group, let an interval reach no farther than `effect`."""
    return int(np.ceil(groups * (NORMAL * spread / effect) ** 2))


def coverage(spread, people, classes=1000, seed=0):
    """Return the share of made classes whose interval holds the true gain.

    The gains of people are drawn from a bell curve with this spread, around 0.
    """
    random = np.random.default_rng(seed)
    held = 0
    for _ in range(classes):
        low, high = _middle(_redrawn(random.normal(0, spread, people), random))
        held += low <= 0 <= high
    return held / classes


def _redrawn(values, random):
    return values[random.integers(len(values), size=(RESAMPLED, len(values)))].mean(axis=1)


def _middle(redrawn):
    return [float(end) for end in np.percentile(redrawn, MIDDLE)]
