"""The notebook on whole cells notices what goes wrong, and its exercises name the mistake."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from cellpose import core, models
from skimage.segmentation import clear_border, relabel_sequential
from stardist.geometry import relabel_image_stardist
from stardist.matching import label_overlap, matching
from tifffile import imwrite

from bioimage_course import WEIGHTS, data, folder, show
from tests.notebooks.lessons import code_cells, run, run_ids

STEM = "17_whole_cells"
SHAPE = (40, 60)


# --- The checks of the lesson ---------------------------------------------------------------------


def run_with(faults):
    """Run the lesson's way to its result with both channels, with faults in it.

    faults : {text of the lesson: what stands there instead}
    """
    ids = ["channels-load", "diameter-run", "one-model", "both-run", "both-check"]
    cells = [cell for cell in code_cells(STEM) if cell.id in ids]
    assert [cell.id for cell in cells] == ids
    for old, new in faults.items():
        assert any(old in cell.source for cell in cells), old
        for cell in cells:
            cell.source = cell.source.replace(old, new)
    names = {"__name__": "lesson", "np": np, "data": data, "core": core, "models": models,
             "WEIGHTS": WEIGHTS, "matching": matching,
             "one_score": SimpleNamespace(tp=0)}  # fmt: skip
    return run(cells, names)


@pytest.mark.long  # a network runs for each fault
@pytest.mark.parametrize(
    ("faults", "hint"),
    [
        ({"round(np.mean(widths))": "2 * round(np.mean(widths))"}, "measure the diameter again"),
        ({"channels=[1, 2]": "channels=[2, 1]"}, "is the cell channel first"),
        ({'WEIGHTS / "cellpose_cells"': 'WEIGHTS / "cellpose_nuclei"'}, "weights for cells"),
    ],
    ids=["diameter-doubled", "channels-swapped", "weights-for-nuclei"],
)
def test_the_check_of_the_result_turns_red(faults, hint):
    with pytest.raises(AssertionError) as refused:
        run_with(faults)
    assert hint in " ".join(str(refused.value).replace('"', "").split())


def test_the_check_of_the_channels_turns_red_where_they_are_swapped():
    image, reviewed = data.cells()
    run_ids(STEM, "channels-check", np=np, actin=image[0], dna=image[1], reviewed=reviewed)
    with pytest.raises(AssertionError, match="which channel is first"):
        run_ids(STEM, "channels-check", np=np, actin=image[1], dna=image[0], reviewed=reviewed)


# --- Its functions --------------------------------------------------------------------------------


def disc(shape, y, x, radius):
    """The pixels of a disc."""
    yy, xx = np.mgrid[: shape[0], : shape[1]]
    return (yy - y) ** 2 + (xx - x) ** 2 < radius**2


def test_a_disc_is_a_star_and_a_ring_cut_open_is_none():
    star_fit = run_ids(STEM, "convex-define", np=np, relabel_sequential=relabel_sequential,
                       relabel_image_stardist=relabel_image_stardist)["star_fit"]  # fmt: skip
    labels = np.zeros((80, 160), np.uint16)
    labels[disc(labels.shape, 40, 40, 30)] = 3  # numbers with a gap
    labels[disc(labels.shape, 40, 120, 30) & ~disc(labels.shape, 40, 120, 20)] = 9
    labels[40:, 119:122] = 0
    round_one, ring = star_fit(labels)
    assert round_one > 0.95 and ring < 0.75


def paired(cells, nuclei):
    """What the lesson's cells on pairs and rules make of two label images."""
    return run_ids(STEM, "match-run", "rules-run", np=np, label_overlap=label_overlap,
                   clear_border=clear_border, cells=cells, nuclei=nuclei)  # fmt: skip


def test_a_nucleus_goes_to_the_cell_that_holds_more_than_half_of_it_whatever_the_numbers():
    cells, nuclei = np.zeros((2, *SHAPE), np.int32)
    cells[5:15, 5:15], cells[5:15, 15:25], cells[25:35, 40:50] = 3, 1, 2
    nuclei[8:12, 17:21] = 1  # in cell 1, by chance
    nuclei[8:12, 8:12] = 2
    nuclei[28:32, 47:51] = 3  # three columns of four in cell 2
    nuclei[8:12, 24:27] = 4  # one column of three in cell 1
    nuclei[20:22, 20:22] = 5
    names = paired(cells, nuclei)
    assert names["owner"].tolist() == [1, 3, 2, 0, 0]
    assert names["same_number"] == 1


def test_cells_without_or_with_two_nuclei_or_cut_by_the_frame_get_no_ratio():
    cells, nuclei = np.zeros((2, *SHAPE), np.int32)
    cells[5:15, 5:15], cells[5:15, 20:30], cells[5:15, 35:45], cells[30:, 5:15] = 1, 2, 3, 4
    nuclei[7:9, 7:9], nuclei[11:13, 7:9], nuclei[8:12, 23:27], nuclei[33:36, 8:11] = 1, 2, 3, 4
    names = paired(cells, nuclei)
    assert names["nuclei_in"].tolist() == [2, 1, 0, 1]
    assert names["single"].tolist() == [2]


# --- The field in phase contrast ------------------------------------------------------------------


class OneSquare:
    """A model that outlines one square in whatever it is shown."""

    def eval(self, image, channels, diameter):
        labels = np.zeros(image.shape, np.int32)
        labels[10:50, 10:50] = 1
        return labels, None, None


def phase_contrast(monkeypatch, fetch):
    """Run the two cells on phase contrast with another `data.fetch`."""
    monkeypatch.setattr(data, "fetch", fetch)
    return run_ids(STEM, "phase-fetch", "phase-run", np=np, data=data, model=OneSquare(),
                   matching=matching, show=show, plt=plt,
                   star_fit=lambda labels: np.array([0.9]))  # fmt: skip


def test_without_a_network_the_field_in_phase_contrast_is_left_out_with_a_reason(
    monkeypatch, capsys
):
    def offline(name):
        raise data.DataError("The host cannot be reached.")

    phase_contrast(monkeypatch, offline)
    shown = capsys.readouterr().out
    assert "all else works without it. The host cannot be reached." in shown and "AP" not in shown


def test_with_it_the_model_is_scored_against_what_was_drawn_by_hand(monkeypatch, capsys, tmp_path):
    masks = np.zeros((1024, 1024), np.uint16)
    masks[266:306, 266:306], masks[600:640, 600:640] = 8, 3
    for kind, pixels in (("images", masks.astype(np.uint8)), ("masks", masks)):
        (tmp_path / kind).mkdir()
        imwrite(tmp_path / kind / "set46.tif", pixels)
    phase_contrast(monkeypatch, lambda name: tmp_path)
    shown = capsys.readouterr().out
    assert "2 cells drawn by hand" in shown and "AP at IoU 0.5: 0.50" in shown


# --- Your own image -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "options", "nucleus"),
    [((*SHAPE, 3), {"photometric": "rgb"}, 1),
     ((2, *SHAPE), {"imagej": True, "metadata": {"axes": "CYX"}}, 1), (SHAPE, {}, None)],
    ids=["RGB", "channels first", "one channel"],
)  # fmt: skip
def test_your_own_image_may_have_its_channels_anywhere_or_one_only(
    tmp_path, shape, options, nucleus
):
    asked = {}

    class Model:
        def eval(self, image, **how):
            asked.update(how, image=image)
            return np.ones(SHAPE, np.int32), None, None

    mine = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    imwrite(tmp_path / "mine.tif", mine, **options)
    (own,) = [cell for cell in code_cells(STEM) if cell.id == "own-run"]
    own.source = own.source.replace(
        "my_image_path = None", f"my_image_path = {str(tmp_path / 'mine.tif')!r}"
    ).replace("my_cell, my_nucleus = 0, 1", f"my_cell, my_nucleus = 0, {nucleus}")
    run([own], {"np": np, "show": show, "model": Model(), "part": (None, None), "diameter": 30,
                "read": folder.read})  # fmt: skip
    channels = mine if len(shape) == 2 else np.moveaxis(mine, np.argmin(shape), 0)
    cells = mine if len(shape) == 2 else channels[0]
    np.testing.assert_array_equal(asked["image"][0], cells)
    np.testing.assert_array_equal(asked["image"][1], cells * 0 if nucleus is None else channels[1])
    assert asked["channels"] == [1, 2] and asked["channel_axis"] == 0


# --- Exercises ------------------------------------------------------------------------------------


def check_of(exercise, name, **names):
    """Return the check of an exercise."""
    return run_ids(STEM, f"exercise-{exercise}-code", f"exercise-{exercise}-check", np=np, **names)[
        name
    ]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [([3, 1], "swapped"), ([0, 0], "grey image"), ([0, 2], "grey image"),
     ([1, 2], "want to measure"), ([1, 0], "nuclei unused"), ([2, 3], "edge of a cell"),
     ([1], "Two numbers"), ([1, 1], "Red is 1")],
)  # fmt: skip
def test_the_hint_for_the_channels_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("channels", "check_channels")(wrong)


@pytest.mark.parametrize("right", [[1, 3], (1, 3), np.array([1, 3])])
def test_the_right_channels_are_accepted_in_any_form(right):
    check_of("channels", "check_channels")(right)


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda cells, nuclei, number: number, "own numbers"),
        (lambda cells, nuclei, number: cells[nuclei == number].max(), "four lie in another"),
        (lambda cells, nuclei, number: np.bincount(cells[nuclei == number])[1:].argmax() + 1,
         "background counts"),
        (lambda cells, nuclei, number: 4, "Expected the cells"),
    ],
    ids=["its own number", "the largest number", "without background", "something else"],
)  # fmt: skip
def test_the_hint_for_the_owner_names_the_mistake(function, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("owner", "check_owner")(function)


def test_any_way_to_the_right_owner_is_accepted():
    def with_unique(cells, nuclei, number):
        numbers, counts = np.unique(cells[nuclei == number], return_counts=True)
        return int(numbers[counts.argmax()])

    accept = check_of("owner", "check_owner")
    accept(with_unique)
    accept(lambda cells, nuclei, number: np.bincount(cells[nuclei == number]).argmax())


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(300 / 900, "part of the whole cell"), (2, "Upside down"), (300 / 1200, "do not add it"),
     (0.7, "without its nucleus")],
    ids=["of the whole cell", "upside down", "added", "something else"],
)  # fmt: skip
def test_the_hint_for_the_ratio_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_of("ratio", "check_ratio")(wrong)


def test_the_right_ratio_is_accepted():
    check_of("ratio", "check_ratio")(0.5)
