"""A folder of images as people have them: broken, odd, twice of the same name, on a full disk."""

import errno
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from skimage.measure import label, regionprops_table

from bioimage_course import folder
from bioimage_course.folder import CannotKeep, Run, Unreadable, find, read
from bioimage_course.reading import door

SETTINGS = {"threshold": 100}


@pytest.fixture
def spots():
    """An image of three bright squares."""
    image = np.full((40, 60), 20, np.uint16)
    for column in (5, 25, 45):
        image[10:20, column : column + 10] = 300
    return image


@pytest.fixture
def images(tmp_path, spots):
    """A folder with three good images, one of them in a folder of its own."""
    place = tmp_path / "images"
    (place / "day 2").mkdir(parents=True)
    tifffile.imwrite(place / "a.tif", spots)
    Image.fromarray(spots.astype(np.uint8)).save(place / "b.png")
    tifffile.imwrite(place / "day 2" / "a.tif", spots[:, :40])
    return place


def work(place, settings=SETTINGS, *, segment=None):
    """Do as the notebook does, with a threshold; return the run."""
    run = Run(place, place / "results", settings)
    for path in run.missing():
        try:
            image, pixel_size_um = read(path)
            labels = (segment or (lambda image: label(image > 40)))(image)
            table = pd.DataFrame(regionprops_table(labels, image, properties=["label", "area"]))
            run.keep(path, labels, table, np.zeros((*image.shape, 3), np.uint8), pixel_size_um)
        except Exception as error:
            run.note(path, error)
            if isinstance(error, CannotKeep):
                break
    return run


def rows(run):
    """The run's table, by file."""
    return run.table().set_index("file").to_dict("index")


def files(place):
    """Every file below a folder with its bytes, hidden ones too."""
    found = (path for path in Path(place).rglob("*") if path.is_file())
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in found}


# --- Odd images -------------------------------------------------------------------------------


def bad_tiff(name, array, **options):
    return name, lambda path: tifffile.imwrite(path, array, **options)


def cut_off(name, write, *, keep=0.5):
    def make(path):
        write(path)
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])

    return name, make


FLAT = np.full((40, 60), 7, np.float32)
WITH_NAN = FLAT.copy()
WITH_NAN[3, :17] = np.nan
NOISE = np.random.default_rng(0).integers(0, 4000, (40, 60), dtype=np.uint16)
COLOURS = np.stack([NOISE // 16] * 3 + [np.full_like(NOISE, 255)], axis=-1).astype(np.uint8)
COLOURS[..., 1] //= 2


ODD = {
    "numbers of another kind": (bad_tiff("x.tif", FLAT.astype(np.complex64)), "holds complex64"),
    "a mask": (bad_tiff("x.tif", FLAT > 3), "a mask"),
    "NaN": (bad_tiff("x.tif", WITH_NAN), "17 of its pixels are no number"),
    "one pixel": (bad_tiff("x.tif", np.ones((1, 1), np.uint8)), "only 1 × 1 pixels"),
    "a stack": (bad_tiff("x.tif", np.zeros((5, 40, 60), np.uint8), imagej=True,
                         metadata={"axes": "ZYX"}), "a stack of 5 planes"),
    "a film": (bad_tiff("x.tif", np.zeros((5, 40, 60), np.uint8), imagej=True,
                        metadata={"axes": "TYX"}), "a film of 5 time points"),
    "pages without a meaning": (bad_tiff("x.tif", np.zeros((5, 40, 60), np.uint8)), "5 planes"),
    "two channels": (bad_tiff("x.tif", np.zeros((2, 40, 60), np.uint8), imagej=True,
                              metadata={"axes": "CYX"}), "2 channels"),
    "RGBA": (("x.png", lambda path: Image.fromarray(COLOURS).save(path)), "3 channels"),
    "RGBA TIFF": (bad_tiff("x.tif", COLOURS, photometric="rgb", extrasamples=["unassalpha"]),
                  "3 channels"),
    "nothing": (("x.tif", lambda path: path.write_bytes(b"")), "0 bytes"),
    "an empty PNG": (("x.png", lambda path: path.write_bytes(b"")), "0 bytes"),
    "a text": (("x.tif", lambda path: path.write_text("not an image")), "holds text"),
    "a cut TIFF": (cut_off("x.tif", lambda path: tifffile.imwrite(path, NOISE)), "cut off"),
    "a cut packed TIFF": (cut_off("x.tif", lambda path: tifffile.imwrite(
        path, NOISE, compression="zlib", rowsperstrip=8)), "cut off"),
    "a TIFF cut within its last strip": (cut_off("x.tif", lambda path: tifffile.imwrite(
        path, NOISE, rowsperstrip=8), keep=0.98), "cut off"),
    "a cut PNG": (cut_off("x.png", lambda path: Image.fromarray(NOISE).save(path)), "cut off"),
    "JPEG": (("x.jpg", lambda path: Image.fromarray(COLOURS[..., 0]).save(path)), "JPEG"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_image_gets_a_row_that_says_what_to_do_and_the_others_are_done(images, name):
    (file, make), words = ODD[name]
    make(images / file)
    run = work(images)
    row = rows(run)[file]
    assert row["result"] == "failed"
    assert words in row["what is the matter"] and row["what to do"]
    assert str(images) not in row["what is the matter"]
    assert [row["result"] for row in rows(run).values()].count("done") == 3
    assert len(run.objects()) == 3 + 3 + 2
    assert not run.place(images / file, "labels").exists()


def test_a_channel_is_taken_where_it_is_asked_for(tmp_path):
    tifffile.imwrite(tmp_path / "c.tif", np.stack([NOISE, NOISE + 1]), imagej=True,
                     metadata={"axes": "CYX"})  # fmt: skip
    assert np.array_equal(read(tmp_path / "c.tif", channel=1)[0], NOISE + 1)
    with pytest.raises(Unreadable, match="none of them is number 2"):
        read(tmp_path / "c.tif", channel=2)


def test_grey_saved_as_colour_is_grey_and_transparency_is_no_channel(tmp_path):
    grey = COLOURS.copy()
    grey[..., 1] = grey[..., 0]
    Image.fromarray(grey).save(tmp_path / "g.png")
    assert np.array_equal(read(tmp_path / "g.png")[0], grey[..., 0])
    with pytest.raises(Unreadable, match="none of them is number 3"):
        read(tmp_path / "g.png", channel=3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_pixels_come_as_they_were_recorded(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "x.tif", NOISE.astype(dtype))
    image, pixel_size_um = read(tmp_path / "x.tif")
    assert image.dtype == dtype and np.array_equal(image, NOISE.astype(dtype))
    assert pixel_size_um is None


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm",
          "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "µm"}}, (0.5, 0.25)),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "um"}}, (0.5, 0.25)),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "\\u00B5m"}}, (0.5, 0.25)),
        ({"imagej": True, "resolution": (4, 2), "metadata": {"unit": "pixel"}}, None),
        ({"imagej": True}, None),
        ({"ome": True}, None),
        ({"resolution": (72, 72), "resolutionunit": 2}, None),
    ],
    ids=["OME", "ImageJ", "ImageJ's µ", "pixels", "ImageJ without", "OME without", "for printers"],
)  # fmt: skip
def test_a_pixel_size_is_what_the_file_says_or_unknown(tmp_path, options, size):
    tifffile.imwrite(tmp_path / "x.tif", NOISE, **options)
    assert read(tmp_path / "x.tif")[1] == (size and pytest.approx(size))


def test_a_microscopes_format_without_its_reader_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "bioio", None)
    (tmp_path / "x.czi").write_bytes(b"ZISRAWFILE")
    with pytest.raises(Unreadable, match="pip install bioio bioio-czi"):
        read(tmp_path / "x.czi")


def test_a_microscopes_format_is_read_with_bioio(tmp_path, monkeypatch):
    class BioImage:  # what bioio 3.6 answers for a CZI of two channels
        scenes = ("Image:0",)
        dims = types.SimpleNamespace(order="TCZYX")
        physical_pixel_sizes = types.SimpleNamespace(Z=0.0, Y=0.2, X=0.2)

        def __init__(self, path):
            pass

        def get_image_data(self, order):
            return np.stack([NOISE, NOISE + 1])[None, :, None]

    monkeypatch.setitem(sys.modules, "bioio", types.SimpleNamespace(BioImage=BioImage))
    (tmp_path / "x.czi").write_bytes(b"ZISRAWFILE")
    image, size = read(tmp_path / "x.czi", channel=1)
    assert np.array_equal(image, NOISE + 1) and size == (0.2, 0.2)
    BioImage.scenes = ("one", "two")
    with pytest.raises(Unreadable, match="2 separate images"):
        read(tmp_path / "x.czi", channel=1)


# --- Names ------------------------------------------------------------------------------------


def test_names_with_spaces_and_umlauts_keep_their_results_apart(tmp_path, spots):
    for name in ("Zellen größer 1.tif", "Zellen größer 1.tiff", "day 1/ä.tif", "day 2/ä.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / name, spots)
    run = work(tmp_path)
    assert [row["result"] for row in rows(run).values()] == ["done"] * 4
    assert len({run.place(path, "labels") for path in run.paths}) == 4
    assert run.objects()["file"].value_counts().to_dict() == dict.fromkeys(rows(run), 3)
    run.finish()
    assert "day 2/ä.tif" in (tmp_path / "results" / "objects.csv").read_text("utf-8")


def test_results_hidden_files_and_other_files_are_no_images(images):
    work(images)
    tifffile.imwrite(images / "._a.tif", NOISE)  # macOS leaves such files
    (images / "notes.txt").write_text("day 2")
    assert [path.relative_to(images).as_posix() for path in find(images, images / "results")] == [
        "a.tif", "b.png", "day 2/a.tif",
    ]  # fmt: skip


def test_results_of_another_tool_in_the_same_folder_are_no_images(images):
    work(images)
    with_another_tool = [path.name for path in find(images, images / "results cellpose")]
    assert with_another_tool == ["a.tif", "b.png", "a.tif"]


def test_a_folder_of_the_readers_that_is_called_record_holds_images(images, spots):
    (images / "record").mkdir()
    tifffile.imwrite(images / "record" / "c.tif", spots)
    assert images / "record" / "c.tif" in find(images, images / "results")


def names(paths, place):
    return [path.relative_to(place).as_posix() for path in paths]


@pytest.mark.parametrize("name", ["b.lsm", "c.stk", "d.svs", "e.ome.btf", "g.bmp", "h.gif", "j.vsi",
                                  "k.oib", "m.dv", "n.ims", "o.mrc", "s.dcm", "v.JPG", "w.TIF",
                                  "x.czi", "y.h5", "z.avi", "f.npy"])  # fmt: skip
def test_every_file_that_might_be_an_image_has_a_row(images, name):
    (images / name).write_bytes(bytes(2000))
    run = work(images)
    assert rows(run)[name]["result"] == "failed" and rows(run)[name]["what to do"]
    assert [row["result"] for row in rows(run).values()].count("done") == 3


def test_a_zarr_is_one_row_and_what_no_ending_tells_the_first_bytes_do(images, spots):
    (images / "u.ome.zarr" / "0").mkdir(parents=True)
    (images / "u.ome.zarr" / "0" / "tile.tif").write_bytes(b"")
    for name in ("no ending", "scan.001", "a.tif.download"):
        tifffile.imwrite(images / "t.tif", spots)
        (images / "t.tif").rename(images / name)
    for name in ("notes.txt", "table.csv", "a_seg.npy", "macro.ijm", "x.companion.ome"):
        (images / name).write_text("day 2")
    found = rows(work(images))
    assert set(found) == {"a.tif", "b.png", "day 2/a.tif", "u.ome.zarr", "no ending", "scan.001",
                          "a.tif.download"}  # fmt: skip
    assert "OME-Zarr" in found["u.ome.zarr"]["what is the matter"]
    assert found["scan.001"]["result"] == "done"


def test_linked_folders_are_searched_once_and_a_broken_link_has_a_row(images, spots, tmp_path):
    elsewhere = tmp_path / "on the server"
    elsewhere.mkdir()
    tifffile.imwrite(elsewhere / "z.tif", spots)
    (images / "linked").symlink_to(elsewhere)
    (images / "day 2" / "back").symlink_to(images)  # a circle
    (images / "gone.tif").symlink_to(tmp_path / "nowhere.tif")
    assert names(find(images), images) == ["a.tif", "b.png", "day 2/a.tif", "gone.tif",
                                           "linked/z.tif"]  # fmt: skip
    assert "link" in rows(work(images))["gone.tif"]["what is the matter"]


def test_a_folder_that_may_not_be_looked_into_has_a_row(images, monkeypatch):
    real = os.scandir

    def locked(path):
        if Path(path).name == "day 2":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", locked)
    monkeypatch.setattr(os, "listdir", lambda path: list(locked(path)))
    run = work(images)
    assert rows(run)["day 2"]["what is the matter"] == "You may not read it"
    assert [row["result"] for row in rows(run).values()] == ["done", "done", "failed"]


@pytest.mark.parametrize("above", [False, True], ids=["among them", "above them"])
def test_results_may_lie_among_the_images_or_above(images, above):
    results = images.parent if above else images
    for _ in range(2):
        run = Run(images, results, SETTINGS)
        assert names(run.paths, images) == ["a.tif", "b.png", "day 2/a.tif"]
        for path in run.missing():
            labels = np.ones((4, 4), int)
            run.keep(path, labels, pd.DataFrame({"label": [1]}), np.zeros((4, 4, 3), np.uint8))
    assert run.missing() == []


def test_a_folder_that_is_not_there_or_holds_no_image_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"no folder.*check its name"):
        find(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r'(?s)no folder.*write an r before.*r"C:'):
        find("D:\new\test")
    with pytest.raises(ValueError, match="leave out the quotation marks"):
        find(f'"{tmp_path}"')
    with pytest.raises(ValueError, match="No image lies in"):
        find(tmp_path)


# --- Going on ---------------------------------------------------------------------------------


def test_a_second_run_does_nothing_and_a_changed_or_new_image_only_itself(images, spots):
    first = work(images)
    before = files(images / "results")
    assert work(images).missing() == [] and files(images / "results") == before
    tifffile.imwrite(images / "a.tif", spots[:, :20])
    tifffile.imwrite(images / "new.tif", spots)
    seen = []
    run = work(images, segment=lambda image: seen.append(image.shape) or label(image > 40))
    assert seen == [(40, 20), (40, 60)]
    assert {name: row["result"] for name, row in rows(run).items()} == {
        "a.tif": "done", "b.png": "done before", "day 2/a.tif": "done before", "new.tif": "done",
    }  # fmt: skip
    assert len(first.objects()) == 8 - 3  # an older run knows that its image has changed
    assert len(run.objects()) == 1 + 3 + 2 + 3


def test_other_settings_or_a_lost_result_are_done_again(images):
    run = work(images)
    run.place(images / "b.png", "outlines").unlink()
    assert Run(images, images / "results", SETTINGS).missing() == [images / "b.png"]
    assert len(Run(images, images / "results", {"threshold": 50}).missing()) == 3


def test_half_kept_results_of_other_settings_do_not_pass_for_the_old_ones(images, monkeypatch):
    work(images)
    refuse(monkeypatch, errno.ENOSPC, after=1)  # the new labels of a.tif, and no more
    work(images, {"threshold": 50})
    monkeypatch.undo()
    assert Run(images, images / "results", SETTINGS).missing() == [images / "a.tif"]


def test_an_image_that_failed_is_tried_again_and_one_that_broke_loses_its_place(images, spots):
    (images / "x.tif").write_bytes(b"")
    work(images)
    tifffile.imwrite(images / "x.tif", spots)
    (images / "a.tif").write_bytes(b"")
    run = work(images)
    assert rows(run)["x.tif"]["result"] == "done"
    assert rows(run)["a.tif"]["result"] == "failed"
    assert "a.tif" not in set(run.objects()["file"])


def test_an_interrupted_run_loses_nothing_and_goes_on(images):
    seen = []

    def stop_at_the_second(image):
        seen.append(image)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return label(image > 40)

    with pytest.raises(KeyboardInterrupt):
        work(images, segment=stop_at_the_second)
    kept = files(images / "results")
    run = Run(images, images / "results", SETTINGS)
    assert [row["result"] for row in rows(run).values()] == ["done before", *["not reached"] * 2]
    assert rows(run)["b.png"]["what to do"] == "run again"
    run = work(images)
    assert [row["result"] for row in rows(run).values()] == ["done before", "done", "done"]
    assert kept.items() <= files(images / "results").items()


END_PYTHON = """
import os, sys
from pathlib import Path
from bioimage_course.folder import Run
from tests.bioimage_course.test_folder import SETTINGS, work

def end(image):
    if image.shape == (40, 60) and image.dtype == "uint8":
        os._exit(134)  # as compiled code does, past every except
    return (image > 40).astype(int)

work(Path(sys.argv[1]), segment=end)
"""


def test_an_image_that_ended_python_has_a_row_in_the_next_run_and_the_others_are_done(images):
    ended = subprocess.run(
        [sys.executable, "-c", END_PYTHON, images], cwd=Path(__file__).parents[2]
    )
    assert ended.returncode == 134
    run = work(images)
    assert [row["result"] for row in rows(run).values()] == ["done before", "failed", "done"]
    assert "Python ended" in rows(run)["b.png"]["what is the matter"]
    assert ".begun.json" in rows(run)["b.png"]["what to do"]
    assert work(images).missing() == []  # nor does a third run die at it
    next((images / "results").rglob("b.png.begun.json")).unlink()
    assert rows(work(images))["b.png"]["result"] == "done"


def test_an_image_that_ended_python_is_tried_again_after_a_change(images, spots):
    subprocess.run([sys.executable, "-c", END_PYTHON, images], cwd=Path(__file__).parents[2])
    assert images / "b.png" in Run(images, images / "results", {"threshold": 50}).missing()
    Image.fromarray(spots.astype(np.uint8) // 2).save(images / "b.png")
    assert rows(work(images))["b.png"]["result"] == "done"
    assert not list((images / "results").rglob("*.begun.json"))


def test_whoever_is_still_at_work_or_was_interrupted_has_not_ended(images):
    seen = iter(Run(images, images / "results", SETTINGS).missing())
    next(seen)
    assert list((images / "results").rglob("*.begun.json"))
    assert images / "a.tif" in Run(images, images / "results", SETTINGS).missing()

    def stop(image):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(images, segment=stop)
    seen.close()
    assert not list((images / "results").rglob("*.begun.json"))


@pytest.mark.parametrize("call", range(4), ids=["labels", "outlines", "table", "record"])
def test_an_interruption_while_writing_leaves_no_half_file(images, monkeypatch, call):
    calls = []

    def stop(number):
        calls.append(number)
        if len(calls) == call + 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(folder.os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        work(images)
    assert not [name for name in files(images / "results") if name.endswith(".part")]
    assert len(Run(images, images / "results", SETTINGS).missing()) == 3
    monkeypatch.undo()
    assert len(work(images).objects()) == 8


# --- Where nothing can be written ---------------------------------------------------------------


def refuse(monkeypatch, number, after=0):
    """Let every write fail once `after` files were written."""
    written = []

    def fsync(descriptor):
        written.append(descriptor)
        if len(written) > after:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(folder.os, "fsync", fsync)


@pytest.mark.parametrize(
    ("number", "what", "do"),
    [(errno.ENOSPC, "disk is full", "free some space"),
     (errno.EDQUOT, "disk is full", "free some space"),
     (errno.EACCES, "cannot be written", "choose another folder"),
     (errno.EROFS, "cannot be written", "choose another folder"),
     (errno.EIO, "cannot be written", "choose another folder")],
    ids=["full", "quota", "no right", "read-only", "broken disk"],
)  # fmt: skip
def test_a_disk_that_takes_no_more_stops_the_run_with_a_row_and_keeps_what_is_done(
    images, monkeypatch, number, what, do
):
    refuse(monkeypatch, number, after=4)  # one image: labels, outlines, table, record
    run = work(images)
    assert [row["result"] for row in rows(run).values()] == ["done", "failed", "not reached"]
    assert (
        what in rows(run)["b.png"]["what is the matter"] and do in rows(run)["b.png"]["what to do"]
    )
    with pytest.raises(CannotKeep, match=what):
        run.finish()
    assert not [name for name in files(images / "results") if name.endswith(".part")]
    monkeypatch.undo()
    run = work(images)
    assert [row["result"] for row in rows(run).values()] == ["done before", "done", "done"]


def test_a_file_in_the_place_of_the_results_folder_is_named(images):
    (images / "results").write_text("not a folder")
    run = work(images)
    assert "cannot be written" in rows(run)["a.tif"]["what is the matter"]


def test_a_name_that_is_too_long_for_results_stops_nothing(images):
    long = (images / "a.tif").rename(images / f"{'a' * 245}.tif")
    run = work(images)
    assert [row["result"] for row in rows(run).values()] == ["failed", "done", "done"]
    assert rows(run)[long.name]["what to do"] == "shorten it"
    run.finish()


def test_a_name_with_bytes_of_another_computer_has_a_row_that_can_be_written(images, monkeypatch):
    odd = images / "gr\udcf6n.tif"  # as Linux shows a ö of Latin 1
    with pytest.raises(Unreadable, match="rename it"):
        read(odd)
    monkeypatch.setattr("bioimage_course.folder.find", lambda *_: [odd])
    run = Run(images, images / "results", SETTINGS)
    run.note(odd, Unreadable("Its name", "rename it"))
    run.finish()
    assert pd.read_csv(images / "results" / "files.csv")["file"].tolist() == [r"gr\udcf6n.tif"]


def test_a_full_disk_does_not_harm_the_summary_of_the_last_run(images, monkeypatch):
    work(images).finish()
    before = files(images / "results")
    refuse(monkeypatch, errno.ENOSPC)
    with pytest.raises(CannotKeep):
        work(images).finish()
    assert files(images / "results") == before


def test_an_image_without_read_permission_gets_a_row_and_does_not_stop_the_others(
    images, monkeypatch
):
    real = door.read_tiff

    def locked(path):
        if path == images / "a.tif":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(door, "read_tiff", locked)
    run = work(images)
    assert rows(run)["a.tif"]["what is the matter"] == "You may not read it"
    assert [row["result"] for row in rows(run).values()] == ["failed", "done", "done"]


@pytest.mark.parametrize(
    ("error", "words"),
    [(MemoryError(), "does not fit in memory"), (RuntimeError("no kernel"), "RuntimeError: no")],
)
def test_what_goes_wrong_while_segmenting_gets_a_row(images, error, words):
    def fail(image):
        raise error

    run = work(images, segment=fail)
    assert all(words in row["what is the matter"] for row in rows(run).values())


# --- What is written ----------------------------------------------------------------------------


def test_labels_keep_every_number(images):
    run = Run(images, images / "results", SETTINGS)
    many = np.arange(70_000).reshape(200, 350)
    run.keep(images / "a.tif", many, pd.DataFrame({"label": [1]}), np.zeros((2, 2, 3), np.uint8))
    assert np.array_equal(tifffile.imread(run.place(images / "a.tif", "labels")), many)


def test_images_without_an_object_are_done_and_have_no_row_of_objects(images):
    tifffile.imwrite(images / "dark.tif", np.zeros((40, 60), np.uint16))
    run = work(images)
    assert rows(run)["dark.tif"]["result"] == "done" and rows(run)["dark.tif"]["objects"] == 0
    assert "dark.tif" not in set(run.objects()["file"]) and len(run.objects()) == 8
    nothing = work(images, {"threshold": 1}, segment=lambda image: np.zeros(image.shape, int))
    assert len(nothing.objects()) == 0 and "area" in nothing.objects()


def test_the_pixel_size_is_told_only_where_all_images_agree(images, spots):
    assert work(images).pixel_size_um() is None
    for path in find(images, images / "results"):
        path.unlink()
    options = {"imagej": True, "resolution": (4, 4), "metadata": {"unit": "um"}}
    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(images / name, spots, **options)
    assert work(images).pixel_size_um() == 0.25
    tifffile.imwrite(images / "b.tif", spots, ome=True,
                     metadata={"PhysicalSizeX": 0.250001, "PhysicalSizeY": 0.25})  # fmt: skip
    assert work(images).pixel_size_um() == 0.25
    tifffile.imwrite(images / "b.tif", spots, ome=True,
                     metadata={"PhysicalSizeX": 0.26, "PhysicalSizeY": 0.26})  # fmt: skip
    assert work(images).pixel_size_um() is None
    tifffile.imwrite(images / "c.tif", spots)
    assert work(images).pixel_size_um() is None


def test_the_summary_is_written_with_its_card(images):
    run = work(images)
    run.finish({"card": "segmentation, version 1"})
    kept = files(images / "results")
    assert b"segmentation, version 1" in kept["segmentation-card.json"]
    assert len(pd.read_csv(images / "results" / "objects.csv")) == 8
    assert list(pd.read_csv(images / "results" / "files.csv")["result"]) == ["done"] * 3
