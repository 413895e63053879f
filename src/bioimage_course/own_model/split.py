"""Divide pairs by a part of their names, so that no day, slide or animal lies in two parts."""

import hashlib
import re

import numpy as np

PARTS = ("training", "validation", "test")
SHARE = 0.2  # of the images, for validation and for the test, as near as the groups allow


class Leakage(ValueError):
    """Two parts share what they must not share; the message says what."""


def words(name):
    """The parts of a file's name: “day 3/a_12.tif” has day, 3, a and 12."""
    without_ending = re.sub(r"(\.ome)?\.\w+$", "", name)
    return re.split(r"[/\\ _.-]+", without_ending)


def groups(names, word):
    """Names by what stands at one place of them.

    Parameters
    ----------
    names : list of str
    word : int
        Counted from 1, as `words` cuts the names.

    Returns
    -------
    dict of str to list of str

    Raises
    ------
    ValueError
        If a name has no such part.
    """
    found = {}
    for name in names:
        parts = words(name)
        if not 1 <= word <= len(parts):
            raise ValueError(
                f"{name} has {len(parts)} parts ({', '.join(parts)}), none of them is number "
                f"{word}: choose another number, or rename it."
            )
        found.setdefault(parts[word - 1], []).append(name)
    return found


def suggest(names):
    """The place in the names that divides them best: into several groups of several images.

    Returns
    -------
    int or None
        Counted from 1; None if no part of the names makes three groups. If only the last one does,
        each image is its own group.
    """
    shortest = min(len(words(name)) for name in names)
    counts = {word: len(groups(names, word)) for word in range(1, shortest + 1)}
    several = [word for word, count in counts.items() if 3 <= count < len(names)]
    if several:
        return several[0]
    return next((word for word, count in counts.items() if count == len(names) >= 3), None)


def split(pairs, word, *, validation=None, test=None):
    """Pairs for training, validation and test.

    Parameters
    ----------
    pairs : list of Pair
    word : int
        Which part of the names says the group.
    validation, test : list of str, optional
        Groups to choose by, and to report on. If they are not named, groups of about a fifth of the
        images each are taken from the end.

    Returns
    -------
    dict of str to list of Pair

    Raises
    ------
    Leakage
        If a group is in two parts, or the same image lies in two of them under two names.
    ValueError
        If there are fewer than three groups, or one of the names is none.
    """
    if word is None:
        raise ValueError(
            "No part of the names makes three groups: begin each name with the day, the slide or "
            "the animal, as in day1_a.tif, or annotate images of a third day."
        )
    of_group = groups([pair.name for pair in pairs], word)
    if len(of_group) < 3:
        raise ValueError(
            f"Part {word} of the names makes {len(of_group)} groups ({', '.join(of_group)}), and "
            "training, validation and test need one each: choose another part, or annotate more."
        )
    chosen = {"test": test, "validation": validation}
    free = [name for name in sorted(of_group) if name not in [*(test or []), *(validation or [])]]
    for part, given in chosen.items():
        unknown = sorted(set(given or []) - of_group.keys())
        if unknown:
            raise ValueError(f"No group is called {unknown[0]}: there are {', '.join(of_group)}.")
        if given is None:
            chosen[part] = _taken(free, of_group, len(pairs))
    both = set(chosen["test"]) & set(chosen["validation"])
    if both:
        raise Leakage(f"{sorted(both)[0]} is in validation and in test: name it in one of them.")
    if not free:
        raise ValueError("Nothing is left to learn from: name fewer groups for the others.")
    part_of = {name: part for part, several in chosen.items() for name in several}
    parts = {part: [] for part in PARTS}
    group_of = {name: group for group, several in of_group.items() for name in several}
    for pair in pairs:
        parts[part_of.get(group_of[pair.name], "training")].append(pair)
    refuse_leakage(parts)
    return parts


def _taken(free, of_group, total):
    """Take groups off the end of a list until they hold a fifth; leave two for the other parts."""
    taken = [free.pop()]
    while len(free) > 2 and sum(len(of_group[name]) for name in taken) < SHARE * total - 0.5:
        taken.append(free.pop())
    return taken


def refuse_leakage(parts):
    """Look whether an image lies in two parts.

    Parameters
    ----------
    parts : dict of str to list of Pair

    Raises
    ------
    Leakage
        If so; also if it was turned or mirrored.
    """
    seen = {}
    for part, pairs in parts.items():
        for pair in pairs:
            other_part, other = seen.setdefault(_print_of(pair.image), (part, pair.name))
            if other_part != part:
                raise Leakage(
                    f"{pair.name} ({part}) and {other} ({other_part}) are the same image: the test "
                    "would ask for what was learned. Leave one of them out."
                )


def _print_of(image):
    """A fingerprint that turning and mirroring do not change."""
    turned = [np.rot90(side, turns) for side in (image, image[::-1]) for turns in range(4)]
    return min(hashlib.sha256(repr(t.shape).encode() + t.tobytes()).digest() for t in turned)


def summary(parts, word):
    """One line a part: its groups, how many images and objects."""
    lines = []
    for part, pairs in parts.items():
        names = ", ".join(groups([pair.name for pair in pairs], word))
        objects = sum(pair.objects for pair in pairs)
        lines.append(f"{part}: {names}; {len(pairs)} images, {objects} objects")
    return "\n".join(lines)
