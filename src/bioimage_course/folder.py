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
import platform
import statistics
from pathlib import Path

import numpy as np

from bioimage_course.reading import Unreadable, kinds, read
from bioimage_course.reading.refusal import short

__all__ = ["CannotKeep", "Run", "Unreadable", "find", "read"]

#: Folders in which a run keeps its results, with the ending of what lies there.
KINDS = {"labels": "tif", "outlines": "png", "table": "csv", "record": "json"}
#: Relative difference up to which two pixel sizes are one.
SAME_SIZE = 1e-4
#: What is said of an image at which Python ended.
ENDED = (
    "Python ended while it worked on this image, in an earlier run",
    "look at it in Fiji; to try it again, delete its file .begun.json in the results folder record",
)
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CannotKeep(OSError):
    """Results that could not be written: `what` is the matter, and what to `do`."""

    def __init__(self, what, do):
        super().__init__(f"{what}: {do}")
        self.what, self.do = what, do


# --- Find and read ------------------------------------------------------------------------------


def find(folder, results=None):
    """Whatever might be an image in a folder and the folders in it, sorted by name.

    What cannot be read is in the list, too: `read` says why, and nothing is left out in silence.

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
        raise ValueError(f"There is no folder {folder}: {_how_to_name_it(folder)}")
    closed = []  # folders that may not be looked into
    paths = [path for path in _walk(folder, _apart(folder, results), closed) if _has_a_row(path)]
    paths += closed
    if not paths:
        raise ValueError(f"No image lies in {folder}: give the folder in which your images lie.")
    return sorted(paths)


def _how_to_name_it(folder):
    """What to do about a name that leads nowhere."""
    words = str(folder)
    if any(ord(sign) < 32 for sign in words):  # "D:\new" holds a line break
        return 'write an r before the quotation marks, as in r"C:\\new", or / in place of \\.'
    if words.strip("'\"") != words:
        return "leave out the quotation marks inside the name."
    return "check its name, or give the whole path."


def _walk(folder, apart, closed):
    """Whatever lies in a folder and below, linked folders included; a Zarr counts as one file."""
    seen = {folder.resolve()}

    def note(error):
        closed.append(Path(error.filename))

    for place, folders, names in os.walk(folder, followlinks=True, onerror=note):
        here = Path(place)
        whole = [name for name in folders if Path(name).suffix.lower() in kinds.ZARRS]
        inside = [name for name in folders if name not in whole and not name.startswith(".")]
        folders[:] = []
        for name in inside:
            real = (here / name).resolve()
            if real not in seen and real not in apart:  # a link may lead back up
                seen.add(real)
                folders.append(name)
        yield from (here / name for name in [*whole, *names] if not name.startswith("."))


def _has_a_row(path):
    """Whether this might be an image; a link that leads nowhere might."""
    if path.is_file():
        return kinds.might_be_an_image(path)
    return kinds.ending(path) in kinds.ENDINGS and (path.is_symlink() or path.is_dir())


def _apart(folder, results):
    """Folders that hold results of this run or of another, and no images of the reader's."""
    found = [Path(results)] if results is not None else []
    found += [record.parent for record in folder.rglob("record") if _is_of_a_run(record)]
    apart = set()
    for place in map(Path.resolve, found):
        holds_the_images = place in (folder.resolve(), *folder.resolve().parents)
        apart.update((place / kind for kind in KINDS) if holds_the_images else [place])
    return apart


def _is_of_a_run(record):
    """Whether a `Run` has written this folder "record": what lies beside it are its results."""
    return any(record.rglob("*.record.json"))


def as_text(path):
    """A path that can be printed and written, whatever bytes another computer has put into it."""
    return path.as_posix().encode(errors="backslashreplace").decode()


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
        self._problems = {path: ENDED for path in self.paths if self._ended(path)}

    def missing(self):
        """Paths of the images that are not done: new ones, changed ones, those that failed.

        Left out is an image at which Python itself ended in an earlier run: its row says so. To
        find it, a list is returned that keeps a mark beside the results while an image is worked
        on.
        """
        ended = {path for path in self.paths if self._ended(path)}
        return _Marked(self, [p for p in self.paths if p not in ended and not self._record(p)])

    def place(self, path, kind):
        """Path of an image's "labels", "outlines", "table" or "record"."""
        name = self.name(path)  # with its ending: cell.tif and cell.png are two images
        return self.results / kind / f"{name}.{kind}.{KINDS[kind]}"

    def name(self, path):
        """An image's name in tables: with the folders below `folder`."""
        return as_text(Path(path).relative_to(self.folder))

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
        Unreadable
            If the image's name is too long for what is added to it.
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
            write_whole(self.place(path, "labels"), _tiff(labels))
            write_whole(self.place(path, "outlines"), png.getvalue())
            write_whole(self.place(path, "table"), table.to_csv(index=False).encode())
            write_whole(self.place(path, "record"), json.dumps(record, indent=1).encode())
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
            what = f"{type(error).__name__}: {short(error, path)}"
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
        """Side of a pixel in µm, if all images that are done agree on it; else None.

        Two formats may write one microscope's size as 0.325 and 0.32500001: that is one size.
        """
        sizes = [
            side
            for record in filter(None, map(self._record, self.paths))
            for side in record["pixel_size_um"] or [None]
        ]
        if not sizes or None in sizes or max(sizes) > min(sizes) * (1 + SAME_SIZE):
            return None
        return float(f"{statistics.mode(sizes):.6g}")

    def finish(self, card=None):
        """Write objects.csv and files.csv, and the report card if there is one.

        card : dict, optional

        Raises
        ------
        CannotKeep
            If the disk is full or may not be written to. What is done stays done.
        """
        try:
            write_whole(self.results / "objects.csv", self.objects().to_csv(index=False).encode())
            write_whole(self.results / "files.csv", self.table().to_csv(index=False).encode())
            if card is not None:
                text = json.dumps(card, indent=2, ensure_ascii=False)
                write_whole(self.results / "segmentation-card.json", text.encode())
        except OSError as error:
            raise _cannot_keep(error, self.results) from error

    def _mark(self, path):
        """Path of the mark that stays behind where Python ends while it works on an image."""
        return self.results / "record" / f"{self.name(path)}.begun.json"

    def _begin(self, path):
        """Leave the mark."""
        import psutil

        started = psutil.Process().create_time()
        mark = {"sha256": self._hashes[path], "settings": self.settings,
                "computer": platform.node(), "process": [os.getpid(), started]}  # fmt: skip
        with contextlib.suppress(OSError):  # a full disk is named by `keep`
            self._mark(path).parent.mkdir(parents=True, exist_ok=True)
            self._mark(path).write_text(json.dumps(mark), encoding="utf-8")

    def _end(self, path):
        """Take the mark away."""
        with contextlib.suppress(OSError):
            self._mark(path).unlink(missing_ok=True)

    def _ended(self, path):
        """Whether Python ended while it worked on this image, with these settings."""
        try:
            mark = json.loads(self._mark(path).read_text(encoding="utf-8"))
            here, (number, started) = mark["computer"] == platform.node(), mark["process"]
            same = mark["settings"] == self.settings and mark["sha256"] == self._hashes[path]
        except (OSError, ValueError, KeyError):
            return False
        return same and not (here and _is_running(number, started)) and not self._record(path)

    def _record(self, path):
        """What was written about an image that is done with these settings; else None."""
        try:
            record = json.loads(self.place(path, "record").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        same = record["settings"] == self.settings and record["sha256"] == self._hashes[path]
        kept = all(self.place(path, kind).is_file() for kind in ("labels", "outlines", "table"))
        return record if same and kept and self._hashes[path] else None


class _Marked(list):
    """Paths, each marked as begun while it is worked on: whatever ends Python leaves the mark."""

    def __init__(self, run, paths):
        super().__init__(paths)
        self._run = run

    def __iter__(self):
        for path in super().__iter__():
            self._run._begin(path)
            try:
                yield path
            finally:  # also where the loop is left, or interrupted
                self._run._end(path)


def _is_running(number, started):
    """Whether a process is still there, and is the one that was started then."""
    import psutil

    try:
        return abs(psutil.Process(number).create_time() - started) < 1
    except psutil.Error:
        return False


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


def write_whole(path, content):
    """Write bytes so that under this name there is all of it, or what was there before.

    Parameters
    ----------
    path : pathlib.Path
    content : bytes

    Raises
    ------
    OSError
        If it cannot be written. Then, and after an interruption, no half file is left.
    """
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
    if error.errno == errno.ENAMETOOLONG:  # the others can be kept
        return Unreadable("Its name is too long for the names of its results", "shorten it")
    reason = error.strerror or type(error).__name__
    return CannotKeep(
        f"The results cannot be written ({reason})", "choose another folder for results"
    )
