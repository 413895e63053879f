"""The items of the test, read from the key at the end of its two forms."""

import re
from dataclasses import dataclass

from course_build import ROOT, Stop

FORMS = {name: ROOT / "docs/teach/worksheets" / f"learning-{name.lower()}.md" for name in "AB"}
KINDS = ("recall", "transfer")
PLACES = range(1, 13)  # items of a form; the same place asks for the same chapter in both
LETTERS = "abcd"
#: The chapters whose interactive figure a half of the class reads still.
STILL = ("concepts/convolutions.md", "tools/cellpose.md")
ROW = re.compile(
    r"^\| ([AB])(\d+) \| (\w+) \| ([a-d]) \| \[([^\]]+)\]\(\.\./\.\./([^)#]+)(?:#\S*)?\) \| .+ \|$",
    re.M,
)


@dataclass(frozen=True)
class Item:
    """One question of a form.

    kind : "recall" or "transfer"
    right : the letter of the right answer
    title, chapter : the chapter it belongs to, and its page below docs/
    """

    form: str
    place: int
    kind: str
    right: str
    title: str
    chapter: str

    @property
    def name(self):
        """A1 to A12 and B1 to B12."""
        return f"{self.form}{self.place}"


def read(forms=FORMS):
    """Return the items of both forms by their names, as the key lists them.

    Raises
    ------
    Stop
        If a form's key does not have a line for each of its twelve items, or the two forms ask
        for different things at one place.
    """
    items = {}
    for form, path in forms.items():
        found = [
            Item(row[0], int(row[1]), *row[2:]) for row in ROW.findall(path.read_text("utf-8"))
        ]
        if [item.name for item in found] != [f"{form}{place}" for place in PLACES]:
            raise Stop(
                f"{path.name}: the key needs a line for each of {form}1 to {form}12, in order"
            )
        items |= {item.name: item for item in found}
    for place in PLACES:
        one, other = (items[f"{form}{place}"] for form in forms)
        if (one.kind, one.chapter) != (other.kind, other.chapter) or one.kind not in KINDS:
            raise Stop(f"{one.name} and {other.name} must be of one kind, on one chapter")
    return items
