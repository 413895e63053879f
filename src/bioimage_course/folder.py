"""Work through a folder of images: find and read them, keep results safely, go on where it stopped.

The segmentation itself stands in the notebook. A `Run` knows which images still need it, and keeps
for each image labels, outlines, a table, and last of all a record. Only with its record is an image
done, so whatever interrupts a run, the next one repeats at most one image.
"""

import contextlib
import errno
import hashlib
import io
import json
import os
from pathlib import Path

import numpy as np

TIFFS = (".tif", ".tiff")
MICROSCOPES = {".nd2": "bioio-nd2", ".czi": "bioio-czi", ".lif": "bioio-lif"}  # and their readers
ENDINGS = (*TIFFS, ".png", ".jpg", ".jpeg", *MICROSCOPES)
SMALLEST = 16  # pixels a side: less holds no object that could be judged
MICROMETRES = {"nm": 1e-3, "µm": 1, "μm": 1, "um": 1, "micron": 1, "microns": 1, "mm": 1e3}
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Unreadable(ValueError):
    """An image that cannot be segmented: `what` is the matter, and what to `do`."""

    def __init__(self, what, do):
        super().__init__(f"{what}: {do}")
        self.what, self.do = what, do


class CannotKeep(OSError):
    """Results that could not be written: `what` is the matter, and what to `do`."""

    def __init__(self, what, do):
        super().__init__(f"{what}: {do}")
        self.what, self.do = what, do


# --- Find and read ------------------------------------------------------------------------------


def find(folder, results=None):
    """Images in a folder and the folders in it, sorted by name.

    Parameters
    ----------
    folder : path
    results : path, optional
        A folder to leave out, since it holds results. Results of other runs are left out, too.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ValueError
        If there is no such folder, or no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}: check its name, or give the whole path.")
    apart = {record.parent.resolve() for record in folder.rglob("record") if _is_of_a_run(record)}
    if results is not None:
        apart.add(Path(results).resolve())
    paths = []
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() not in ENDINGS or hidden or not path.is_file():
            continue
        if apart.isdisjoint(path.resolve().parents):
            paths.append(path)
    if not paths:
        raise ValueError(f"No image lies in {folder}. Looked for: {', '.join(ENDINGS)}.")
    return sorted(paths)


def _is_of_a_run(record):
    """Whether a `Run` has written this folder "record": what lies beside it are its results."""
    return any(record.rglob("*.record.json"))


def read(path, channel=None):
    """One grey plane of a file, as it was recorded, and how large its pixels are.

    Parameters
    ----------
    path : path of a TIFF, OME-TIFF or PNG; with bioio and its readers also ND2, CZI or LIF
    channel : int, optional
        Which one to take where a file has several, counted from 0. None takes the only one; three
        colours that are all alike are one.

    Returns
    -------
    image : array, shape (Y, X)
    pixel_size_um : (float, float) or None
        Height and width of a pixel in µm; None if the file does not say.

    Raises
    ------
    Unreadable
        If the file is no such plane; the message says what to do. Nothing is guessed.
    """
    path = Path(path)
    if path.stat().st_size == 0:
        raise Unreadable("The file is empty, 0 bytes", "copy it again from where it was recorded")
    ending = path.suffix.lower()
    if ending in (".jpg", ".jpeg"):
        raise Unreadable("JPEG has changed the pixels", "export it again, as TIFF")
    reader = _read_tiff if ending in TIFFS else _read_png if ending == ".png" else _read_with_bioio
    try:
        array, axes, pixel_size_um = reader(path)
    except (Unreadable, PermissionError, MemoryError, KeyboardInterrupt):
        raise
    except Exception as error:  # decoders raise anything
        raise Unreadable(
            f"The file is broken or cut off ({_reason(error, path)})",
            "copy it again; if Fiji opens it, save it there as TIFF",
        ) from error
    return _checked(_plane(array, axes, channel)), pixel_size_um


def _read_tiff(path):
    import tifffile

    with tifffile.TiffFile(path) as file:
        if len(file.series) != 1:
            raise Unreadable(
                f"It holds {len(file.series)} separate images", "save each one as a TIFF of its own"
            )
        return file.asarray(), file.series[0].axes, _tiff_pixel_size(file)


def _tiff_pixel_size(file):
    """(height, width) in µm where an OME-TIFF or an ImageJ TIFF says so, else None."""
    if file.is_ome:
        from xml.etree import ElementTree

        pixels = ElementTree.fromstring(file.ome_metadata).find(".//{*}Pixels")
        sizes = [
            (pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
            for axis in "YX"
        ]
        return _in_micrometres([(float(size or 0), unit) for size, unit in sizes])
    if file.is_imagej:
        unit = str(file.imagej_metadata.get("unit", "")).replace("\\u00B5", "µ")
        tags = (file.pages[0].tags.get(f"{axis}Resolution") for axis in "YX")
        ratios = [(tag.value[1], tag.value[0]) if tag else (0, 1) for tag in tags]
        return _in_micrometres([(size / (per or 1), unit) for size, per in ratios])
    return None  # a resolution in dots per inch is for printers: nobody measured it


def _in_micrometres(sizes):
    """(height, width) in µm of two (number, unit); None if one is no length."""
    lengths = [number * MICROMETRES.get(unit.lower(), 0) for number, unit in sizes]
    usable = all(np.isfinite(length) and length > 0 for length in lengths)
    return tuple(lengths) if usable else None


def _read_png(path):
    from PIL import Image

    with open(path, "rb") as file:
        depth, colour = file.read(26)[24:26]
    if depth == 16 and colour in (2, 6):  # Pillow would drop half of the bits, silently
        raise Unreadable("It is a PNG of 16-bit colours", "save it as TIFF")
    with Image.open(path) as file:
        array = np.array(file.convert("RGB") if file.mode == "P" else file)
    return array, "YX" if array.ndim == 2 else "YXS", None


def _read_with_bioio(path):
    ending = path.suffix.lower()
    install = f"pip install bioio {MICROSCOPES[ending]}, or save it as OME-TIFF in Fiji"
    try:
        from bioio import BioImage
    except ImportError as error:
        raise Unreadable(f"Reading {ending} needs another package", install) from error
    try:
        file = BioImage(path)
    except Exception as error:  # also where the reader for this format is missing
        raise Unreadable(
            f"bioio does not open it ({_reason(error, path)})", f"{install}; or copy it again"
        ) from error
    if len(file.scenes) > 1:
        raise Unreadable(
            f"It holds {len(file.scenes)} separate images", "save each one as a TIFF of its own"
        )
    sizes = file.physical_pixel_sizes
    pixel_size_um = _in_micrometres([(sizes.Y or 0, "µm"), (sizes.X or 0, "µm")])
    return file.get_image_data(file.dims.order), file.dims.order, pixel_size_um


def _plane(array, axes, channel):
    """The one plane (Y, X) of an array with named axes."""
    for axis in axes:
        if axis not in "YX" and array.shape[axes.index(axis)] == 1:
            array, axes = array.squeeze(axes.index(axis)), axes.replace(axis, "", 1)
    more = [axis for axis in axes if axis not in "YX"]
    if not {"Y", "X"} <= set(axes) or len(axes) != len(set(axes)):
        raise Unreadable(f"Its axes are {axes}", "save it in Fiji as a TIFF of one plane")
    for axis in more:
        size = array.shape[axes.index(axis)]
        if axis not in "CS":
            kind = {"Z": f"a stack of {size} planes", "T": f"a film of {size} time points"}
            raise Unreadable(
                f"It is {kind.get(axis, f'a file of {size} planes')}, not one plane",
                "in Fiji, take one plane or Image › Stacks › Z Project…, and save as TIFF",
            )
    for axis in more:
        array = np.moveaxis(array, axes.index(axis), 0)
        axes = axis + axes.replace(axis, "")
        colours = len(array) - 1 if axis == "S" and len(array) in (2, 4) else len(array)
        alike = axis == "S" and all(np.array_equal(array[0], other) for other in array[1:colours])
        chosen = 0 if channel is None and alike else channel
        if chosen is None or not 0 <= chosen < colours:
            wrong = "" if chosen is None else f", none of them is number {chosen}"
            numbers = ", ".join(map(str, range(colours)))
            raise Unreadable(
                f"It has {colours} channels{wrong}",
                f"set channel to the one that shows your objects: {numbers}",
            )
        array, axes = array[chosen], axes[1:]
    return array if axes == "YX" else array.T


def _checked(image):
    """The image, if it can be segmented."""
    if image.dtype == bool:
        raise Unreadable("It is a mask of true and false", "give the image it was made from")
    if image.dtype.kind not in "uif":
        raise Unreadable(f"It holds {image.dtype} values", "save it in Fiji as 16-bit TIFF")
    if min(image.shape) < SMALLEST:
        raise Unreadable(
            f"It has only {image.shape[1]} × {image.shape[0]} pixels",
            "look whether it is a thumbnail, and give the whole image",
        )
    bad = np.count_nonzero(~np.isfinite(image))
    if bad:
        raise Unreadable(
            f"{bad} of its pixels {'is' if bad == 1 else 'are'} no number (NaN or infinite)",
            "in Fiji: Process › Noise › Remove NaNs…, save as TIFF",
        )
    return image


def _reason(error, path):
    """What an error says, in one short line and without the folder's name."""
    words = " ".join(str(error).split()) or type(error).__name__
    words = words.replace(str(path), path.name).replace(str(path.parent), "…")
    return words if len(words) <= 80 else words[:79] + "…"


# --- Keep, and go on ----------------------------------------------------------------------------


class Run:
    """One walk through a folder: what is missing, what was kept, what failed and why.

    Parameters
    ----------
    folder : path of the images
    results : path
        Where results go, in the same folders and under the same names as the images.
    settings : dict
        Whatever changes the result: model, thresholds, channel. Other settings, and everything is
        done again.

    Raises
    ------
    ValueError
        If there is no image, or the settings cannot be written as JSON.
    """

    def __init__(self, folder, results, settings):
        self.folder, self.results = Path(folder), Path(results)
        self.settings = json.loads(json.dumps(settings))
        self.paths = find(folder, results)
        self._hashes = {path: _sha256(path) for path in self.paths}
        self._before = {path for path in self.paths if self._record(path)}
        self._problems = {}

    def missing(self):
        """Paths of the images that are not done: new ones, changed ones, those that failed."""
        return [path for path in self.paths if not self._record(path)]

    def place(self, path, kind):
        """Path of an image's "labels", "outlines", "table" or "record"."""
        endings = {"labels": "tif", "outlines": "png", "table": "csv", "record": "json"}
        name = self.name(path)  # with its ending: cell.tif and cell.png are two images
        return self.results / kind / f"{name}.{kind}.{endings[kind]}"

    def name(self, path):
        """An image's name in tables: with the folders below `folder`."""
        return Path(path).relative_to(self.folder).as_posix()

    def keep(self, path, labels, table, outlines, pixel_size_um=None):
        """Write the results of one image; it is done when this returns.

        Parameters
        ----------
        path : path of the image
        labels : integer array, shape (Y, X)
        table : pandas.DataFrame, one row an object
        outlines : uint8 array, shape (Y, X, 3)
        pixel_size_um : as `read` returns it

        Raises
        ------
        CannotKeep
            If the disk is full or may not be written to. No half file is left.
        """
        from PIL import Image

        table = table.copy()
        table.insert(0, "file", self.name(path))
        png = io.BytesIO()
        Image.fromarray(outlines).save(png, "PNG")
        record = {"sha256": self._hashes[path], "settings": self.settings,
                  "objects": len(table), "pixel_size_um": pixel_size_um}  # fmt: skip
        try:
            self.place(path, "record").unlink(missing_ok=True)  # nothing old looks new
            _write(self.place(path, "labels"), _tiff(labels))
            _write(self.place(path, "outlines"), png.getvalue())
            _write(self.place(path, "table"), table.to_csv(index=False).encode())
            _write(self.place(path, "record"), json.dumps(record, indent=1).encode())
        except OSError as error:
            raise _cannot_keep(error, self.results) from error
        self._problems.pop(path, None)

    def note(self, path, error):
        """Keep in mind why an image failed, for the table."""
        if isinstance(error, Unreadable | CannotKeep):
            self._problems[path] = error.what, error.do
        elif isinstance(error, MemoryError):
            self._problems[path] = (
                "It does not fit in memory", "close other programs, or work in tiles: notebook 12"
            )  # fmt: skip
        elif isinstance(error, PermissionError):
            self._problems[path] = "You may not read it", "ask its owner, or copy it elsewhere"
        else:
            what = f"{type(error).__name__}: {_reason(error, path)}"
            self._problems[path] = what, "open it in Fiji and compare it with one that works"

    def table(self):
        """What became of every image: pandas.DataFrame, one row an image.

        Columns: file, result ("done", "done before", "failed" or "not reached"), objects, what is
        the matter and what to do.
        """
        import pandas as pd

        rows = []
        for path in self.paths:
            record, (what, do) = self._record(path), self._problems.get(path, ("", ""))
            if record:
                result = "done before" if path in self._before else "done"
                objects = record["objects"]
            else:
                result, objects = "failed" if what else "not reached", None
                do = do or "run again"
            rows.append((self.name(path), result, objects, what, do))
        columns = ["file", "result", "objects", "what is the matter", "what to do"]
        return pd.DataFrame(rows, columns=columns).astype({"objects": "Int64"})

    def objects(self):
        """Every object of every image that is done: pandas.DataFrame, one row an object."""
        import pandas as pd

        done = [self.place(path, "table") for path in self.paths if self._record(path)]
        tables = [pd.read_csv(place, dtype={"file": str}) for place in done]
        with_objects = [table for table in tables if len(table)]
        if not with_objects:
            return tables[0] if tables else pd.DataFrame(columns=["file"])
        return pd.concat(with_objects, ignore_index=True)

    def pixel_size_um(self):
        """Side of a pixel in µm, if all images that are done agree on it; else None."""
        sizes = {
            side
            for record in filter(None, map(self._record, self.paths))
            for side in record["pixel_size_um"] or [None]
        }
        return sizes.pop() if len(sizes) == 1 else None

    def finish(self, card=None):
        """Write objects.csv and files.csv, and the report card if there is one.

        card : dict, optional

        Raises
        ------
        CannotKeep
            If the disk is full or may not be written to. What is done stays done.
        """
        try:
            _write(self.results / "objects.csv", self.objects().to_csv(index=False).encode())
            _write(self.results / "files.csv", self.table().to_csv(index=False).encode())
            if card is not None:
                text = json.dumps(card, indent=2, ensure_ascii=False)
                _write(self.results / "segmentation-card.json", text.encode())
        except OSError as error:
            raise _cannot_keep(error, self.results) from error

    def _record(self, path):
        """What was written about an image that is done with these settings; else None."""
        try:
            record = json.loads(self.place(path, "record").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        same = record["settings"] == self.settings and record["sha256"] == self._hashes[path]
        kept = all(self.place(path, kind).is_file() for kind in ("labels", "outlines", "table"))
        return record if same and kept and self._hashes[path] else None


def _sha256(path):
    """Hash of a file's bytes; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _tiff(labels):
    """A label image as the bytes of a TIFF, with as many bits as its numbers need."""
    import tifffile

    enough = np.uint16 if labels.max(initial=0) <= np.iinfo(np.uint16).max else np.uint32
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, labels.astype(enough), compression="zlib")
    return buffer.getvalue()


def _write(path, content):
    """Write bytes so that under this name there is all of it, or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{path.name}.part")
    try:
        with open(half, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # a record must not reach the disk before its labels
        os.replace(half, path)
    except BaseException:  # an interruption, too
        with contextlib.suppress(OSError):
            half.unlink()
        raise


def _cannot_keep(error, results):
    if error.errno in FULL:
        return CannotKeep("The disk is full", "free some space, then run again: it goes on here")
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return CannotKeep(
            "The results cannot be written",
            "close files that are open in another program, or choose another folder for results",
        )
    reason = error.strerror or type(error).__name__
    return CannotKeep(
        f"The results cannot be written ({reason})", "choose another folder for results"
    )
