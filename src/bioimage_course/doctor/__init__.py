"""The environment doctor: what is wrong with this computer, why it matters, and the exact fix.

    python -m bioimage_course.doctor              look, and print what is found
    python -m bioimage_course.doctor --network    also whether the sites for downloads answer
    python -m bioimage_course.doctor --report     a text to paste where you ask for help
    python -m bioimage_course.doctor --json       the same for programs

It ends with status 0 if nothing has to be mended, else with 1. Notebook 00 calls the same through
`check.setup()`. Nothing is changed on the computer, and nothing is sent anywhere.
"""

# Each module first reads plain facts, then turns facts into findings by rules, so that every fault
# can be tested without having it. At the top, they import the standard library alone: a package
# that is missing or broken must not keep the doctor from saying so.

from bioimage_course.doctor import path  # isort: skip

path.make_way()  # for all that follows, where a file of yours is called like a module of Python's

import platform  # noqa: E402
from collections import namedtuple  # noqa: E402
from pathlib import Path  # noqa: E402

import bioimage_course  # noqa: E402
from bioimage_course.doctor import (  # noqa: E402
    computer,
    gpu,
    installation,
    libraries,
    network,
)
from bioimage_course.doctor.finding import Finding, first_line, pip_command  # noqa: E402
from bioimage_course.doctor.installation import findings, installed, requirements  # noqa: E402
from bioimage_course.doctor.output import report  # noqa: E402
from bioimage_course.doctor.weights import MODELS  # noqa: E402

__all__ = [
    "MODELS",
    "Finding",
    "examine",
    "findings",
    "installed",
    "machine_facts",
    "report",
    "requirements",
]

#: facts and packages: dict of str to str, to print; findings: list of Finding.
Examination = namedtuple("Examination", ["facts", "packages", "findings"])

#: Packages that are looked at even where it is not known what the course needs.
ASKED = ("numpy", "scikit-image", "matplotlib", "stardist", "tensorflow", "torch")


def _silent(_):
    """Print nothing: what happens unless somebody is there to read it."""


# --- Looking ------------------------------------------------------------------------------------


def examine(*, ask_sites=False, notebook=True, say=_silent, show=_silent):
    """Look at the installation and at this computer.

    Parameters
    ----------
    ask_sites : bool
        Whether to ask the sites that the course can download from.
    notebook : bool
        Whether the fixes are to be pasted into a cell, or else into a terminal.
    say : callable
        Gets a sentence before each step that takes a while.
    show : callable
        Gets facts, a dict of name to words, as soon as they are known.

    Returns
    -------
    Examination
        facts, packages (name to version) and findings.
    """
    say("Looking at the packages, the weights and this computer.")
    problems = []
    card = gpu.nvidia()
    facts = {
        "Course": installation.version_of("bioimage-course") or "not installed",
        **_system_facts(),
        "Disk": computer.gigabytes(computer.free_bytes(Path.cwd())) + " free",
    }
    if card:
        facts["NVIDIA"] = f"{card['name']}, driver {card.get('driver', card.get('error'))}"
    show(facts)
    try:
        needed = installation.requirements()
        pins = installation.pinned() if needed else {}
    except ImportError as error:  # packaging, without which no versions can be compared
        needed, pins = None, {}
        problems.append(_cannot_compare(error, notebook=notebook))
    wanted = needed or {}
    hidden = path.hidden_modules(
        path.first_folders(), {installation.module_of(name) for name in wanted or ASKED}
    )
    problems += path.path_findings(hidden)
    if needed:  # what is hidden is no fault of the installation
        needed = _not_hidden(needed, hidden)
    versions = installation.installed(needed or ASKED)

    say("Loading the images and drawing a figure.")
    images = _answer("images", versions, ("numpy", "scikit-image", "stardist"))
    figures = _answer("figures", versions, ("matplotlib",))
    say(f"Starting TensorFlow: 5 s to a minute, and {libraries.SECONDS} s at most.")
    tensorflow = _answer("tensorflow", versions, ("tensorflow",))
    say("Starting torch, the same way.")
    torch = _answer("torch", versions, ("torch",))
    places = computer.places(images.get("cache"))

    checks = {
        "the installation": lambda: installation.findings(
            versions=versions,
            needed=needed,
            python=installation.running_python(),
            weights=bioimage_course.WEIGHTS_FOLDER,
            broken_imports=None
            if hidden
            else _broken(versions, images=images, tensorflow=tensorflow, torch=torch),
            broken_images=None if hidden else _images_error(images),
            colab=computer.on_colab(),
            pins=pins,
            notebook=notebook,
            system=computer.system(),
        ),
        "the memory": lambda: computer.memory_findings(computer.memory()),
        "the disk": lambda: computer.disk_findings(
            {name: computer.free_bytes(path) for name, path in places.items()}
        ),
        "the right to write": lambda: computer.write_findings(
            {name: (path, computer.write_error(path)) for name, path in places.items()},
            has_temporary=computer.has_temporary(),
        ),
        "symbolic links": lambda: computer.link_findings(computer.link_error(), platform.system()),
        "the figures": lambda: computer.figure_findings(
            {} if hidden else figures, needed=wanted, notebook=notebook
        ),
        "the GPU": lambda: gpu.gpu_findings(
            card=card,
            tensorflow=tensorflow,
            torch=torch,
            system=computer.system(),
            hidden=gpu.hidden_gpus(),
            needed=wanted,
            notebook=notebook,
        ),
    }
    for what, check in checks.items():
        problems += _guarded(what, check)

    more = {
        "TensorFlow": _tensorflow_fact(versions.get("tensorflow"), tensorflow),
        "torch": _torch_fact(versions.get("torch"), torch),
        "Font": figures.get("font", "unknown"),
    }
    if ask_sites:
        errors = {}
        for address in network.SITES:
            host = network.host(address)
            say(f"Asking {host}.")
            errors[address] = network.site_error(address)
            more[host] = errors[address] or "answers"
        problems += network.network_findings(errors)
    show(more)
    packages = {name: version or "missing" for name, version in versions.items()}
    return Examination({**facts, **more}, packages, problems)


def machine_facts():
    """What this computer offers: Python, system, cores, memory, and the GPUs seen."""
    facts = _system_facts()
    for name, title, fact in (
        ("tensorflow", "TensorFlow", _tensorflow_fact),
        ("torch", "torch", _torch_fact),
    ):
        version = installation.version_of(name)
        facts[title] = fact(version, libraries.ask(name) if version else {})
    return facts


def _not_hidden(needed, hidden):
    """The packages that Python finds where they were installed."""
    modules = {module for module, _, _ in hidden}
    return {
        name: versions
        for name, versions in needed.items()
        if installation.module_of(name) not in modules
    }


def _answer(question, versions, packages):
    """What a library answers; {} where a package is missing, which is a finding of its own."""
    if any(versions.get(name) in (None, "0.0.0") for name in packages):
        return {}
    return libraries.ask(question)


def _broken(versions, **answers):
    """Package name to the error of its import: of those asked, and of those without files."""
    broken = installation.without_files(name for name in versions if versions[name])
    for name, answer in answers.items():
        if answer.get("error") and (name != "images" or "package" in answer):
            broken[answer.get("package", name)] = answer["error"]
    return broken


def _images_error(answer):
    if not answer or answer.get("nuclei") == 125 or "package" in answer:
        return None
    return answer.get("error") or f"the annotation holds {answer['nuclei']} nuclei, not 125"


def _guarded(what, check):
    """Findings of a check; if the check itself fails, a note on that, and the others go on."""
    try:
        return check()
    except Exception as error:  # a computer odder than any we thought of
        return [
            Finding(
                f"The check of {what} itself failed: {first_line(error)}",
                "what it would have found is not known; the other checks are not touched.",
                "show the makers of the course what --report prints.",
                stops=False,
            )
        ]


def _cannot_compare(error, *, notebook):
    return Finding(
        f"Versions cannot be compared: {first_line(error)}",
        "packages that do not fit each other are not noticed; scikit-image and others need it too.",
        pip_command('install "packaging"', notebook=notebook),
    )


# --- The facts in words -------------------------------------------------------------------------


def _system_facts():
    memory = computer.memory()
    return {
        "Python": platform.python_version(),
        "System": computer.system(),
        "Cores": computer.cores(),
        "Memory": "unknown"
        if memory is None
        else f"{memory[0] / 2**30:.0f} GB, {memory[1] / 2**30:.0f} GB free",
    }


def _tensorflow_fact(version, answer):
    if version is None or answer.get("error") or not answer:
        return _without_answer(version, answer)
    gpus = answer["gpus"]
    return (
        f"{version}, {f'GPU found ({gpus})' if gpus else 'no GPU: StarDist runs on the processor'}"
    )


def _torch_fact(version, answer):
    if version is None or answer.get("error") or not answer:
        return _without_answer(version, answer)
    gpu = answer["gpu"] or ("Apple MPS" if answer["mps"] else None)
    return f"{version}, {f'GPU found ({gpu})' if gpu else 'no GPU: Cellpose runs on the processor'}"


def _without_answer(version, answer):
    if version is None:
        return "not installed"
    return f"{version}, cannot be imported ({answer.get('error')})"
