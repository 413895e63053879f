"""Is this computer fit for the course? Memory, disk, rights, fonts, GPUs and, if wanted, network.

First what the computer has, as plain facts; then the rules that turn facts into findings, so that
every fault can be tested without having it.
"""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

from bioimage_course.installation import Finding, pip_command
from bioimage_course.libraries import first_line

GIGABYTE = 1e9
#: Bytes of memory; a computer sold with 4 GB reports a little less.
TIGHT_MEMORY, LEAST_MEMORY, FREE_MEMORY = 3.6 * GIGABYTE, 1.8 * GIGABYTE, 1.0 * GIGABYTE
#: Bytes of disk: the training images and what the notebooks write take less than 1 GB.
TIGHT_DISK, LEAST_DISK = 1.0 * GIGABYTE, 0.1 * GIGABYTE

#: Where Linux says what a container may use.
CGROUP = Path("/sys/fs/cgroup")

#: Addresses that the course can download from, and what comes from there.
SITES = {
    "https://github.com/stardist/stardist/releases/download/0.1.0/dsb2018.zip": (
        "the training images, and StarDist's published models"
    ),
    "https://www.cellpose.org/models/cyto3": "Cellpose's published models",
    "https://huggingface.co/mouseland/cellpose-sam": "the weights of Cellpose-SAM (notebook 14)",
}


# --- The facts ----------------------------------------------------------------------------------


def cores():
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # where there is it, it knows about containers
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def memory():
    """(all, free) memory in bytes that this process may use; None if it cannot be told."""
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
    """Folders that the course writes to, by what they are called: paths that may not exist yet.

    cache : str or None; the folder for downloads, where it is known
    """
    found = {"the folder you are in": Path.cwd()}
    with contextlib.suppress(OSError):  # no temporary folder at all: `has_temporary` tells
        found["the folder for temporary files"] = Path(tempfile.gettempdir())
    if cache:
        found["the folder for downloads"] = Path(cache)
    return found


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


def nvidia():
    """NVIDIA's card: {"name", "driver"}; {"name", "error"} without a working driver; else None."""
    command = shutil.which("nvidia-smi")
    error = "no driver is installed"
    if command:
        try:
            done = subprocess.run(
                [command, "--query-gpu=name,driver_version", "--format=csv,noheader"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=20,
            )
            lines = done.stdout.strip().splitlines()
            if done.returncode == 0 and lines and "," in lines[0]:
                name, driver = lines[0].rsplit(",", 1)
                return {"name": name.strip(), "driver": driver.strip()}
            error = lines[0] if lines else "its driver does not answer"
        except (OSError, subprocess.TimeoutExpired):
            error = "its driver does not answer"
    if _nvidia_is_built_in():
        return {"name": "NVIDIA card", "error": error}
    return None


def _nvidia_is_built_in(devices=Path("/sys/bus/pci/devices")):
    """Whether Linux lists a display adapter (class 03…) of NVIDIA's (vendor 0x10de)."""
    for device in devices.glob("*"):
        with contextlib.suppress(OSError):
            vendor, kind = ((device / name).read_text() for name in ("vendor", "class"))
            if vendor.strip() == "0x10de" and kind.startswith("0x03"):
                return True
    return False


def hidden_gpus():
    """What CUDA_VISIBLE_DEVICES says, if it hides every card; else None."""
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    return value if value is not None and value.strip() in ("", "-1") else None


def site_error(address, *, seconds=10):
    """Why a web address cannot be reached; None if its site answers, whatever it answers."""
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=seconds):
            return None
    except urllib.error.HTTPError as error:
        if error.code == 407:
            return "the proxy asks for a name and a password"
        return None
    except urllib.error.URLError as error:
        return str(error.reason)
    except (OSError, ValueError) as error:
        return first_line(error)


def on_colab():
    """Whether this runs on Google Colab, in a notebook or in its terminal."""
    return "google.colab" in sys.modules or "COLAB_RELEASE_TAG" in os.environ


def system():
    """Such as "Linux x86_64"."""
    return f"{platform.system()} {platform.machine()}"


# --- The rules ----------------------------------------------------------------------------------


def memory_findings(memory):
    """Notes or a fault on (all, free) memory in bytes; None: unknown, which is no finding."""
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
    """Notes or faults on free bytes by the name of the place; None: unknown."""
    found, seen = [], set()
    for place, size in free.items():
        if size is None or size >= TIGHT_DISK or size in seen:  # the same size: the same disk
            continue
        seen.add(size)
        found.append(
            Finding(
                f"Only {gigabytes(size)} of disk are free in {place}.",
                "results, downloads and trained models may not fit, and are then lost.",
                "free at least 1 GB: empty the bin, or delete what pip keeps: pip cache purge",
                stops=size < LEAST_DISK,
            )
        )
    return found


def write_findings(errors, *, has_temporary=True):
    """Faults of folders: name of the place to (path, why nothing can be written there, or None)."""
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
    }
    found = []
    if not has_temporary:
        why, fix = elsewhere["the folder for temporary files"]
        found.append(Finding("No folder for temporary files can be written to.", why, fix))
    for place, (path, error) in errors.items():
        if error:
            why, fix = elsewhere[place]
            found.append(
                Finding(
                    f"Nothing can be written in {place}, {path}: {error}",
                    why,
                    fix,
                    stops=place != "the folder for downloads",
                )
            )
    return found


def link_findings(error, system):
    """A note if no symbolic link can be made, as on Windows without Developer Mode."""
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
    """Faults of figures, from what the question "figures" was answered; {}: not asked."""
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


def gpu_findings(*, card, tensorflow, torch, system, hidden, needed, notebook):
    """Notes on a GPU that is there and not used; the course runs without.

    Parameters
    ----------
    card : dict or None
        What `computer.nvidia` returns.
    tensorflow, torch : dict
        What `computer.ask` returns; {} if the library is missing.
    system : str
        Such as "Linux x86_64".
    hidden : str or None
        What CUDA_VISIBLE_DEVICES says, if it hides every card.
    needed : dict of str to str
        Package name to the versions that will do.
    notebook : bool
        Whether the fixes are to be pasted into a cell.

    Returns
    -------
    list of Finding
    """
    why = "the course runs on the processor; a GPU only makes it faster."

    def note(what, fix):
        return Finding(what, why, fix, stops=False)

    def pip(arguments):
        return pip_command(arguments, notebook=notebook)

    if system == "Darwin arm64":
        if torch and not torch.get("error") and not torch["mps"]:
            return [note("torch does not see the Mac's GPU (MPS).", "update macOS, and restart.")]
        return []
    if card is None:
        return []
    if "error" in card:
        return [
            note(
                f"{card['name']}: its driver does not work ({card['error']}).",
                "install or update NVIDIA's driver, and restart the computer.",
            )
        ]
    if hidden is not None:
        return [
            note(
                f"The {card['name']} is hidden: CUDA_VISIBLE_DEVICES is {hidden!r}.",
                "remove this variable where you set it, and start Jupyter again.",
            )
        ]
    found = []
    if tensorflow and not tensorflow.get("error") and not tensorflow["gpus"]:
        wanted = needed.get("tensorflow", "")
        cuda = pip(f'install "tensorflow[and-cuda]{wanted}"')
        if system.startswith("Windows"):
            what = "TensorFlow has no GPU support on Windows since version 2.11"
            fix = "use WSL2 (Linux inside Windows), and set the course up there as on Linux."
        elif not tensorflow["cuda"]:
            what = "this TensorFlow is the build for processors"
            fix = f"{pip('uninstall -y tensorflow-cpu')} and then {cuda}"
        else:
            what = "NVIDIA's libraries for it are missing, or the driver is too old"
            fix = f"{cuda}; if that does not help, update NVIDIA's driver."
        found.append(note(f"TensorFlow does not see the {card['name']}: {what}.", fix))
    if torch and not torch.get("error") and not torch["gpu"]:
        if torch["cuda"]:
            what = torch["why_not"] or "it does not say why"
            fix = "update NVIDIA's driver, and restart the computer."
        elif system.startswith("Windows"):
            what = "this torch is the build for processors"
            fix = "install the build that pytorch.org/get-started/locally names, or use WSL2."
        else:
            what = "this torch is the build for processors"
            torch_wanted = needed.get("torch", "")
            plain = pip(f'install "torch{torch_wanted}"')
            fix = f"{pip('uninstall -y torch')} and then {plain}"
        found.append(note(f"torch does not see the {card['name']}: {what}.", fix))
    return found


def network_findings(errors):
    """Notes on sites that do not answer: address to why, None if it answers."""
    return [
        Finding(
            f"{host(address)} cannot be reached: {error}",
            f"from there come {SITES.get(address, 'downloads')}. All else works offline.",
            _mend_network(error),
            stops=False,
        )
        for address, error in errors.items()
        if error
    ]


def _mend_network(error):
    if "CERTIFICATE" in error.upper():
        return "ask your IT for the certificate of its proxy; set SSL_CERT_FILE to that file."
    if "proxy" in error.lower():
        return "ask your IT for the proxy's address; set HTTPS_PROXY to it."
    return (
        "connect to the network. Behind a proxy, set HTTPS_PROXY to its address; else load the "
        "file on another computer: Set up says where to put it."
    )


def gigabytes(size):
    """A number of bytes to read; None: unknown."""
    return "unknown" if size is None else f"{size / GIGABYTE:.1f} GB"


def host(address):
    """The name of a site in an address."""
    return address.split("/")[2]
