"""Where images, labels and the new model lie: a folder, a zip, Google Drive, or the example.

The example is written out of the course's image of nuclei and needs no network. Among its files are
three with faults, as they come in real folders.
"""

import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

DRIVE = Path("/content/drive/MyDrive")
#: What Colab deletes, and what to do about it.
LOST = (
    "This folder lies on a machine that Colab deletes after some hours, with your model in it. "
    'Put it into your Drive, and set my_place = "Drive/" and the name of the folder there.'
)
SIDE, STEP = 98, 138  # of the example's crops, px: between them is a gap wider than a nucleus


def find_place(my_place=None):
    """The folder to work in; what is not there yet is unpacked, mounted or written.

    Parameters
    ----------
    my_place : path, optional
        A folder; a zip, which is unpacked beside itself, once; "Drive/…", one of them in Google
        Drive, on Colab. None writes the course's example into a temporary folder.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If there is no such folder, or the zip cannot be unpacked; the message says what to do.
    """
    if my_place is None:
        return write_example(Path(tempfile.mkdtemp(prefix="course-example-")) / "example")
    if str(my_place).startswith("Drive/"):
        place = _in_drive(str(my_place).removeprefix("Drive/"))
    else:
        place = Path(my_place).expanduser()
    if place.suffix.lower() == ".zip":
        place = _unpacked(place)
    if not place.is_dir():
        raise ValueError(
            f"There is no folder {place}: check its name, or give the whole path; on Windows with "
            'an r before the quotation marks, as in r"C:\\my nuclei".'
        )
    if on_colab() and DRIVE not in place.parents:
        print(LOST)
    return place


def on_colab():
    """Whether this notebook runs on Colab."""
    return "google.colab" in sys.modules


def _in_drive(name):
    """A folder of Google Drive; Colab asks for the permission."""
    if not on_colab():
        raise ValueError(
            "Drive/… is for Colab. Here, give the folder itself: Path.home() / “my nuclei”."
        )
    from google.colab import drive

    drive.mount(str(DRIVE.parent))
    place = DRIVE / name
    if not place.exists():
        raise ValueError(f"Your Drive has no folder {name}: make it, put your files in, run again.")
    return place


def _unpacked(path):
    """The folder that a zip holds, unpacked beside it unless it is there already."""
    place = path.with_suffix("")
    if place.is_dir():
        return _inner(place)
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.startswith("__MACOSX/")]
            outside = [
                name
                for name in names
                if ".." in PurePosixPath(name).parts or name.startswith(("/", "\\"))
            ]
            if outside:
                raise ValueError(f"{path.name} would write outside of its folder: {outside[0]}.")
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".unpacking-") as half:
                archive.extractall(Path(half) / "all", names)
                (Path(half) / "all").rename(place)
    except FileNotFoundError:
        raise ValueError(
            f"There is no file {path}: check its name, or give the whole path."
        ) from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise ValueError(f"{path.name} is broken or cut off ({error}): copy it again.") from error
    return _inner(place)


def _inner(place):
    """The one folder in a folder, if there is nothing else: zips are often packed like that."""
    inside = [path for path in place.iterdir() if not path.name.startswith(".")]
    lone = len(inside) == 1 and inside[0].is_dir()
    return _inner(inside[0]) if lone and inside[0].name not in ("images", "labels") else place


# --- The course's example -----------------------------------------------------------------------


def spotted(labels, seed=0):
    """A simulated stain: every nucleus a haze with bright spots in it, and some spots outside.

    Parameters
    ----------
    labels : integer array, shape (Y, X)
    seed : int

    Returns
    -------
    uint16 array of the same shape
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    inside = labels > 0
    spots = rng.random(labels.shape) < np.where(inside, 0.015, 0.003)
    light = 20 + 20 * gaussian_filter(inside.astype(float), 1)
    light += 600 * gaussian_filter(spots.astype(float), 1.2)
    return rng.poisson(light).astype(np.uint16)


def write_example(folder):
    """Write sixteen crops in a simulated stain with people's labels, and three faulty pairs.

    The crops of one row bear the name of one “day”. No nucleus lies in two of them.

    Parameters
    ----------
    folder : pathlib.Path
        It is made.

    Returns
    -------
    pathlib.Path
        The same.
    """
    import tifffile

    from bioimage_course import data

    folder.mkdir(parents=True)
    truth = data.nuclei()[1]
    image = spotted(truth)
    for row in range(4):
        for column in range(4):
            part = np.s_[row * STEP : row * STEP + SIDE, column * STEP : column * STEP + SIDE]
            name = f"day{row + 1}_{'abcd'[column]}"
            tifffile.imwrite(folder / f"{name}.tif", image[part])
            tifffile.imwrite(folder / f"{name}_masks.tif", truth[part].astype(np.uint16))
    faulty = truth[:SIDE, :SIDE], spotted(truth, seed=1)[:SIDE, :SIDE]
    for name, labels in (
        ("day1_painted", 255 * (faulty[0] > 0).astype(np.uint8)),
        ("day1_moved", np.roll(faulty[0], (14, -11), (0, 1)).astype(np.uint16)),
    ):
        tifffile.imwrite(folder / f"{name}.tif", faulty[1])
        tifffile.imwrite(folder / f"{name}_masks.tif", labels)
    tifffile.imwrite(folder / "day1_alone.tif", faulty[1])
    return folder
