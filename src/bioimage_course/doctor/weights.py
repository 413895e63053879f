"""Are the weights that come with the course as published?"""

import hashlib

from bioimage_course.doctor.finding import Finding

#: Models that come with the course: sub-folders of the weights.
MODELS = ("stardist_nuclei", "cellpose_nuclei", "cellpose_cells")


def weights_findings(folder):
    """What is wrong with the weights in one model's folder: missing, or not as published.

    Parameters
    ----------
    folder : pathlib.Path
        Holds SHA256SUMS, in the format of the command sha256sum, and the files it names.

    Returns
    -------
    list of Finding
    """
    problem = _problem(folder)
    if problem is None:
        return []
    if any((parent / ".git").exists() for parent in folder.parents):
        fix = "in the folder of the course: git restore src/bioimage_course/weights"
    else:
        fix = "install the course again: pip install --force-reinstall --no-deps, then its wheel."
    return [
        Finding(
            f"Weights of {folder.name}: {problem}",
            "a notebook would stop, or quietly give other numbers than its page shows.",
            fix,
        )
    ]


def _problem(folder):
    """One sentence on what is wrong with a weights folder, None if it is as published."""
    sums = folder / "SHA256SUMS"
    if not folder.is_dir():
        return "the folder is missing."
    if not sums.is_file():
        return "the list SHA256SUMS is missing."
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
    entries = [line.split(maxsplit=1) for line in lines if line.strip()]
    if not entries or any(len(entry) != 2 for entry in entries):
        return "the list SHA256SUMS cannot be read."
    for expected, name in entries:
        path = folder / name.lstrip("*")  # sha256sum marks binary files with a star
        if not path.is_file():
            return f"{path.name} is missing."
        if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            return f"{path.name} is damaged (its sha256 differs)."
    return None
