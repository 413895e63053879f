"""Groups go to one part whole; what would leak is refused, and said."""

import numpy as np
import pytest

from bioimage_course.own_model.pairs import Pair
from bioimage_course.own_model.split import Leakage, split, suggest, summary

rng = np.random.default_rng(0)


def pairs_of(*names):
    """Pairs with these names, each with an image of its own and two objects."""
    labels = np.zeros((20, 20), np.int32)
    labels[2:6, 2:6], labels[10:14, 10:14] = 1, 2
    return [Pair(name, None, None, rng.integers(0, 99, (20, 20)), labels) for name in names]


def names_of(parts):
    return {part: [pair.name for pair in several] for part, several in parts.items()}


NAMES = [f"day{day}_{field}.tif" for day in (1, 2, 3, 4) for field in "ab"]


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (NAMES, 1),
        ([f"plate_{n}_slide{s}.ome.tif" for s in (1, 2, 3) for n in (7, 8)], 3),
        ([f"day {d}/mouse-{m}.png" for d in (1, 2) for m in (1, 2, 3)], 4),
        ([f"image{n}.tif" for n in range(5)], 1),  # each one its own
        (["a.tif", "b.tif"], None),
    ],
)
def test_the_part_of_the_names_is_suggested_that_makes_three_groups(names, part):
    assert suggest(names) == part


def test_whole_groups_are_taken_and_a_fifth_each_is_kept_apart():
    parts = names_of(split(pairs_of(*NAMES), 1))
    assert parts == {"training": NAMES[:4], "validation": NAMES[4:6], "test": NAMES[6:]}
    many = [f"day{day:02}_{field}.tif" for day in range(10) for field in "ab"]
    assert [len(several) for several in names_of(split(pairs_of(*many), 1)).values()] == [12, 4, 4]


def test_groups_that_the_reader_names_are_taken():
    parts = names_of(split(pairs_of(*NAMES), 1, validation=["day1"], test=["day2"]))
    assert parts["validation"] == NAMES[:2] and parts["training"] == NAMES[4:]


def test_the_summary_names_groups_images_and_objects():
    text = summary(split(pairs_of(*NAMES), 1), 1)
    assert text.splitlines()[0] == "training: day1, day2; 4 images, 8 objects"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"validation": ["day9"]}, "No group is called day9: there are day1, day2"),
        ({"validation": ["day1", "day2"], "test": ["day3", "day4"]}, "Nothing is left to learn"),
    ],
)
def test_groups_that_cannot_be_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        split(pairs_of(*NAMES), 1, **options)


def test_a_group_in_two_parts_is_refused_as_leakage():
    with pytest.raises(Leakage, match="day4 is in validation and in test"):
        split(pairs_of(*NAMES), 1, validation=["day4"], test=["day4"])


@pytest.mark.parametrize("turn", [lambda a: a, np.rot90, np.fliplr, lambda a: a.T])
def test_one_image_in_two_parts_is_refused_also_if_it_was_turned(turn):
    pairs = pairs_of(*NAMES)
    pairs[0].image = np.ascontiguousarray(turn(pairs[-1].image))
    with pytest.raises(Leakage, match=r"day4_b.tif \(test\) and day1_a.tif \(training\) are the"):
        split(pairs, 1)


def test_one_image_twice_in_the_same_part_is_no_leakage():
    pairs = pairs_of(*NAMES)
    pairs[1].image = pairs[0].image
    split(pairs, 1)


@pytest.mark.parametrize(
    ("names", "part", "words"),
    [
        (["a_1.tif", "a_2.tif", "b_1.tif"], 1, r"makes 2 groups \(a, b\)"),
        (["a_1.tif", "b.tif", "c_1.tif"], 2, "b.tif has 1 parts"),
        (["a.tif", "b.tif"], None, "No part of the names makes three groups"),
    ],
)
def test_too_few_groups_say_what_to_do(names, part, words):
    with pytest.raises(ValueError, match=words):
        split(pairs_of(*names), part)
