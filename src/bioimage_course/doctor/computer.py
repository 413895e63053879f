"""Is this computer fit for the course? Memory, disk, the rights to write and to link, fonts.

First what the computer has, as plain facts; then the rules that turn facts into findings, so that
every fault can be tested without having it.
"""

import contextlib
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

from bioimage_course.doctor.finding import Finding, first_line, pip_command

GIGABYTE = 1e9
#: Bytes of memory; a computer sold with 4 GB reports a little less.
TIGHT_MEMORY, LEAST_MEMORY, FREE_MEMORY = 3.6 * GIGABYTE, 1.8 * GIGABYTE, 1.0 * GIGABYTE
#: Bytes of disk: the training images and what the notebooks write take less than 1 GB.
TIGHT_DISK, LEAST_DISK = 1.0 * GIGABYTE, 0.1 * GIGABYTE

#: Where Linux says what a container may use.
CGROUP = Path("/sys/fs/cgroup")


# --- The facts ----------------------------------------------------------------------------------


def cores():
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # where there is it, it knows about containers
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def memory():
    """Memory that this process may use: the machine's, or its container's where that is less.

    Returns
    -------
    (int, int) or None
        All of it and what is free, in bytes; None if it cannot be told.
    """
    try:
        import psutil
    except ImportError:
        return None
    now = psutil.virtual_memory()
    total, free = now.total, now.available
    # A container (JupyterHub, Binder) may take less than the machine has.
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):  # "max": no limit
            most = int((CGROUP / limit).read_text())
            if most < total:
                taken = int((CGROUP / used).read_text())
                total, free = most, min(free, most - taken)
    return total, free


def places(cache=None):
    """Folders that the course writes to, by what they are called.

    Parameters
    ----------
    cache : str, optional
        The folder for downloads, where it is known.

    Returns
    -------
    dict of str to pathlib.Path
        They need not exist yet.
    """
    folders = {"the folder you are in": Path.cwd()}
    with contextlib.suppress(OSError):  # no temporary folder at all: `has_temporary` tells
        folders["the folder for temporary files"] = Path(tempfile.gettempdir())
    if cache:
        folders["the folder for downloads"] = Path(cache)
    with contextlib.suppress(RuntimeError):  # nobody knows where it is
        folders["your home folder"] = Path.home()
    return folders


def has_temporary():
    """Whether any folder for temporary files can be written to."""
    try:
        tempfile.gettempdir()
    except OSError:
        return False
    return True


def _existing(folder):
    """The folder, or the nearest one above it that exists."""
    folder = Path(folder)
    return next((place for place in (folder, *folder.parents) if place.exists()), folder)


def free_bytes(folder):
    """Free bytes on the disk of a folder that need not exist yet; None if it cannot be told."""
    try:
        return shutil.disk_usage(_existing(folder)).free
    except OSError:
        return None


def write_error(folder):
    """Why nothing can be written in a folder, or where it would be made; None if something can."""
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)) as file:
            file.write(b"bioimage_course")
    except OSError as error:
        return error.strerror or first_line(error)
    return None


def link_error():
    """Why no symbolic link can be made (on Windows, WinError 1314); None if one can."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.symlink("target", Path(folder) / "link", target_is_directory=True)
    except (OSError, NotImplementedError) as error:
        return first_line(error)
    return None


def on_colab():
    """Whether this runs on Google Colab, in a notebook or in its terminal."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def system():
    """Such as "Linux x86_64"."""
    return f"{platform.system()} {platform.machine()}"


# --- The rules ----------------------------------------------------------------------------------


def memory_findings(memory):
    """Notes or a fault on the memory.

    Parameters
    ----------
    memory : (int, int) or None
        All of it and what is free, in bytes; None, if that is not known, is no finding.

    Returns
    -------
    list of Finding
    """
    if memory is None:
        return []
    total, free = memory
    if total < LEAST_MEMORY:
        return [
            Finding(
                f"This computer has {gigabytes(total)} of memory for you.",
                "a notebook with a network needs about 2 GB; with less, its kernel is killed.",
                "use Colab, another computer, or ask whoever runs this server for 4 GB.",
            )
        ]
    if total < TIGHT_MEMORY:
        return [
            Finding(
                f"This computer has {gigabytes(total)} of memory for you.",
                "one notebook fits, two may not: the kernel is then killed without a message.",
                "open one notebook at a time, and shut its kernel down before the next.",
                stops=False,
            )
        ]
    if free < FREE_MEMORY:
        return [
            Finding(
                f"Only {gigabytes(free)} of {gigabytes(total)} memory are free.",
                "a notebook with a network needs about 2 GB.",
                "shut down the kernels of other notebooks, and close programs you do not need.",
                stops=False,
            )
        ]
    return []


def disk_findings(free):
    """Notes or faults on the disk, one for all places on the same one.

    Parameters
    ----------
    free : dict of str to int or None
        Name of a place to the free bytes there; None if that is not known.

    Returns
    -------
    list of Finding
    """
    problems, seen = [], set()
    for place, size in free.items():
        if size is None or size >= TIGHT_DISK or size in seen:  # the same size: the same disk
            continue
        seen.add(size)
        problems.append(
            Finding(
                f"Only {gigabytes(size)} of disk are free in {place}.",
                "results, downloads and trained models may not fit, and are then lost.",
                "free at least 1 GB: empty the bin, or delete what pip keeps: pip cache purge",
                stops=size < LEAST_DISK,
            )
        )
    return problems


def write_findings(errors, *, has_temporary=True):
    """Faults of folders that cannot be written to.

    Parameters
    ----------
    errors : dict of str to (pathlib.Path, str or None)
        Name of a place, as `places` calls it, to its path and what `write_error` returned.
    has_temporary : bool
        Whether there is any folder for temporary files.

    Returns
    -------
    list of Finding
    """
    elsewhere = {
        "the folder you are in": (
            "notebooks write their results beside themselves.",
            "copy the course's folder to a place of your own and start Jupyter there.",
        ),
        "the folder for temporary files": (
            "figures, downloads and links are first made there.",
            "set TMPDIR (on Windows: TEMP) to a folder you may write to.",
        ),
        "the folder for downloads": (
            "only the training images are kept there; all else works without.",
            "set BIOIMAGE_COURSE_CACHE to a folder you may write to.",
        ),
        "your home folder": (
            "Jupyter, Cellpose, Keras and matplotlib keep settings and published models there. "
            "The course's own weights do without.",
            "set HOME to a folder you may write to before you start Jupyter; or, one by one, "
            "CELLPOSE_LOCAL_MODELS_PATH, KERAS_HOME, MPLCONFIGDIR, IPYTHONDIR and "
            "JUPYTER_RUNTIME_DIR. A full quota? Delete ~/.cache.",
        ),
    }
    problems = []
    if not has_temporary:
        why, fix = elsewhere["the folder for temporary files"]
        problems.append(Finding("No folder for temporary files can be written to.", why, fix))
    for place, (path, error) in errors.items():
        if error:
            why, fix = elsewhere[place]
            problems.append(
                Finding(
                    f"Nothing can be written in {place}, {path}: {error}",
                    why,
                    fix,
                    stops=place not in ("the folder for downloads", "your home folder"),
                )
            )
    return problems


def link_findings(error, system):
    """A note if no symbolic link can be made, as on Windows without Developer Mode.

    Parameters
    ----------
    error : str or None
        What `link_error` returned.
    system : str
        Such as "Windows".

    Returns
    -------
    list of Finding
    """
    if not error:
        return []
    developer = ", or switch on Developer Mode (Settings, For developers)"
    fix = (
        "nothing for the course. A published model has arrived all the same: load it with "
        'StarDist2D(None, name="2D_versatile_fluo_extracted", basedir=Path.home() / '
        '".keras/models/StarDist2D/2D_versatile_fluo")'
        f"{developer if system == 'Windows' else ''}."
    )
    return [
        Finding(
            f"This account may not make symbolic links: {error}",
            "StarDist2D.from_pretrained makes one, through csbdeep, and stops (on Windows with "
            "WinError 1314). The course's weights are read from a folder and need none.",
            fix,
            stops=False,
        )
    ]


def figure_findings(answer, *, needed, notebook):
    """Faults of figures.

    Parameters
    ----------
    answer : dict
        What `libraries.ask("figures")` returned; {} if it was not asked.
    needed : dict of str to str
        Package name to the versions that will do.
    notebook : bool
        Whether the fixes are to be pasted into a cell.

    Returns
    -------
    list of Finding
    """
    wanted = needed.get("matplotlib", "")
    again = pip_command(
        f'install --force-reinstall --no-deps "matplotlib{wanted}"', notebook=notebook
    )
    if answer.get("error"):
        return [
            Finding(
                f"Figures cannot be drawn: {answer['error']}",
                "every notebook shows its results as figures.",
                again,
            )
        ]
    if answer.get("missing"):
        return [
            Finding(
                f"The font {answer['font']} lacks signs that the figures use, such as µ and ².",
                "labels of axes show empty boxes in their place.",
                f"delete the folder {answer['cache']}, where matplotlib keeps its list of fonts; "
                f"if that does not help: {again}",
                stops=False,
            )
        ]
    return []


def gigabytes(size):
    """A number of bytes to read; None: unknown."""
    return "unknown" if size is None else f"{size / GIGABYTE:.1f} GB"
