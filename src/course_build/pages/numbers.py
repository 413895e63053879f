"""Put numbers that scripts measured into pages: {{ scores.stardist_nuclei.images }}."""

import json
import re

from course_build import ROOT, Stop
from course_build.pages.links import CODE, outside_code

NUMBER = re.compile(r"\{\{(.*?)\}\}", re.S)
#: Beside the figures: what trainings and builds measured.
MEASURED = ("training/results", "src/course_build/measured")
EXPRESSION = re.compile(r"\s*(\w+)((?:\.\w+)+)\s*(?:\|\s*([.,]?\d*[dfgse%]?)\s*)?")


def load(root=ROOT):
    """Read what figures, trainings and builds measured.

    Parameters
    ----------
    root : pathlib.Path
        The repository. A figure's data.json is called as its folder, others as their file.

    Returns
    -------
    dict str -> dict

    Raises
    ------
    Stop
        If a file cannot be read, or two have one name.
    """
    sources = [(path.parent.name, path) for path in sorted(root.glob("figures/*/data.json"))]
    for folder in MEASURED:
        sources += [(path.stem, path) for path in sorted((root / folder).glob("*.json"))]
    values, origin = {}, {}
    for name, path in sources:
        if name in origin:
            raise Stop(f"{path}: the name {name!r} is taken by {origin[name]}")
        try:
            values[name] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise Stop(f"{path}: not JSON that can be read ({error})") from error
        origin[name] = path
    return values


def fill(markdown, values, where):
    """Replace every {{ name.dotted.path | format }} outside code; stop on an unknown one.

    Stop on a known one inside code, too: there it would stay as it is.
    """

    def number(match):
        written = match.group()
        expression = EXPRESSION.fullmatch(match[1])
        if not expression:
            raise Stop(f"{where}: cannot read {written}: write {{{{ name.path | .2f }}}}")
        name, path, style = expression.groups()
        value = values.get(name)
        for key in path.split(".")[1:]:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict | list):
            raise Stop(f"{where}: {written} names no number: see figures/*/data.json")
        try:
            return format(value, style or "")
        except ValueError as error:
            raise Stop(f"{where}: {written}: {error}") from error

    for code in CODE.finditer(markdown):
        for written in NUMBER.finditer(code[0]):
            expression = EXPRESSION.fullmatch(written[1])
            if expression and expression[1] in values:
                raise Stop(f"{where}: {written[0]} would stay as it is: use <code>, not `")
    return outside_code(markdown, lambda part: NUMBER.sub(number, part))
