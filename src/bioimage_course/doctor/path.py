"""Does Python find what was installed, or something else of the same name that comes first?

A cluster's PYTHONPATH, and files called like the package they import, hide packages that are in
order: installing those again changes nothing. Only `os` and `sys` are imported at the top, since
whatever else is imported may itself be hidden.
"""

import os
import sys

#: Folders below the one you are in from which notebooks start.
NOTEBOOKS = "notebooks"


# --- The facts ----------------------------------------------------------------------------------


def make_way():
    """Let this process find the standard library, though a file of its name lies in front.

    Folders in which such a file lies are moved to the end of `sys.path`.
    """
    hidden = [place for place in list(sys.path) if _hides_the_library(place)]
    for place in hidden:
        sys.path.remove(place)
        sys.path.append(place)


def _hides_the_library(place):
    folder = os.path.abspath(place or os.curdir)
    if os.path.exists(os.path.join(folder, "os.py")):  # the standard library itself
        return False
    return any(module in sys.stdlib_module_names for module, _ in _modules_in(folder))


def first_folders():
    """Folders from which Python takes modules before installed ones: dict of path to why.

    Returns
    -------
    dict of str to "PYTHONPATH", or to "here": the folder you are in, or that of the notebooks
    """
    found = {}
    for place in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        if place:
            found[os.path.abspath(place)] = "PYTHONPATH"
    here = os.getcwd()
    for place in (here, os.path.join(here, NOTEBOOKS)):
        found.setdefault(place, "here")
    return found


def hidden_modules(folders, wanted):
    """What lies in the first folders under the name of a module that is wanted.

    Parameters
    ----------
    folders : dict of str to str
        As `first_folders` returns it.
    wanted : collection of str
        Names of modules of installed packages; those of the standard library count as well.

    Returns
    -------
    list of (str, str, str)
        Module, path of what hides it, and why that comes first.
    """
    found = []
    for folder, why in folders.items():
        if os.path.exists(os.path.join(folder, "os.py")):
            continue
        for module, path in _modules_in(folder):
            if module in wanted or module in sys.stdlib_module_names:
                found.append((module, path, why))
    return found


def _modules_in(folder):
    """(name, path) of the modules and packages in a folder."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        stem, ending = os.path.splitext(name)
        if (ending == ".py" and os.path.isfile(path)) or (
            not ending and os.path.isfile(os.path.join(path, "__init__.py"))
        ):
            yield stem, path


# --- The rules ----------------------------------------------------------------------------------


def path_findings(hidden):
    """Faults of what hides an installed package, or a module of Python's own.

    Parameters
    ----------
    hidden : list of (str, str, str)
        What `hidden_modules` returned.

    Returns
    -------
    list of Finding
        One for each folder of PYTHONPATH, one for each file elsewhere.
    """
    from bioimage_course.doctor.finding import Finding

    problems, by_folder = [], {}
    for module, path, why in hidden:
        if why == "PYTHONPATH":
            by_folder.setdefault(os.path.dirname(path), []).append(module)
            continue
        problems.append(
            Finding(
                f"{path} hides {_kind(module)} {module}.",
                "Python takes the file of that name that comes first, and that is yours. What "
                "imports it gets something else, and stops with errors that name other causes.",
                f"rename {os.path.basename(path)}, delete the folder __pycache__ beside it, and "
                "start again. Nothing has to be installed.",
            )
        )
    for folder, modules in by_folder.items():
        names = ", ".join(modules[:3]) + (", …" if len(modules) > 3 else "")
        come = "comes" if len(modules) == 1 else "come"
        problems.append(
            Finding(
                f"PYTHONPATH names {folder}: {names} {come} from there, not "
                "from the course's environment.",
                "whatever that variable names comes first, whichever environment is active. "
                "Installing again changes nothing.",
                "unset PYTHONPATH (PowerShell: Remove-Item Env:PYTHONPATH), in the terminal from "
                "which you start Jupyter, and start it again. On a cluster, module purge.",
            )
        )
    return problems


def _kind(module):
    return "Python's own module" if module in sys.stdlib_module_names else "the package"
