"""The notebook's own loop survives what folders hold, and its exercises name the likely mistake."""

import errno
import os

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import tifffile
from skimage.measure import label, regionprops_table
from skimage.segmentation import mark_boundaries

from bioimage_course import folder as helper
from bioimage_course import show
from bioimage_course.folder import CannotKeep, Run, read
from bioimage_course.outlines import write_geojson, write_rois
from bioimage_course.own_model.label_files import read_labels
from tests.notebooks.lessons import code_cells, run_ids

STEM = "15_your_own_images"
SETTINGS = {"channel": None}


@pytest.fixture
def lesson():
    """What the cells of the loop define, without a model and without a progress bar."""
    return run_ids(
        STEM, "measure-table", "outlines-draw", "loop-define",
        np=np, pd=pd, plt=plt, show=show, regionprops_table=regionprops_table,
        mark_boundaries=mark_boundaries, CannotKeep=CannotKeep, Run=Run, read=read,
        tqdm=lambda paths, unit: paths,
    )  # fmt: skip


@pytest.fixture
def images(tmp_path):
    """Two good images around a broken one."""
    image = np.full((40, 60), 20, np.uint16)
    image[10:20, 10:20], image[10:20, 30:50] = 300, 500
    place = tmp_path / "images"
    place.mkdir()
    tifffile.imwrite(place / "a.tif", image, imagej=True, resolution=(2, 4),
                     metadata={"unit": "um"})  # fmt: skip
    (place / "b.tif").write_bytes((place / "a.tif").read_bytes()[:2000])
    tifffile.imwrite(place / "c.tif", image)
    return place


def by_threshold(image):
    return label(image > 100)


def results(run):
    return run.table()["result"].tolist()


def test_a_broken_image_is_named_and_the_rest_finished(lesson, images, tmp_path):
    run = lesson["segment_all"](images, tmp_path / "results", by_threshold, SETTINGS)
    assert results(run) == ["done", "failed", "done"]
    assert "broken or cut off" in run.table()["what is the matter"][1]


def test_the_table_has_micrometres_only_where_the_file_tells_them(lesson, images, tmp_path):
    objects = lesson["segment_all"](images, tmp_path / "results", by_threshold, SETTINGS).objects()
    known, unknown = (objects[objects["file"] == name] for name in ("a.tif", "c.tif"))
    assert known["area_px"].tolist() == [100, 200]
    assert known["area_um2"].tolist() == pytest.approx([12.5, 25])  # 0.5 µm wide, 0.25 µm high
    assert known["x_um"].tolist() == pytest.approx((known["x_px"] * 0.5).tolist())
    assert known["mean_intensity_grey_values"].tolist() == [300, 500]
    assert unknown["area_um2"].isna().all() and unknown["area_px"].tolist() == [100, 200]


def test_any_error_of_a_model_is_a_row(lesson, images, tmp_path):
    def fail(image):
        raise RuntimeError("the graphics card is busy")

    run = lesson["segment_all"](images, tmp_path / "results", fail, SETTINGS)
    assert results(run) == ["failed"] * 3
    assert "graphics card is busy" in run.table()["what is the matter"][0]


def test_a_full_disk_stops_it_and_the_next_run_goes_on(lesson, images, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(helper.os, "fsync", full)
    run = lesson["segment_all"](images, tmp_path / "results", by_threshold, SETTINGS)
    assert results(run) == ["failed", "not reached", "not reached"]
    assert run.table()["what is the matter"][0] == "The disk is full"
    monkeypatch.undo()
    run = lesson["segment_all"](images, tmp_path / "results", by_threshold, SETTINGS)
    assert results(run) == ["done", "failed", "done"]


def test_the_stop_button_stops_it_and_the_next_run_goes_on(lesson, images, tmp_path):
    def stop_at_the_last(image, seen=[]):  # noqa: B006
        seen.append(image)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return by_threshold(image)

    with pytest.raises(KeyboardInterrupt):
        lesson["segment_all"](images, tmp_path / "results", stop_at_the_last, SETTINGS)
    run = lesson["segment_all"](images, tmp_path / "results", by_threshold, SETTINGS)
    assert results(run) == ["done before", "failed", "done"]


def test_outlines_are_drawn_in_the_courses_colour_and_a_dark_image_is_no_error(lesson):
    image = np.full((20, 20), 7.0)
    labels = np.zeros((20, 20), int)
    labels[5:12, 5:12] = 1
    picture = lesson["outlined"](image, labels)
    amber = (255 * np.array(plt.matplotlib.colors.to_rgb(show.PREDICTED))).astype(np.uint8)
    assert picture.dtype == np.uint8 and np.array_equal(picture[5, 8], amber)
    assert picture[8, 8].max() == 0


@pytest.mark.parametrize(("program", "kind"), [("Fiji", "rois"), ("QuPath", "geojson"), (None, "")])
def test_outlines_of_every_image_with_objects_are_written(
    lesson, images, tmp_path, capsys, program, kind
):
    tifffile.imwrite(images / "day 2.tif", np.full((40, 60), 20, np.uint16))  # nothing in it
    run = lesson["segment_all"](images, tmp_path / "results", by_threshold, SETTINGS)
    cell = next(cell for cell in code_cells(STEM) if cell.id == "own-outlines-write")
    assert 'my_outlines = "Fiji"' in cell.source
    source = cell.source.replace('my_outlines = "Fiji"', f"my_outlines = {program!r}")
    names = {"my_files": run.table(), "my_run": run, "my_images": images,
             "my_results": tmp_path / "results", "tifffile": tifffile,
             "write_rois": write_rois, "write_geojson": write_geojson}  # fmt: skip
    exec(source, names)
    written = (
        sorted(path.name for path in (tmp_path / "results" / kind).glob("*.tif.*")) if kind else []
    )
    ending = {"Fiji": "zip", "QuPath": "geojson"}.get(program)
    assert written == ([f"{name}.tif.{ending}" for name in "ac"] if kind else [])
    assert f": {4 if program else 0}\n" in capsys.readouterr().out
    again = lesson["segment_all"](images, tmp_path / "results", by_threshold, SETTINGS)
    assert results(again) == ["done before", "failed", "done before", "done before"]
    for name in written:
        labels = tifffile.imread(run.place(images / name[:5], "labels"))
        found = read_labels(tmp_path / "results" / kind / name, labels.shape)
        assert np.array_equal(found, labels)


def exercise(name):
    """Return what exists after the cells of one exercise."""
    return run_ids(STEM, f"exercise-{name}-code", f"exercise-{name}-check", np=np, pd=pd)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [(9, "counts as an image"), (4.5, "could not be read"), (18, "divide by the images"),
     (7, "divided by the images that are done")],
    ids=["without the empty image", "with the broken one", "the sum", "something else"],
)  # fmt: skip
def test_the_hint_for_the_mean_names_the_mistake(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        exercise("mean")["check_mean"](wrong)


def test_the_right_mean_is_accepted():
    exercise("mean")["check_mean"](6)


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        (lambda record, fingerprint, settings: True, "nothing was done yet"),
        (lambda record, fingerprint, settings: record is not None, "fingerprint is another"),
        (lambda record, fingerprint, settings: record and record["settings"] == settings,
         "fingerprint is another"),
        (lambda record, fingerprint, settings: record and record["fingerprint"] == fingerprint,
         "threshold was changed"),
        (lambda record, fingerprint, settings: False, "waste hours"),
    ],
    ids=["always", "a record is enough", "settings only", "fingerprint only", "never"],
)  # fmt: skip
def test_the_hint_for_the_rule_names_the_mistake(rule, hint):
    with pytest.raises(AssertionError, match=hint):
        exercise("done")["check_is_done"](rule)


def test_any_right_rule_is_accepted():
    exercise("done")["check_is_done"](
        lambda record, fingerprint, settings: (
            record is not None
            and record["fingerprint"] == fingerprint
            and record["settings"] == settings
        )
    )
