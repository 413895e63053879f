"""The form works on a reader's folder with both tools, goes on after a stop, and says what fails.

Trainings are as short as they can be: nothing here hangs on how good a model becomes.
"""

import json
import os
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
import tifffile

from bioimage_course import data
from bioimage_course.own_model import Leakage, Progress, find_pairs, write_card
from bioimage_course.own_model.place import write_example
from tests.notebooks.lessons import code_cells, run_ids, tags

STEM = "18_train_on_your_images"
CELLS = [cell for cell in code_cells(STEM) if not {"exercise", "solution"} & set(tags(cell))]
SETTINGS = "my_name, my_epochs, my_batch_size, my_patch, my_rate = None, None, 4, None, None"
EPOCHS = {"StarDist": 2, "Cellpose": 3}


def files_in(folder):
    """A reader's folder: half of the example, to be quicker."""
    write_example(folder)
    for path in [*folder.glob("*_c*.tif"), *folder.glob("*_d*.tif")]:
        path.unlink()
    return folder


def form(place, tool="StarDist", **answers):
    """Source of each cell, with a reader's answers in place of None.

    answers : more of them, as {text: text that takes its place}
    """
    changed = {
        "my_place = None": f"my_place = {str(place)!r}",
        "my_tool = None": f"my_tool = {tool!r}",
        SETTINGS: SETTINGS.replace("None, None, 4", f"None, {EPOCHS[tool]}, 4"),
        "else 40  #": "else 2  #",
        "my_choice_is_made = is_example": "my_choice_is_made = True",
    } | answers
    sources = {}
    for cell in CELLS:
        source = cell.source
        for old in [old for old in changed if old in source]:
            source = source.replace(old, changed.pop(old))
        sources[cell.id] = source
    assert not changed, f"the form has no {', '.join(changed)}"
    return sources


def run(sources, first=None, last=None, names=None):
    """Execute the cells from one to another; return what they defined."""
    names = {"__name__": "form"} if names is None else names
    ids = list(sources)
    for id in ids[ids.index(first) if first else 0 : ids.index(last) + 1 if last else None]:
        exec(compile(sources[id], id, "exec"), names)
    return names


@pytest.fixture
def place(tmp_path):
    return files_in(tmp_path / "my nuclei")


# Both are trained by the notebook's cells; nightly the longer of the two as well.
NIGHTLY = pytest.mark.long


@pytest.fixture(scope="module", params=["StarDist", pytest.param("Cellpose", marks=NIGHTLY)])
def trained(request, tmp_path_factory):
    """The form, run to its end on a folder; a tool and what the cells defined."""
    place = files_in(tmp_path_factory.mktemp("home") / "my nuclei")
    plt.close("all")
    return request.param, run(form(place, request.param)), place


# --- From files to a model ----------------------------------------------------------------------


def test_the_model_lies_in_the_readers_folder_with_its_card(trained):
    tool, names, place = trained
    folder = place / "models" / f"my_{tool.lower()}"
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["tool"] == tool and card["epochs"] == EPOCHS[tool]
    assert card["data"]["training"]["images"] == 4 and "AP at IoU 0.5" in card["scores"]["test"]
    assert (folder / card["weights"]).is_file() and (folder / "split.json").is_file()
    assert (folder / f"{folder.name}_for_the_page.zip").is_file()
    assert names["verdict"].verdict in ("better", "no difference", "worse")


def test_every_epoch_has_a_row_and_the_network_has_learned(trained):
    tool, names, _ = trained
    assert len(names["progress"].losses) == EPOCHS[tool]
    assert any(not np.array_equal(*pair) for pair in zip(*weights(names), strict=True))


def weights(names):
    """All numbers of the network before and after."""
    for model in names["two_models"]:
        if names["tool"] == "StarDist":
            yield model.keras_model.get_weights()
        else:
            yield [value.detach().cpu().numpy() for value in model.net.parameters()]


def test_a_second_run_trains_nothing_and_does_not_score_the_test_again(trained):
    tool, names, place = trained
    sources = form(place, tool)
    again = {**names, "train_stardist": None, "train_cellpose": None}
    run(sources, "train-settings", "train-device", again)
    run(sources, "train-run", "train-run", again)  # None cannot be called
    run(sources, "test-run", "test-run", again)
    assert "scored before" in again["test_result"]


@pytest.mark.long  # notebook 15 runs once more for each tool
def test_next_week_the_model_segments_a_folder_and_its_card_says_so(trained, tmp_path):
    tool, names, _ = trained
    code = {cell.id: cell.source for cell in code_cells("15_your_own_images")}
    ids = list(code)
    folder = tmp_path / f"next week {tool}"
    folder.mkdir()
    tifffile.imwrite(folder / "new.tif", data.nuclei()[0][:128, 384:])
    own = code["own-run"].replace("my_folder = None", f"my_folder = {str(folder)!r}")
    assert own != code["own-run"]
    lines = names["own_model"].lines_for_notebook_15(names["model_folder"], names["report"])
    needed = [code[id] for id in ids[: ids.index("cellpose-run") + 1]]
    script = tmp_path / "cells.py"
    script.write_text("\n".join([*needed, lines, own]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "new.tif" in done.stdout
    card = json.loads((folder / "results" / "segmentation-card.json").read_text("utf-8"))
    assert card["tool"]["name"] == tool
    assert card["weights"]["name"] == f"my_{tool.lower()}"
    assert card["weights"]["trained_by"] == "tuned" and card["weights"]["training_images"] == 4
    assert {"images", "objects", "source", "weightsLicence"} <= set(card["missing"])


# --- Stopped, and gone on -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "kept"), [("StarDist", 1), pytest.param("Cellpose", 2, marks=NIGHTLY)]
)
def test_a_stopped_training_goes_on_from_the_last_epoch(place, tool, kept, monkeypatch, capsys):
    sources = form(place, tool)
    draw, stops = Progress.draw, [KeyboardInterrupt]

    def stop_once(self):
        draw(self)
        if self.done == kept and stops:
            raise stops.pop()

    monkeypatch.setattr(Progress, "draw", stop_once)
    names = run(sources, last="train-run")
    assert f"{kept} of {EPOCHS[tool]} epochs are kept" in capsys.readouterr().out
    first = names["progress"].losses[0]
    trained = []
    if tool == "StarDist":
        names = run(sources, "train-settings", "train-stardist", names)
        fit = names["StarDist2D"].train

        def counted(model, *args, **kwargs):
            history = fit(model, *args, **kwargs)
            trained.append(len(history.history["loss"]))

        monkeypatch.setattr(names["StarDist2D"], "train", counted)
    else:
        train_seg = names["train"].train_seg

        def counted(net, **kwargs):
            trained.append(kwargs["n_epochs"])
            return train_seg(net, **kwargs)

        monkeypatch.setattr(names["train"], "train_seg", counted)
    run(sources, "train-settings", "train-run", names)
    assert trained == [EPOCHS[tool] - kept]
    assert names["progress"].finished and names["progress"].losses[0] == first


def test_a_memory_that_is_too_small_proposes_a_batch_size(place):
    def too_large():
        raise MemoryError

    names = run(form(place), last="train-settings")
    names["train_stardist"] = names["train_cellpose"] = too_large
    with pytest.raises(MemoryError, match="Set my_batch_size = 2 and run again"):
        run(form(place), "train-run", "train-run", names)


# --- What it starts from ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    place = files_in(tmp_path_factory.mktemp("home") / "my nuclei")
    return run(form(place), last="start-cellpose")


@pytest.mark.parametrize(("cell", "library"), [("stardist", "StarDist2D"), ("cellpose", "models")])
def test_an_official_model_that_cannot_be_loaded_says_what_to_do(starts, cell, library, capsys):
    class NoNetwork:
        @staticmethod
        def from_pretrained(name):
            raise OSError("Temporary failure in name resolution")

        @staticmethod
        def CellposeModel(**options):
            raise OSError("Temporary failure in name resolution")

    names = dict(starts)
    exec(compile(form_cell(f"start-{cell}"), cell, "exec"), names)
    names[library] = NoNetwork
    with pytest.raises(ConnectionError, match=r"online.*set my_start = \"course\""):
        names[f"start_{cell}"]("official")
    assert "MB, unless it lies here" in capsys.readouterr().out


def form_cell(id):
    return next(cell.source for cell in CELLS if cell.id == id)


def test_nothing_is_a_network_with_random_weights(starts):
    one, other = (starts["start_stardist"](kind) for kind in ("nothing", "course"))
    assert not np.array_equal(one.keras_model.get_weights()[0], other.keras_model.get_weights()[0])
    assert starts["start_cellpose"]("nothing").pretrained_model is None


# --- What is refused ----------------------------------------------------------------------------


def test_labels_with_not_annotated_places_suit_stardist_and_stop_cellpose_with_the_file(place):
    path = place / "day1_a_masks.tif"
    labels = tifffile.imread(path).astype(np.int32)
    labels[labels == labels.max()] = -1
    tifffile.imwrite(path, labels)
    names = run(form(place), last="fit-choose")
    assert names["suggested"] == "StarDist" and "−1" in names["why"]
    with pytest.raises(ValueError, match=r"day1_a\.tif: .*negative.*another tool"):
        run(form(place, "Cellpose"), "fit-choose", "fit-choose", names)


def test_the_same_image_under_two_days_stops_the_split(place):
    for ending in ("", "_masks"):
        source = place / f"day1_a{ending}.tif"
        (place / f"day4_a{ending}.tif").write_bytes(source.read_bytes())
    with pytest.raises(Leakage, match=r"day4_a\.tif .*the same image"):
        run(form(place), last="split-run")


def test_the_readers_line_mends_the_painted_mask(place):
    mend = "    return skimage.measure.label(labels > 0) if 'painted' in name else labels"
    names = run(form(place, **{"    return labels": mend}), last="pairs-run")
    assert "day1_painted.tif" in [pair.name for pair in names["good"]]


def test_the_helper_hides_no_training():
    """The real calls stand in the notebook."""
    sources = "\n".join(cell.source for cell in CELLS)
    for call in ("StarDist2D(config,", "model.train(", "train.train_seg(", ".optimize_thresholds("):
        assert call in sources
    assert find_pairs and write_card  # what stands around them is the helper's


# --- Exercises ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exercises():
    ids = ("exercise-part-code", "exercise-part-check", "exercise-verdict-code",
           "exercise-verdict-check")  # fmt: skip
    return run_ids(STEM, *ids)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(0, "counted from 1"), (1, "every mouse is in both"), (3, "divides nothing"), (4, "three")],
)
def test_the_hint_for_the_part_names_the_mistake(exercises, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises["check_part"](wrong)


RIGHT = {"A": "no difference", "B": "better", "C": "worse"}


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (RIGHT | {"A": "better"}, "A: 0 lies inside"),
        (RIGHT | {"B": "no difference"}, "B: small, but"),
        (RIGHT | {"C": "better"}, "C: the whole interval lies below"),
        (RIGHT | {"C": "bad"}, "C: choose from"),
        ({"A": "better"}, "one verdict each"),
    ],
)
def test_the_hint_for_the_verdict_names_the_mistake(exercises, wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        exercises["check_verdicts"](wrong)


def test_the_right_answers_are_accepted_and_the_given_ones_are_not(exercises):
    exercises["check_part"](2)
    exercises["check_verdicts"](RIGHT)
    for check, answer in (("check_part", "my_answer"), ("check_verdicts", "my_verdicts")):
        with pytest.raises(AssertionError):
            exercises[check](exercises[answer])
