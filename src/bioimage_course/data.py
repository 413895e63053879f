"""The images and data sets of the course, by name.

Images come inside StarDist's wheel or this package and need no network. Data sets are larger:
`fetch` looks in the folder named by BIOIMAGE_COURSE_DATA, then in the cache, and only then
downloads.
"""

import csv
import errno
import os
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from bioimage_course import usiigaci

#: Two nuclei that touch, in the image of `nuclei()`: a pair of slices (rows, columns), 64×64 px.
#: A threshold merges them, the annotation keeps them apart: the course's running example.
TOUCHING = (slice(136, 200), slice(34, 98))

#: What `cells` and `packed_cells` read; `training/draw_cells.py` makes both.
CELLS = Path(__file__).parent / "images" / "kc167.npz"
PACKED_CELLS = CELLS.with_name("kc167_packed.npz")


class DataError(Exception):
    """A data set could not be had; the message says what happened and what to do next."""


@dataclass(frozen=True)
class Dataset:
    """Where a data set comes from and what is in it.

    Parameters
    ----------
    base_url : str or None
        Address in front of the names in the registry; None where there is no public one.
    registry : dict of str to str
        Name of a file, as a path with slashes, to its sha256. A zip is unpacked.
    pixel_size_um : float or None
        None where nobody published it: report such areas in pixels.
    source : str
        What it shows, where it comes from, whom to cite.
    holds : tuple of str
        What its folder holds, unless the registry names just that.
    arrange : function of a folder, optional
        Turns what was downloaded into that.
    folder : str, optional
        Its name below BIOIMAGE_COURSE_DATA, where it is a part of a set of another name.
    """

    base_url: str | None
    registry: dict[str, str]
    axes: str
    dtype: str
    pixel_size_um: float | None
    licence: str
    source: str
    holds: tuple[str, ...] = ()
    arrange: Callable[[Path], None] | None = None
    folder: str | None = None


#: What the folder of a data set of whole cells holds: split and number of cells of every field
#: stand in the table.
FIELDS = ("images", "masks", "fields.csv")


DATASETS = {
    "dsb2018": Dataset(
        base_url="https://github.com/stardist/stardist/releases/download/0.1.0/",
        registry={
            "dsb2018.zip": "e44921950edce378063aa4457e625581ba35b4c2dbd9a07c19d48900129f386f"
        },
        axes="YX",
        dtype="uint8",
        pixel_size_um=None,
        licence="CC0-1.0",
        source="BBBC038v1 (Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7): fluorescence",
    ),
    "dsb2018_brightfield": Dataset(
        base_url=None,
        registry={},
        axes="YXC or YX",
        dtype="uint8",
        pixel_size_um=None,
        licence="CC0-1.0",
        source="BBBC038v1 (Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7): bright field; "
        "training/brightfield.py makes it from what BBBC publishes",
    ),
    "cells/usiigaci_t98g": Dataset(
        base_url=usiigaci.URL,
        registry=usiigaci.registry(),
        axes="YX",
        dtype="uint8",
        pixel_size_um=None,
        licence="MIT, © 2018 Okinawa Institute of Science & Technology Graduate University",
        source="phase contrast, 2,908 cells outlined by hand (Tsai et al. 2019, "
        "doi:10.1016/j.softx.2019.02.007)",
        holds=FIELDS,
        arrange=usiigaci.arrange,
    ),
    "cells/usiigaci_field": Dataset(
        base_url=usiigaci.URL,
        registry=usiigaci.registry(["set46"]),
        axes="YX",
        dtype="uint8",
        pixel_size_um=None,
        licence="MIT, © 2018 Okinawa Institute of Science & Technology Graduate University",
        source="one field of usiigaci_t98g that the course's models never learned from: set46",
        holds=("images/set46.tif", "masks/set46.tif", "fields.csv"),
        arrange=usiigaci.arrange,
        folder="cells/usiigaci_t98g",
    ),
    "cells/jump_cellpainting": Dataset(
        base_url=None,
        registry={},
        axes="CYX",
        dtype="uint16",
        pixel_size_um=None,
        licence="images CC0-1.0; outlines BSD-3-Clause, © 2024 Way Science",
        source="Cell Painting, outlines by CellProfiler (Chandrasekaran et al. 2024, "
        "doi:10.1038/s41592-024-02241-6); images and outlines: "
        "github.com/cytomining/CytoDataFrame, tests/data/cytotable/JUMP_plate_BR00117006, at "
        "462accbc18e57441b560cde034667e0c88f4d9b9",
        holds=FIELDS,
    ),
    "cells/kc167_actin_dna": Dataset(
        base_url=None,
        registry={},
        axes="CYX",
        dtype="uint8",
        pixel_size_um=None,
        licence="BSD-3-Clause, © 2017 CellProfiler",
        source="Drosophila Kc167 cells, outlines by a watershed; images: "
        "github.com/CellProfiler/examples, ExampleFly, at "
        "4972b59e670a4ae96c3d453803c92eeff378d054",
        holds=FIELDS,
    ),
    "cells/embl_membranes": Dataset(
        base_url=None,
        registry={},
        axes="YX",
        dtype="uint8",
        pixel_size_um=0.1735,
        licence="MIT, © 2018 European Molecular Biology Laboratory",
        source="membranes of zebrafish cells, outlines by a watershed; images: "
        "github.com/WhoIsJack/python-bioimage-analysis-tutorial, example_data, at "
        "1d2473994c0151d8b83f0385f007425ad4c7a055",
        holds=FIELDS,
    ),
}

#: What the folder of a data set holds, unless its registry names every file.
FOLDERS = ("train/images", "train/masks", "test/images", "test/masks")

#: How often a download is tried again after a failure, with a pause of a second or two.
RETRIES = 2


def nuclei():
    """Fluorescence image of cell nuclei, with its annotation.

    Returns
    -------
    image : uint16 array, shape (512, 512), axes YX
        Intensities 0 to 235. The pixel size was not published.
    truth : int32 array, shape (512, 512)
        Labels 1 to 125 in a row, 0 is background.

    Source: 2018 Data Science Bowl (Caicedo et al. 2019, doi:10.1038/s41592-019-0612-7), CC0,
    as it comes in StarDist's wheel; there the label numbers have gaps.
    """
    from skimage.segmentation import relabel_sequential
    from stardist.data import test_image_nuclei_2d

    image, truth = test_image_nuclei_2d(return_mask=True)
    truth, _, _ = relabel_sequential(truth)
    return image, truth.astype(np.int32)


def tissue():
    """Tissue section stained with haematoxylin and eosin (H&E); there is no annotation.

    Returns
    -------
    uint8 array, shape (300, 500, 3), axes YXC (red, green, blue)

    Source: The Cancer Imaging Archive, as it comes in StarDist's wheel.
    """
    from stardist.data import test_image_he_2d

    with warnings.catch_warnings():  # StarDist reads it with an older imageio call
        warnings.simplefilter("ignore", DeprecationWarning)
        return np.array(test_image_he_2d())


def volume():
    """Volume of cell nuclei, with its annotation: sections along z, coarser than y and x.

    Returns
    -------
    volume : uint16 array, shape (31, 61, 57), axes ZYX
        Intensities 104 to 375. It is synthetic, so it has no voxel size.
    truth : int32 array, shape (31, 61, 57)
        Labels 1 to 51 in a row, 0 is background.

    Source: StarDist's wheel, made by its authors; there the label numbers have gaps.
    """
    from skimage.segmentation import relabel_sequential
    from stardist.data import test_image_nuclei_3d

    volume, truth = test_image_nuclei_3d(return_mask=True)
    truth, _, _ = relabel_sequential(truth)
    return volume, truth.astype(np.int32)


def cells():
    """Whole cells in two channels, with a reviewed mask: *Drosophila* Kc167, actin and DNA.

    Returns
    -------
    image : uint8 array, shape (2, 512, 512), axes CYX
        Channel 0 is actin, which shows the whole cell; channel 1 is DNA, the nucleus. The pixel
        size was not published.
    truth : int32 array, shape (512, 512)
        Labels 1 to 68 in a row, 0 is background.

    Source: a part (rows 410 to 921, columns 56 to 567) of the field POS002 of CellProfiler's
    example ExampleFly, as it comes in the wheel cellprofiler 4.2.8.1. BSD-3-Clause, © Broad
    Institute; the licence stands beside the file, in images/LICENSE-CellProfiler.txt.

    The mask was drawn for this course, cell by cell on enlarged pictures, and looked at again:
    `training/draw_cells.py` holds every outline and the rules. Bare nuclei of dead cells and cells
    out of focus carry no label.
    """
    with np.load(CELLS) as saved:
        return saved["image"], saved["labels"].astype(np.int32)


def packed_cells():
    """Whole cells so packed that they press one another into polygons; there is no mask.

    Returns
    -------
    uint8 array, shape (2, 192, 192), axes CYX
        Channel 0 is actin, channel 1 DNA, of the cells of `cells()`.

    Source: a part (rows 640 to 831, columns 270 to 461) of the field POS076 of CellProfiler's
    example ExampleFly, from the same wheel and under the same licence as `cells()`.
    """
    with np.load(PACKED_CELLS) as saved:
        return saved["image"]


def fetch(name):
    """Folder of a data set: yours, the cached one, or a fresh download.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.

    Returns
    -------
    pathlib.Path
        Folder that holds train/ and test/, each with images/NAME.tif and masks/NAME.tif; or, for
        whole cells, images/, masks/ and fields.csv, which says how they are split: `pairs` reads
        both. The first that exists: $BIOIMAGE_COURSE_DATA/NAME, the cache ($BIOIMAGE_COURSE_CACHE,
        else the user's cache folder), a download into that cache whose sha256 was checked.

    Raises
    ------
    ValueError
        If no data set has this name.
    DataError
        If it cannot be had. Nothing half-made is left behind.
    """
    if name not in DATASETS:
        raise ValueError(f"No data set is called {name!r}. Known: {', '.join(sorted(DATASETS))}.")
    own = _own_folder(DATASETS[name].folder or name, DATASETS[name])
    if own is not None:
        return own
    dataset = DATASETS[name]
    if dataset.base_url is None:
        raise DataError(
            f"{name} has no public address of its own, so it cannot be downloaded "
            f"({dataset.source}). Put it in a folder called {name} and set BIOIMAGE_COURSE_DATA "
            "to the folder above."
        )
    cached = _cache() / name
    if not cached.is_dir():
        _download(name, dataset, cached)
    return _checked(cached, dataset, f"Delete {cached} and fetch {name} again.")


def pairs(folder, split):
    """Images of a data set beside their masks.

    Parameters
    ----------
    folder : path
        As `fetch` returns it.
    split : str
        "train" or "test"; of whole cells also "val" and "show".

    Returns
    -------
    list of (pathlib.Path, pathlib.Path)
        Image and mask (label image, 0 is background) of the same name, sorted by name.

    Raises
    ------
    DataError
        If the split is missing or empty, or an image or a mask has no partner.
    """
    folder = Path(folder)
    if (folder / "fields.csv").exists():
        names = _fields(folder, split)
        images, masks = (_tifs(folder / kind) for kind in ("images", "masks"))
        images, masks = ({n: part[n] for n in names if n in part} for part in (images, masks))
    else:
        images, masks = (_tifs(folder / split / kind) for kind in ("images", "masks"))
    for kind, here, there in (("mask", images, masks), ("image", masks, images)):
        alone = sorted(here.keys() - there.keys())
        if alone:
            raise DataError(
                f"{folder / split}: {len(alone)} of {len(here)} files have no {kind} "
                f"of the same name, the first is {alone[0]}. "
                "Every images/NAME.tif needs its masks/NAME.tif."
            )
    return [(images[name], masks[name]) for name in sorted(images)]


def _fields(folder, split):
    """Names of the images that belong to a split, as fields.csv says."""
    with (folder / "fields.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = [f"{row['name']}.tif" for row in rows if row["split"] == split]
    if not names:
        known = ", ".join(sorted({row["split"] for row in rows}))
        raise DataError(f"{folder / 'fields.csv'} names no field of {split!r}; it has {known}.")
    return names


def _tifs(folder):
    """Files NAME.tif of a folder by name; at least one."""
    # macOS leaves hidden ._NAME.tif files beside the real ones.
    files = {path.name: path for path in folder.glob("*.tif") if path.name[0] != "."}
    if not files:
        raise DataError(
            f"No .tif files in {folder}. A data set holds images/ and masks/ "
            "in each of train/ and test/."
        )
    return files


def _own_folder(name, dataset):
    """$BIOIMAGE_COURSE_DATA/NAME if it is there, else None."""
    setting = os.environ.get("BIOIMAGE_COURSE_DATA")
    if not setting:
        return None
    root = Path(setting).expanduser()
    if not root.is_dir():
        raise DataError(
            f"BIOIMAGE_COURSE_DATA is set to {root}, which is not a folder. "
            "Correct it, or unset it to use the download."
        )
    folder = root / name
    if not folder.is_dir():
        return None
    remedy = f"Complete or remove {folder}, or unset BIOIMAGE_COURSE_DATA."
    return _checked(folder, dataset, remedy)


def _cache():
    """Folder for downloads."""
    import pooch

    setting = os.environ.get("BIOIMAGE_COURSE_CACHE")
    return Path(setting).expanduser() if setting else Path(pooch.os_cache("bioimage_course"))


def _checked(folder, dataset, remedy):
    """`folder`, once it is known to hold what this data set holds."""
    files = [name for name in dataset.registry if not name.endswith(".zip")]
    needed = dataset.holds or files or FOLDERS
    missing = [part for part in needed if not (folder / part).exists()]
    if missing:
        more = ", …" if len(missing) > 4 else ""
        raise DataError(f"{folder} is incomplete: {', '.join(missing[:4])}{more} missing. {remedy}")
    return folder


def _download(name, dataset, target):
    """Download, check and unpack; `target` appears only when everything succeeded."""
    try:
        _cache().mkdir(parents=True, exist_ok=True)
        # One workspace in the cache: it goes away whatever happens, and the last step is a
        # rename, so nobody ever sees half a data set.
        with tempfile.TemporaryDirectory(dir=_cache(), prefix=f".{target.name}-") as workspace:
            files = Path(workspace) / "files"
            _download_files(name, dataset, files)
            if dataset.arrange:
                dataset.arrange(files)
            if (files / name).is_dir():  # an archive brings the data set's folder along
                files = files / name
            _checked(files, dataset, f"What {dataset.base_url} sent is not laid out as expected.")
            _move(files, target)
    except OSError as error:
        raise DataError(_why_not_stored(name, _cache(), error)) from error


def _download_files(name, dataset, folder):
    """Download the files of a registry into `folder`, their sha256 checked, zips unpacked."""
    import pooch
    import requests

    by_hand = (
        f"Try again; or bring {name} from another computer, unpacked (it comes from "
        f"{dataset.base_url}), and set BIOIMAGE_COURSE_DATA to the folder that holds {name}/."
    )
    pooch.get_logger().setLevel("WARNING")  # its notes name temporary files; the bar is enough
    store = pooch.create(
        path=folder,
        base_url=dataset.base_url,
        registry=dataset.registry,
        retry_if_failed=RETRIES,
    )
    for file in dataset.registry:
        unzip = pooch.Unzip(extract_dir=".") if file.endswith(".zip") else None
        try:
            store.fetch(file, processor=unzip, downloader=pooch.HTTPDownloader(progressbar=True))
        except zipfile.BadZipFile as error:
            raise DataError(f"{file} is not a zip file that can be read: {error}.") from error
        except (requests.RequestException, ValueError) as error:  # ValueError: of another hash
            reason = _why_not_downloaded(file, urlsplit(dataset.base_url).netloc, error)
            raise DataError(f"{reason} {by_hand}") from error


def _why_not_downloaded(file, host, error):
    """A sentence on what pooch raised while it downloaded a file."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"{host} answered {error.response.status_code} for {file}."
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"The connection to {host} was cut half-way."
    if isinstance(error, requests.Timeout):
        return f"{host} did not answer in time."
    if isinstance(error, requests.ConnectionError):
        return f"{host} cannot be reached: is this computer online, and does it need a proxy?"
    if isinstance(error, requests.RequestException):
        return f"{file} could not be downloaded from {host}: {error}."
    return (
        f"What {host} sent as {file} is not the file the course knows: its sha256 differs, so the "
        "download was thrown away."
    )


def _move(files, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.replace(files, target)
    except OSError:
        if not target.is_dir():  # else another process was quicker: its copy is as good
            raise


def _why_not_stored(name, cache, error):
    """A sentence on why the cache cannot hold a data set, and where it could lie instead."""
    elsewhere = "set BIOIMAGE_COURSE_CACHE to a folder on a disk with room that you may write to"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"The disk is full: {name} does not fit in {cache}. Free some space, or {elsewhere}."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{cache} cannot be written to, so {name} cannot be kept there: {elsewhere}."
    reason = error.strerror or error
    return f"{name} could not be kept in {cache} ({reason}): {elsewhere}."
