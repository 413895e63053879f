"""What the form on the reporting page knows: tools, weights and hashes, read from their files.

The page shows without script an empty template and a worked example. Both are written here;
figure.test.mjs holds the form to these words, by answers.json.
"""

import html
import json
import re
from pathlib import Path

from csbdeep.models.pretrained import _MODELS
from stardist.models import StarDist2D

from bioimage_course import WEIGHTS
from bioimage_course.report_card import card
from figures._shared.files import store, write

HERE = Path(__file__).parent

ROOT = HERE.parents[1]
STARDIST = {
    "tool": "StarDist",
    "reference": "Schmidt et al. 2018",
    "toolLicence": "BSD-3-Clause",
    "low": "1",
    "high": "99.8",
}
CELLPOSE = {
    "tool": "Cellpose",
    "reference": "Stringer et al. 2021",
    "toolLicence": "BSD-3-Clause",
    "low": "1",
    "high": "99",
}
# In the published files: https://github.com/stardist/stardist-models/releases/tag/v0.1
VERSATILE_THRESHOLDS = {"prob_thresh": 0.479, "nms_thresh": 0.3}
# Defaults of CellposeModel.eval in 3.1.1.3; the diameter is for the reader to say.
CELLPOSE_SETTINGS = "diameter =\nflow_threshold = 0.4\ncellprob_threshold = 0"
# What the reader of the worked example typed.
EXAMPLE = {
    "objects": "nuclei",
    "images": "widefield fluorescence, DAPI",
    "count": 48,
    "pixelSize": 0.325,
    "border": "removed",
    "smallest": 30,
    "testImages": 4,
    "testObjects": 312,
    "score": 0.91,
    "hardware": "2 processor cores without a GPU",
    "data": "https://doi.org/10.5281/zenodo.…",
    "dataLicence": "CC0-1.0",
    "code": "https://github.com/…",
}
ALL_KEPT = "No objects were removed afterwards, and those at the border were kept."
TEMPLATE = (
    "We segmented [kind of object] in [number of images] images ([kind of image]; pixel size "
    "[pixel size] µm) with [tool] [version of the tool]. We used the weights “[name of the "
    "weights]”, as published, unchanged (SHA-256 [SHA-256 of the weights]; licence: [licence of "
    "the weights]; source: [source of the weights]). Before prediction, intensities were scaled "
    "linearly so that the [lower percentile] and the [upper percentile] percentile of each image "
    f"became 0 and 1. We set [list of parameters]. {ALL_KEPT} The labels were not corrected by "
    "hand. On [number of images annotated for the check] annotated images of our own with [number "
    "of objects annotated in them] objects, F1 was [value of the score] at an IoU threshold of "
    "0.5. The segmentation ran on the following hardware: [hardware]. Images and labels are "
    "available at [address of images and labels] (licence: [licence of images and labels]), and "
    "the code at [address of your code]."
)


def pinned(package):
    """Version of a package in the lock."""
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    return re.search(rf"^{package}==(\S+)", lock, re.M)[1]


def sha256(model, file):
    """Hash of a weights file of the course, as published beside it."""
    sums = (WEIGHTS / model / "SHA256SUMS").read_text(encoding="utf-8")
    return next(line.split()[0] for line in sums.splitlines() if line.split()[1] == file)


def lines(settings):
    return "\n".join(f"{name} = {value:.6g}" for name, value in settings.items())


def presets():
    """Fields that are known, by preset; the reader fills in the rest."""
    thresholds = json.loads((WEIGHTS / "stardist_nuclei" / "thresholds.json").read_text("utf-8"))
    published = _MODELS[StarDist2D]["2D_versatile_fluo"]
    course = re.search(r"^version: (\S+)", (ROOT / "CITATION.cff").read_text("utf-8"), re.M)[1]
    own = {
        "source": f"the course's package bioimage_course {course}",
        "weightsLicence": "BSD-3-Clause",
    }
    stardist = STARDIST | {"version": pinned("stardist")}
    cellpose = CELLPOSE | {"version": pinned("cellpose"), "parameters": CELLPOSE_SETTINGS}
    return {
        "stardist": {
            "title": "StarDist, 2D_versatile_fluo",
            "fields": stardist
            | {
                "weights": Path(published["url"]).stem.removeprefix("python_"),
                "sha256": published["hash"],
                "source": published["url"],
                "parameters": lines(VERSATILE_THRESHOLDS),
            },
        },
        "cellpose": {
            "title": "Cellpose, cyto3",
            "fields": cellpose
            | {
                "weights": "cyto3",
                "source": "https://www.cellpose.org/models/cyto3",
                "weightsLicence": "not stated; trained partly on data under CC BY-NC",
            },
        },
        "course_stardist": {
            "title": "this course's StarDist model",
            "fields": stardist
            | own
            | {
                "weights": "stardist_nuclei/weights_best.h5",
                "sha256": sha256("stardist_nuclei", "weights_best.h5"),
                "parameters": lines(
                    {"prob_thresh": thresholds["prob"], "nms_thresh": thresholds["nms"]}
                ),
            },
        },
        "course_cellpose": {
            "title": "this course's Cellpose model",
            "fields": cellpose
            | own
            | {"weights": "cellpose_nuclei/model", "sha256": sha256("cellpose_nuclei", "model")},
        },
    }


def paragraph(fields):
    """The worked example: the template with its gaps filled."""
    settings = " and ".join(fields["parameters"].splitlines())
    filled = {
        "[kind of object]": fields["objects"],
        "[number of images]": fields["count"],
        "[kind of image]": fields["images"],
        "[pixel size]": fields["pixelSize"],
        "[tool] [version of the tool]": "{tool} {version} ({reference})".format(**fields),
        "[name of the weights]": fields["weights"],
        "[SHA-256 of the weights]": f"beginning with {fields['sha256'][:12]}",
        "[licence of the weights]": fields["weightsLicence"],
        "[source of the weights]": fields["source"],
        "[lower percentile]": f"{fields['low']}st",
        "[upper percentile]": f"{fields['high']}th",
        "[list of parameters]": f"{settings}, and left all other parameters at their defaults",
        ALL_KEPT: "Objects that touched the border of the image or were smaller than "
        f"{fields['smallest']} pixels were removed.",
        "[number of images annotated for the check]": fields["testImages"],
        "[number of objects annotated in them] objects": "{testObjects} {objects}".format(**fields),
        "[value of the score]": fields["score"],
        "[hardware]": fields["hardware"],
        "[address of images and labels]": fields["data"],
        "[licence of images and labels]": fields["dataLicence"],
        "[address of your code]": fields["code"],
    }
    text = TEMPLATE
    for gap, words in filled.items():
        text = text.replace(gap, str(words))
    return text


def example(known):
    """The fields of the worked example, as typed into the form; its paragraph and its card."""
    fields = known["course_stardist"]["fields"] | EXAMPLE
    settings = (line.split(" = ") for line in fields["parameters"].splitlines())
    numbers = {
        "parameters": {name: float(value) for name, value in settings},
        "low": int(fields["low"]),
        "high": float(fields["high"]),
    }
    typed = {name: str(value) for name, value in fields.items()}
    return {"fields": typed, "paragraph": paragraph(fields), "card": card(fields | numbers)}


def main():
    known = presets()
    shown = example(known)
    as_text = json.dumps(shown["card"], indent=2, ensure_ascii=False)
    write(
        HERE,
        {  # for HTML: the page puts them into attributes and elements
            "presets": html.escape(json.dumps(known)),
            "paragraph": html.escape(shown["paragraph"]),
            "card": html.escape(as_text),
            "template": html.escape(TEMPLATE),
        },
    )
    store(HERE / "answers.json", shown | {"template": TEMPLATE})


if __name__ == "__main__":
    main()
