"""What a class's sheets add up to: gains of recall and of transfer, by form, item and half."""

from dataclasses import dataclass, field

from course_build.learning import answers, gains
from course_build.learning.halves import HALVES, half
from course_build.learning.items import KINDS, PLACES, STILL


@dataclass(frozen=True)
class Part:
    """Right answers to some items, as shares from 0 to 1.

    before, after : means over the people
    gain : Interval of the means of after minus before
    each : everybody's own gain, by code
    """

    before: float
    after: float
    gain: gains.Interval
    each: dict[str, float]


@dataclass(frozen=True)
class Result:
    """A class, evaluated.

    people : codes of those who are compared with themselves
    left_out : {code: why}
    first : how many people had form A, and form B, before
    kinds : {kind: Part} of six items each
    places : {place: Part}: an item, and its twin in the other form
    shares : {item's name: {time: share of right answers}}; who answered differs
    halves : {kind: {half: Part}} on the chapters with a still figure; {} if not asked for
    differences : {kind: Interval} of moving minus still
    """

    people: list[str]
    left_out: dict[str, str]
    first: dict[str, int]
    kinds: dict[str, Part]
    places: dict[int, Part]
    shares: dict[str, dict[str, float]]
    halves: dict[str, dict[str, Part]] = field(default_factory=dict)
    differences: dict[str, gains.Interval] = field(default_factory=dict)


def evaluate(sheets, items, *, halves=False):
    """Evaluate a class.

    Parameters
    ----------
    sheets : dict
        As answers.read() returns them.
    items : dict of str to Item
    halves : bool
        Whether a half of the class, by its codes, read the figures still.

    Raises
    ------
    Stop
        If there is too little to compare.
    """
    paired, left_out = answers.pairs(sheets)
    rights = {
        code: {
            when: {
                items[name].place: answer == items[name].right
                for name, answer in sheet.answers.items()
            }
            for when, sheet in times.items()
        }
        for code, times in paired.items()
    }
    of_kind = {kind: [p for p in PLACES if items[f"A{p}"].kind == kind] for kind in KINDS}
    result = Result(
        people=list(paired),
        left_out=left_out,
        first={
            form: sum(times["before"].form == form for times in paired.values()) for form in "AB"
        },
        kinds={kind: part(rights, places) for kind, places in of_kind.items()},
        places={place: part(rights, [place]) for place in PLACES},
        shares={name: _share(paired, name, items[name].right) for name in items},
    )
    if halves:
        _compare_halves(result, rights, of_kind, items)
    return result


def part(rights, places):
    """Return the Part of some places: everybody's share of right answers before and after."""
    before, after = (
        {code: sum(times[when][p] for p in places) / len(places) for code, times in rights.items()}
        for when in answers.TIMES
    )
    each = {code: after[code] - before[code] for code in rights}
    count = len(rights)
    return Part(
        sum(before.values()) / count, sum(after.values()) / count,
        gains.mean(list(each.values())), each,
    )  # fmt: skip


def _share(paired, name, right):
    """The share of right answers to one item, among those who had its form at that time."""
    shares = {}
    for when in answers.TIMES:
        given = [
            times[when].answers[name] for times in paired.values() if times[when].form == name[0]
        ]
        shares[when] = sum(answer == right for answer in given) / len(given) if given else None
    return shares


def _compare_halves(result, rights, of_kind, items):
    """Add the halves to a result, where both have people."""
    members = {name: {c: r for c, r in rights.items() if half(c) == name} for name in HALVES}
    if min(len(codes) for codes in members.values()) < 2:
        return
    for kind, places in of_kind.items():
        compared = [place for place in places if items[f"A{place}"].chapter in STILL]
        parts = {name: part(codes, compared) for name, codes in members.items()}
        result.halves[kind] = parts
        result.differences[kind] = gains.difference(
            *(list(parts[name].each.values()) for name in HALVES)
        )
