"""Put numbers that scripts measured into pages: {{ scores.stardist_nuclei.images }}."""

import json
import re

from mkdocs.exceptions import PluginError

from repository_links import outside_code

NUMBER = re.compile(r"\{\{(.*?)\}\}", re.S)
EXPRESSION = re.compile(r"\s*(\w+)((?:\.\w+)+)\s*(?:\|\s*([.,]?\d*[dfgse%]?)\s*)?")


def load(folders):
    """Read every JSON file in `folders`: {stem: content}."""
    values, origin = {}, {}
    for path in sorted(path for folder in folders for path in folder.glob("*.json")):
        if path.stem in origin:
            raise PluginError(f"{path}: the name {path.stem!r} is taken by {origin[path.stem]}")
        try:
            values[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise PluginError(f"{path}: not JSON that can be read ({error})") from error
        origin[path.stem] = path
    return values


def fill(markdown, values, where):
    """Replace every {{ name.dotted.path | format }} outside code; stop on an unknown one."""

    def number(match):
        written = match.group()
        expression = EXPRESSION.fullmatch(match[1])
        if not expression:
            raise PluginError(f"{where}: cannot read {written}: write {{{{ name.path | .2f }}}}")
        name, path, style = expression.groups()
        value = values.get(name)
        for key in path.split(".")[1:]:
            value = value.get(key) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict | list):
            raise PluginError(
                f"{where}: {written} names no number in docs/data or training/results"
            )
        try:
            return format(value, style or "")
        except ValueError as error:
            raise PluginError(f"{where}: {written}: {error}") from error

    return outside_code(markdown, lambda part: NUMBER.sub(number, part))
