"""What the pages claim of other people's programs, and the test or the source that proves it.

claims/*.toml list them, each as

    [[claim]]
    page = "tools/stardist.md"     # in docs/
    says = "33 numbers per pixel"  # word for word as its Markdown has it
    about = "stardist"             # the package, as pip calls it
    test = "tests/docs/claims/test_stardist.py::test_it_predicts_33_numbers"

or, where no test can prove it, with `source = "https://…"`. A test may be a notebook, too.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from course_build import Stop

FOLDER = Path(__file__).with_name("claims")


@dataclass(frozen=True)
class Claim:
    """One claim: see above. `test` and `source` are empty where there is none."""

    page: str
    says: str
    about: str
    test: str = ""
    source: str = ""

    @property
    def proof(self):
        """What proves it: "test", "source" or "neither"."""
        return "test" if self.test else "source" if self.source else "neither"


def load(folder=FOLDER):
    """Return all claims of a folder's lists, in the order of files and lines.

    Raises
    ------
    Stop
        If a list cannot be read, lacks something, or says a thing that stands in another.
    """
    known, where = {field.name for field in fields(Claim)}, {}
    for path in sorted(folder.glob("*.toml")):
        try:
            entries = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", [])
        except tomllib.TOMLDecodeError as error:
            raise Stop(f"{path}: not TOML that can be read ({error})") from error
        for number, entry in enumerate(entries, start=1):
            here = f"{path.name}, claim {number}"
            needed = {"page", "says", "about"}
            if not needed <= set(entry) <= known or not all(map(entry.get, needed)):
                raise Stop(f"{here}: needs page, says and about, may have test or source: {entry}")
            claim = Claim(**entry)
            same = [at for other, at in where.items() if _key(other) == _key(claim)]
            if same:
                raise Stop(f"{here}: {same[0]} says the same on the same page: {claim.says!r}")
            where[claim] = here
    return list(where)


def _key(claim):
    return claim.page, claim.says
