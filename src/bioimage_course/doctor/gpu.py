"""Is there an NVIDIA card or a Mac's GPU, and do the libraries use it? The course runs without."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from bioimage_course.doctor.finding import Finding, pip_command


def nvidia():
    """Look for a card of NVIDIA's, through its driver and, on Linux, on the bus.

    Returns
    -------
    dict or None
        "name" and "driver" of the card; "name" and "error" if it has no working driver.
    """
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


def gpu_findings(*, card, tensorflow, torch, system, hidden, needed, notebook):
    """Notes on a GPU that is there and not used; the course runs without.

    Parameters
    ----------
    card : dict or None
        What `nvidia` returns.
    tensorflow, torch : dict
        What `libraries.ask` returns of each; {} if the library is missing.
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
    if system == "Darwin arm64":
        if torch and not torch.get("error") and not torch["mps"]:
            return [_note("torch does not see the Mac's GPU (MPS).", "update macOS, and restart.")]
        return []
    if card is None:
        return []
    if "error" in card:
        return [
            _note(
                f"{card['name']}: its driver does not work ({card['error']}).",
                "install or update NVIDIA's driver, and restart the computer.",
            )
        ]
    if hidden is not None:
        return [
            _note(
                f"The {card['name']} is hidden: CUDA_VISIBLE_DEVICES is {hidden!r}.",
                "remove this variable where you set it, and start Jupyter again.",
            )
        ]
    windows = system.startswith("Windows")
    notes = []
    if tensorflow and not tensorflow.get("error") and not tensorflow["gpus"]:
        why, fix = _tensorflow_without_gpu(tensorflow, windows, needed, notebook)
        notes.append(_note(f"TensorFlow does not see the {card['name']}: {why}.", fix))
    if torch and not torch.get("error") and not torch["gpu"]:
        why, fix = _torch_without_gpu(torch, windows, needed, notebook)
        notes.append(_note(f"torch does not see the {card['name']}: {why}.", fix))
    return notes


def _note(what, fix):
    why = "the course runs on the processor; a GPU only makes it faster."
    return Finding(what, why, fix, stops=False)


def _tensorflow_without_gpu(tensorflow, windows, needed, notebook):
    """(why TensorFlow does not see the card, the fix)."""
    version = needed.get("tensorflow", "")
    with_cuda = pip_command(f'install "tensorflow[and-cuda]{version}"', notebook=notebook)
    if windows:
        return (
            "TensorFlow has no GPU support on Windows since version 2.11",
            "use WSL2 (Linux inside Windows), and set the course up there as on Linux.",
        )
    if not tensorflow["cuda"]:
        away = pip_command("uninstall -y tensorflow-cpu", notebook=notebook)
        return "this TensorFlow is the build for processors", f"{away} and then {with_cuda}"
    return (
        "NVIDIA's libraries for it are missing, or the driver is too old",
        f"{with_cuda}; if that does not help, update NVIDIA's driver.",
    )


def _torch_without_gpu(torch, windows, needed, notebook):
    """(why torch does not see the card, the fix)."""
    if torch["cuda"]:
        why = torch["why_not"] or "it does not say why"
        return why, "update NVIDIA's driver, and restart the computer."
    why = "this torch is the build for processors"
    if windows:
        return why, "install the build that pytorch.org/get-started/locally names, or use WSL2."
    away = pip_command("uninstall -y torch", notebook=notebook)
    plain = pip_command(f'install "torch{needed.get("torch", "")}"', notebook=notebook)
    return why, f"{away} and then {plain}"
