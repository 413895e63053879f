"""Is the course installed as it should be? Python, the packages, the weights, the images.

`findings` holds the rules and takes plain facts, so that every fault can be tested without having
it. Only the standard library is imported at the top: a package that is missing must not keep this
module from saying so.
"""

import contextlib
import importlib.util
import sys
from importlib import metadata
from pathlib import Path

from bioimage_course.doctor.finding import Finding, pip_command
from bioimage_course.doctor.weights import MODELS, weights_findings

#: Python versions for which StarDist, TensorFlow and scikit-image are built.
PYTHONS = ((3, 11), (3, 12), (3, 13))

#: From here on TensorFlow asks for a numpy that Cellpose 3 refuses, though it runs with it.
PAST_CELLPOSE_LIMIT = (3, 13)

#: Systems for which TensorFlow and torch come as packages, as in setup_env.py.
COMPUTERS = ("Linux x86_64", "Linux aarch64", "Darwin arm64", "Windows AMD64")

#: The packages that exist for these alone.
NETWORKS = ("tensorflow", "torch")

#: TensorFlow comes under several names; any of them will do.
TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")

#: The versions with which the course was tested: what `make lock` takes from requirements.txt.
PINS = Path(__file__).with_name("pins.txt")


# --- The rules ----------------------------------------------------------------------------------


def findings(
    *,
    versions,
    needed,
    python,
    weights,
    broken_imports=None,
    broken_images=None,
    colab=False,
    pins=None,
    notebook=True,
    system="",
):
    """What is wrong with an installation that these facts describe.

    Parameters
    ----------
    versions : dict of str to str or None
        Package name to installed version, None if it is not installed.
    needed : dict of str to str, or None
        Package name to the versions that will do, such as ">=2.0,<2.1". None: no versions can be
        compared, so none are.
    python : (int, int)
    weights : pathlib.Path
        Folder with one sub-folder per model, each with its SHA256SUMS.
    broken_imports : dict of str to str, optional
        Package name to the error its import raised.
    broken_images : str, optional
        The error that loading the course's images raised.
    colab : bool
        Colab brings its own Python and numpy, tried with this course: neither is a fault there.
    pins : dict of str to str, optional
        Package name to the one version the course was tested with.
    notebook : bool
        Whether the fixes are to be pasted into a cell, or else into a terminal.
    system : str
        Such as "Darwin x86_64": whether there are packages for this computer at all.

    Returns
    -------
    list of Finding
        Empty if all is well.
    """
    problems = _computer_findings(system, versions)
    if problems:  # no command would bring them
        versions = {name: version for name, version in versions.items() if name not in NETWORKS}
        needed = {name: needed[name] for name in needed or {} if name not in NETWORKS}
    if not colab:
        problems += _python_findings(python)
    if needed is None:
        needed = {}
    elif not needed:
        problems.append(
            Finding(
                "bioimage_course is on the path but not installed for the Python that runs this.",
                "this is another Python than the course's, or the set-up is not complete.",
                "use the Python in the course's folder .venv. If there is none, run make serve "
                "there (on Windows: py setup_env.py).",
            )
        )
    missing = [name for name in needed if versions.get(name) is None]
    if len(missing) > 3:
        problems.append(_many_missing(missing, needed=needed, python=python, notebook=notebook))
    for name, wanted in needed.items():
        if name in missing and len(missing) > 3:
            continue
        problems += _package_findings(
            name, versions.get(name), wanted, python=python, colab=colab, notebook=notebook
        )
    problems += _numpy_findings(
        versions, needed=needed, python=python, colab=colab, notebook=notebook
    )
    for name, error in (broken_imports or {}).items():
        if versions.get(name):  # a package that is not there has been reported above
            problems.append(
                Finding(
                    f"{name} {versions[name]} is installed but cannot be imported: {error}",
                    "no model runs without it."
                    if name in ("tensorflow", "torch")
                    else "a notebook needs it.",
                    _mend_import(name, error, needed=needed, notebook=notebook),
                )
            )
    if broken_images and versions.get("stardist") not in (None, "0.0.0"):
        problems.append(
            Finding(
                f"The course's images cannot be loaded: {broken_images}",
                "every notebook works on them; they come inside the stardist package.",
                _install("stardist", needed, notebook=notebook, force=True),
            )
        )
    if pins and not colab:
        problems += _pin_findings(versions, needed=needed, pins=pins, notebook=notebook)
    for model in MODELS:
        problems += weights_findings(weights / model)
    return problems


def _computer_findings(system, versions):
    """A computer for which nobody builds TensorFlow and torch, where they are missing."""
    if system in ("", *COMPUTERS) or all(versions.get(name) for name in NETWORKS):
        return []
    what = "Macs with an Intel processor" if system == "Darwin x86_64" else f"{system} computers"
    return [
        Finding(
            f"There are no packages of TensorFlow and torch for {what}.",
            "no model runs without them. pip finds older versions at best, which do not fit the "
            "others; the network is not to blame, and a new Python does not help.",
            "use Colab, or another computer: the page Set up says how. The pages and their figures "
            "work here.",
        )
    ]


def _python_findings(python):
    if python in PYTHONS:
        return []
    if python < min(PYTHONS):
        why = "scikit-image 0.26 and other packages of the course have no release for it."
    else:
        why = (
            "no StarDist is ready for it: pip has to compile one, and where it may not, takes an "
            "empty placeholder, stardist 0.0.0."
        )
    return [
        Finding(
            f"Python {python[0]}.{python[1]} does not work with this course.",
            why,
            "install Python 3.12, delete the folder .venv, and set up again.",
        )
    ]


def _many_missing(names, *, needed, python, notebook):
    """One finding for all, with one command: pip then looks for versions that fit each other."""
    all_of_them = " ".join(f'"{name}{needed[name]}"' for name in names)
    fix = "use the Python in the course's folder .venv"
    if python >= PAST_CELLPOSE_LIMIT:  # pip would find none that fit
        fix += ". If there is none, run make serve there (on Windows: py setup_env.py)."
    else:
        fix += f"; or, into this one: {_pasted(f'install {all_of_them}', notebook=notebook)}"
    return Finding(
        f"{len(names)} packages are not installed: {', '.join(names)}.",
        "the notebooks need them; this is another Python than the course's, or half a set-up.",
        fix,
    )


def _package_findings(name, version, wanted, *, python, colab, notebook):
    """Missing, known to be wrong, or merely another version than the one tried."""
    from packaging.version import InvalidVersion, Version

    alone = name == "cellpose" and python >= PAST_CELLPOSE_LIMIT
    install = _install(name, {name: wanted}, notebook=notebook, alone=alone)
    if version is None:
        return [Finding(f"{name} is not installed.", "a notebook needs it.", install)]
    try:
        parsed = Version(version)
    except InvalidVersion:
        return [
            Finding(
                f"{name} is only half installed: its version reads {version!r}.",
                "a notebook needs it, and pip cannot tell what is there.",
                _install(name, {name: wanted}, notebook=notebook, force=True),
            )
        ]
    if name == "stardist" and parsed == Version("0.0.0"):
        on_old_python = python in PYTHONS or colab
        return [
            Finding(
                "stardist 0.0.0 is an empty placeholder, not StarDist.",
                "nothing in it runs. pip takes it where no StarDist is ready, as on Python 3.14, "
                "and it may not compile one, or where none fits the other packages asked for.",
                install if on_old_python else f"install Python 3.12, then: {install}",
            )
        ]
    if name == "cellpose" and parsed.major >= 4:
        return [
            Finding(
                f"cellpose {version} is another network.",
                "the course explains the U-Net of Cellpose 3; version 4 cannot load its weights.",
                install,
            )
        ]
    if _fits(version, wanted) or colab or name == "numpy":  # numpy has its own rule below
        return []
    return [
        Finding(
            f"{name} {version} is installed; the course was tried with {name}{wanted}.",
            "it may well work, but numbers and pictures can differ from the pages.",
            f"only if something fails: {install}",
            stops=False,
        )
    ]


def _numpy_findings(versions, *, needed, python, colab, notebook):
    """Cellpose 3, or on newer Pythons TensorFlow, and numpy must fit each other."""
    numpy, cellpose = versions.get("numpy"), versions.get("cellpose")
    if colab or numpy is None or not needed or _fits(numpy, needed.get("numpy", "")):
        return []
    beside = f" beside cellpose {cellpose}" if cellpose else ""
    why = "Cellpose 3 requires numpy below 2.1"
    if python >= PAST_CELLPOSE_LIMIT:
        why = "TensorFlow requires numpy 2.1 or newer here, and the course was tried with 2.1"
    return [
        Finding(
            f"numpy {numpy} is installed{beside}.",
            f"{why}; pip may replace either without asking.",
            _install("numpy", needed, notebook=notebook),
        )
    ]


def _pin_findings(versions, *, needed, pins, notebook):
    """Versions that are allowed, but are not those of the lock: one note for all of them."""
    other = {
        name: (version, pins[name])
        for name, version in versions.items()
        if name in pins
        and version
        and _fits(version, needed.get(name, ""))
        and not _fits(version, f"=={pins[name]}")
    }
    if not other:
        return []
    names = ", ".join(f"{name} {here} (tested: {pin})" for name, (here, pin) in other.items())
    exact = " ".join(f'"{name}=={pin}"' for name, (_, pin) in other.items())
    return [
        Finding(
            f"Other versions than those of the lock: {names}.",
            "they are allowed, but the pages were made with the tested ones.",
            f"only if something fails: {_pasted(f'install {exact}', notebook=notebook)}",
            stops=False,
        )
    ]


def _fits(version, specifier):
    from packaging.specifiers import SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(specifier).contains(Version(version), prereleases=True)
    except InvalidVersion:  # reported by _package_findings
        return True


def _mend_import(name, error, *, needed, notebook):
    """The fix for a library that does not start, by what it said."""
    again = _install(name, needed, notebook=notebook, force=True)
    if "SIGILL" in error:  # the processor met an instruction it does not know
        return "this processor is too old for it (it lacks AVX): use Colab or another computer."
    if "DLL load failed" in error:
        return (
            "install Microsoft's Visual C++ Redistributable (x64) and restart the computer; "
            f"if that does not help: {again}"
        )
    if "no answer" in error:
        return f"look once more, as the first start is the slowest; if it stays so: {again}"
    return again


def _install(name, needed, *, notebook, force=False, alone=False):
    # --no-deps: else pip would bring the newest numpy along, and break Cellpose.
    option = "--force-reinstall --no-deps " if force else "--no-deps " if alone else ""
    distribution = _distribution(name) if force else name
    return _pasted(f'install {option}"{distribution}{needed.get(name, "")}"', notebook=notebook)


def _pasted(arguments, *, notebook):
    command = pip_command(arguments, notebook=notebook)
    return f"{command} in a new cell." if notebook else command


# --- The facts ----------------------------------------------------------------------------------


def requirements():
    """Package name to the versions the course needs, as its own metadata say; {} if unknown."""
    try:
        lines = metadata.requires("bioimage-course") or []
    except metadata.PackageNotFoundError:
        return {}
    from packaging.requirements import Requirement

    needed = {}
    for requirement in map(Requirement, lines):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name == "jupyterlab":  # whatever shows you this notebook will do
            continue
        # Written lower bound first: >=2.0,<2.1.
        specifiers = sorted(map(str, requirement.specifier), reverse=True)
        needed[_one_name(requirement.name)] = ",".join(specifiers)
    return needed


def pinned():
    """Package name to the version tested, for this Python and system; {} if that is unknown."""
    from packaging.requirements import Requirement

    if not PINS.is_file():
        return {}
    pins = {}
    for line in PINS.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate():
            pins[_one_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return pins


def running_python():
    """The version of the Python that runs this, such as (3, 12)."""
    return sys.version_info[:2]


def installed(names):
    """Package name to installed version, None if it is not installed; nothing is imported."""
    return {name: version_of(name) for name in names}


def version_of(name):
    """The installed version of a package, None if it is not installed."""
    for alias in TENSORFLOWS if name == "tensorflow" else (name,):
        try:
            return metadata.version(alias)
        except (metadata.PackageNotFoundError, KeyError):  # KeyError: metadata without a version
            continue
    return None


def _distribution(name):
    """Under which name a package is installed: TensorFlow has several."""
    if name == "tensorflow":
        for alias in TENSORFLOWS:
            with contextlib.suppress(metadata.PackageNotFoundError):
                metadata.distribution(alias)
                return alias
    return name


def module_of(name):
    """What a package is called where it is imported."""
    return "skimage" if name == "scikit-image" else name.replace("-", "_")


def without_files(names):
    """Package name to a word on it, for packages that are listed as installed but have no code."""
    lost = {}
    for name in names:
        module = module_of(name)
        try:
            here = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            here = None
        if here is None and module not in sys.modules:
            lost[name] = "its files are missing"
    return lost


def _one_name(name):
    return "tensorflow" if name in TENSORFLOWS else name
