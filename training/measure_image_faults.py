"""Find the limits of `bioimage_course.image_faults`, and count how often its rules are right.

    python -m training.measure_image_faults   # half an hour; Ctrl-C is safe, it goes on from there
    python -m training.measure_image_faults --only cellpose-nuclei  # the other's numbers stay

Thirty images that no network has seen are spoilt in graded steps and segmented: StarDist by all
faults, Cellpose by the one that only it has, a wrong diameter. On one half of the images the
limits are chosen; on the other half it is counted how many of the faults that cost more than
`COSTLY` are named, and whether the cure that is offered raises the score. False alarms are counted
on images as they were recorded, whole: the unseen ones, the families of other microscopes, and
those that the network learned from, since the rules look at the image alone.
Writes src/bioimage_course/image_faults.json (limits alone; its sentences stay) and
training/results/image_faults.json (the counts).
"""

import argparse
import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from csbdeep.utils import normalize
from stardist.matching import matching
from tqdm import tqdm

from bioimage_course import WEIGHTS, data, image_cures, image_faults
from training import spoil, training_images
from training.export import RESULTS, write_json
from training.scoring import describe, rounded

IMAGES = 30
SIDE = 256  # px: the middle of each, so that an hour suffices
FEWEST = 8  # nuclei that an image must have to be spoilt
COSTLY = 0.1  # AP
ALARMS = 5  # of a hundred recorded images, by all rules together
# Of the others, what is wrong with an image is so for both tools.
OWN = {"stardist": ("strict", "inverted", "small", "large"), "cellpose-nuclei": ("diameter",)}
KNOWN = (10, 40)  # px: widths that the notebooks and the models' cards say StarDist knows
KEPT = Path("build") / "image_faults"  # labels, so that a run that was stopped goes on
VERSION = sha256(Path(image_faults.__file__).read_bytes()).hexdigest()[:8]  # of what measures
RULES = Path(image_faults.__file__).with_suffix(".json")


@dataclass
class Case:
    """One image in one state, and what came of it."""

    half: int  # 0: to choose limits by, 1: to count
    values: dict  # measured
    sample: training_images.Sample
    fault: object = None  # of spoil; None as it was recorded
    strength: float = 0
    settings: dict = field(default_factory=dict)
    ap: float = 1.0
    cost: float = 0.0  # of AP

    @property
    def how(self):
        return f"{self.fault.__name__} {self.strength}"


def read():
    """Images that no network has learned from, other families, and those that one learned from.

    The first and the last lie in the order of their nuclei's widths.
    """
    learned, known, families = training_images.split(training_images.read("dsb2018"))
    unseen = training_images.read("dsb2018", "test") + known
    image, truth = data.nuclei()
    families.append(training_images.Sample("the image of the notebooks", image, truth))
    return in_order(unseen), families, in_order(learned)


def in_order(samples):
    """Samples from narrow nuclei to wide ones."""
    return sorted(samples, key=lambda sample: (describe(sample.labels)[0], sample.name))


def to_spoil(samples):
    """The middle of thirty of them, from narrow to wide nuclei: [(half, Sample)]."""
    middles = []
    for number, sample in enumerate(samples):
        window = tuple(
            slice(max(0, (side - SIDE) // 2), max(0, (side - SIDE) // 2) + SIDE)
            for side in sample.labels.shape
        )
        labels = sample.labels[window]
        if np.unique(labels).size > FEWEST:
            middle = training_images.Sample(sample.name, sample.image[window], labels)
            middles.append((number % 2, middle))
    middles.sort(key=lambda pair: describe(pair[1].labels)[0])
    chosen = np.linspace(0, len(middles) - 1, IMAGES).round().astype(int)
    return [middles[i] for i in chosen]


def segmenter(tool):
    """A function from an image and settings to labels, as the page runs the tool."""
    if tool == "stardist":
        from stardist.models import StarDist2D

        model = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))
        return lambda image, **settings: model.predict_instances(
            normalize(image, 1, 99.8), **settings
        )[0]
    from cellpose.models import CellposeModel

    path = WEIGHTS / "cellpose_nuclei" / "model"
    model = CellposeModel(gpu=False, pretrained_model=str(path))
    return lambda image, **settings: model.eval(image, channels=[0, 0], **settings)[0]


class Segmented:
    """Labels of a tool; each is computed once and kept."""

    def __init__(self, tool):
        self.tool, self.segment = tool, None

    def __call__(self, name, how, image, settings):
        path = KEPT / self.tool / f"{name.replace('/', '_')} {how}.npz"
        if path.exists():
            with np.load(path) as kept:
                return kept["labels"].astype(np.int32)
        self.segment = self.segment or segmenter(self.tool)
        labels = self.segment(image, **settings).astype(np.uint16)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part.npz")
        np.savez_compressed(partial, labels=labels)
        partial.replace(path)
        return labels.astype(np.int32)


def measured(name, how, image, labels):
    """What the rules measure; computed once, as long as they stay as they are."""
    path = KEPT / VERSION / f"{name.replace('/', '_')} {how}.json"
    if path.exists():
        return json.loads(path.read_text())
    values = image_faults.measured(image, labels)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values))
    return values


def ap(truth, labels):
    """AP at IoU 0.5; 1 where nothing is and nothing was found."""
    if not truth.any() and not labels.any():
        return 1.0
    return float(matching(truth, labels, thresh=0.5).accuracy)


def cases(tool, middles, segmented):
    """Every fault of a tool at every strength on every image: {fault: [Case]}."""
    names = OWN[tool]
    if tool == "stardist":
        names = [fault.__name__ for fault in spoil.FAULTS if fault is not spoil.diameter]
    faults = [fault for fault in spoil.FAULTS if fault.__name__ in names]
    found = {fault.__name__: [] for fault in faults}
    total = len(middles) * sum(len(spoil.FAULTS[fault]) for fault in faults)
    with tqdm(total=total, desc=f"Spoiling, {tool}") as bar:
        for fault in faults:
            for half, sample in middles:
                clean = ap(sample.labels, segmented(sample.name, "clean", sample.image, {}))
                if fault is spoil.empty:
                    clean = 1.0  # nothing to find
                for strength in spoil.FAULTS[fault]:
                    spoilt = spoil.spoil(sample, fault, strength)
                    how = f"{fault.__name__} {strength}"
                    labels = segmented(sample.name, how, spoilt.image, spoilt.settings)
                    score = ap(spoilt.truth, labels)
                    found[fault.__name__].append(Case(
                        half, measured(sample.name, f"{tool} {how}", spoilt.image, labels), sample,
                        fault, strength,
                        spoilt.settings, score, clean - score,
                    ))  # fmt: skip
                    bar.update()
    return found


def value_of(name, case, tool):
    """The one number by which a rule decides about a case; None where it cannot be told."""
    chosen = image_faults._chosen(case.values, tool, case.settings)
    return (case.values | chosen).get(name)


def limit_between(costly, clean, below):
    """A limit between what costs and what was recorded so.

    Where nothing costs, few of what was recorded. Where both lie apart,
    nearer to what costs: other people's images differ more than ours. Else
    the one that leaves a rule its part of the `ALARMS`: all rules alike.
    """
    sign = -1 if below else 1
    few = ALARMS / len(image_faults.RULES["faults"])
    bad, good = sign * np.array(costly), sign * np.array(clean)
    fewest, most = np.percentile(good, 100 - few), np.percentile(bad, 5) if bad.size else None
    if not bad.size:
        return float(f"{sign * fewest:.3g}")
    limit = (fewest + 3 * most) / 4 if most > fewest else fewest
    return float(f"{sign * limit:.3g}")


def limits_of(tool, found, recorded):
    """{fault: limit} from the first half."""
    limits = {"border": limit_between([], [
        case.values["border"] for case in recorded if case.half == 0 and case.values["border"]
    ], below=False)}  # fmt: skip
    for name, own in found.items():
        costly = [
            value_of(name, case, tool) for case in own if case.half == 0 and case.cost > COSTLY
        ]
        as_they_are = [value_of(name, case, tool) for case in recorded if case.half == 0]
        limits[name] = limit_between(
            [value for value in costly if value is not None],
            [value for value in as_they_are if value is not None] or [0],
            image_faults.RULES["faults"][name]["below"],
        )
    return limits


def cured(case, fault, tool, segmented):
    """AP after the cure that is offered."""
    if case.fault is None:
        spoilt, how = spoil.Spoilt(case.sample.image, case.sample.labels), "recorded"
    else:
        spoilt, how = spoil.spoil(case.sample, case.fault, case.strength), case.how
    image, settings = spoilt.image, dict(case.settings)
    if fault.cure == "cap":
        image = image_cures.capped(image, fault.amount)
    elif fault.cure in image_cures.CURES:
        image = image_cures.CURES[fault.cure](image)
    elif fault.cure == "lenient":
        settings.pop("prob_thresh")
    else:
        settings |= fault.amount
    how = f"{how} {fault.cure} {fault.amount}"
    return ap(spoilt.truth, segmented(case.sample.name, how, image, settings))


def count(tool, found, recorded, segmented):
    """What the rules say on the second half: {fault: numbers}."""

    def faults_of(case):
        return image_faults.named(case.values, tool=tool, settings=case.settings)[:3]

    others = [case for case in recorded if case.half == 1]
    named = [{fault.name for fault in faults_of(case)} for case in others]
    table = {}
    for name, cases_of_it in tqdm(found.items(), desc=f"Curing, {tool}"):
        own = [case for case in cases_of_it if case.half == 1]
        costly = [case for case in own if case.cost > COSTLY]
        hits = [(case, fault) for case in costly for fault in faults_of(case) if fault.name == name]
        pairs = [
            (case.ap, cured(case, fault, tool, segmented)) for case, fault in hits if fault.cure
        ]
        raised = sum(after > before for before, after in pairs)
        false = sum(name in names for names in named)
        table[name] = {
            "spoilt": len(own), "costly": len(costly), "named": len(hits),
            "share_named": share(len(hits), len(costly)),
            "recorded": len(named), "false_alarms": false, "share_false": share(false, len(named)),
            "cured": len(pairs), "raised": raised, "share_raised": share(raised, len(pairs)),
            "ap_before": median(before for before, _ in pairs),
            "ap_after": median(after for _, after in pairs),
        }  # fmt: skip
    with_any = sum(bool(names) for names in named)
    curable = [
        (case, fault) for case in others if case.fault is None
        for fault in faults_of(case) if fault.cure
    ]  # fmt: skip
    gains = [
        cured(case, fault, tool, segmented)
        - ap(case.sample.labels, segmented(case.sample.name, "recorded", case.sample.image, {}))
        for case, fault in tqdm(curable, desc=f"False alarms, {tool}")
    ]
    any_of_them = {"recorded": len(named), "false_alarms": with_any,
                   "share_false": share(with_any, len(named)), "cured": len(gains),
                   "gained": sum(gain > COSTLY for gain in gains),
                   "lost": sum(gain < -COSTLY for gain in gains)}  # fmt: skip
    return table | {"any": any_of_them, "all": totals(table)}


def totals(table):
    """All faults together."""
    sums = {
        key: sum(counts[key] for counts in table.values())
        for key in ("costly", "named", "cured", "raised")
    }
    return sums | {"share_named": share(sums["named"], sums["costly"]),
                   "share_raised": share(sums["raised"], sums["cured"])}  # fmt: skip


def share(part, whole):
    """Part of a whole; None of nothing."""
    return rounded(part / whole) if whole else None


def median(values):
    values = list(values)
    return rounded(np.median(values)) if values else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=OWN, default=list(OWN), metavar="TOOL")
    only = parser.parse_args().only
    samples, families, learned = read()
    recorded = [
        Case(number % 2, measured(sample.name, "recorded", sample.image, sample.labels), sample)
        for number, sample in enumerate(tqdm(samples + families + learned, desc="As recorded"))
    ]
    middles = to_spoil(samples)
    path = RESULTS / "image_faults.json"
    about = {"images": len(middles), "recorded": len(recorded), "costly": COSTLY}
    for tool in only:
        rules = json.loads(RULES.read_text(encoding="utf-8"))
        segmented = Segmented(tool)
        found = cases(tool, middles, segmented)
        sound = list(recorded)
        if "diameter" in found:  # a right one is as exact as a line over an object
            own = found["diameter"]
            sound += [case for case in own if case.strength in spoil.MEASURED]
            found["diameter"] = [case for case in own if case.strength not in spoil.MEASURED]
        limits = limits_of(tool, found, sound)
        if tool == "stardist":  # what the course says that the network knows, it does not question
            limits["small"] = min(limits["small"], KNOWN[0])
            limits["large"] = max(limits["large"], KNOWN[1])
            tuned = json.loads((WEIGHTS / "stardist_nuclei" / "thresholds.json").read_text())
            rules["own"][tool]["prob_thresh"] = rounded(tuned["prob"])
        if tool != "stardist":  # what is wrong with an image is so for every tool
            shared = rules["tools"]["stardist"]
            limits |= {name: shared[name] for name in shared if name not in OWN["stardist"]}
        rules["tools"][tool] = image_faults.RULES["tools"][tool] = limits
        cells = dict(rules["tools"]["cellpose-nuclei"])
        cells.pop("empty", None)  # cells that fill the field look like one heap, too
        rules["tools"]["cellpose-cells"] = cells
        RULES.write_text(json.dumps(rules, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        counts = {tool.replace("-", "_"): count(tool, found, sound, segmented)}
        earlier = json.loads(path.read_text()) if path.exists() else {}
        write_json(path, earlier | about | counts)


if __name__ == "__main__":
    main()
