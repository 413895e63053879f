"""What the form on the reporting page knows: tools, weights and hashes, read from their files.

The worked example and the empty template are written by the form's own module, run in Node, so the
page shows without script what the form would say.
"""

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from csbdeep.models.pretrained import _MODELS
from stardist.models import StarDist2D

from bioimage_course import WEIGHTS
from figures._shared.files import write

HERE = Path(__file__).parent

ROOT = HERE.parents[1]
MODULE = HERE / "figure.js"
STARDIST = {"tool": "StarDist", "reference": "Schmidt et al. 2018", "toolLicence": "BSD-3-Clause",
            "low": "1", "high": "99.8"}  # fmt: skip
CELLPOSE = {"tool": "Cellpose", "reference": "Stringer et al. 2021", "toolLicence": "BSD-3-Clause",
            "low": "1", "high": "99"}  # fmt: skip
# In the published files: https://github.com/stardist/stardist-models/releases/tag/v0.1
VERSATILE_THRESHOLDS = {"prob_thresh": 0.479, "nms_thresh": 0.3}
# Defaults of CellposeModel.eval in 3.1.1.3; the diameter is for the reader to say.
CELLPOSE_SETTINGS = "diameter =\nflow_threshold = 0.4\ncellprob_threshold = 0"
# What the reader of the worked example typed.
EXAMPLE = {
    "objects": "nuclei", "images": "widefield fluorescence, DAPI", "count": "48",
    "pixelSize": "0.325", "border": "removed", "smallest": "30", "testImages": "4",
    "testObjects": "312", "score": "0.91", "hardware": "2 processor cores without a GPU",
    "data": "https://doi.org/10.5281/zenodo.…", "dataLicence": "CC0-1.0",
    "code": "https://github.com/…",
}  # fmt: skip


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
    own = {"source": f"the course's package bioimage_course {course}",
           "weightsLicence": "BSD-3-Clause"}  # fmt: skip
    stardist = STARDIST | {"version": pinned("stardist")}
    cellpose = CELLPOSE | {"version": pinned("cellpose"), "parameters": CELLPOSE_SETTINGS}
    return {
        "stardist": {"title": "StarDist, 2D_versatile_fluo", "fields": stardist | {
            "weights": Path(published["url"]).stem.removeprefix("python_"),
            "sha256": published["hash"], "source": published["url"],
            "parameters": lines(VERSATILE_THRESHOLDS)}},
        "cellpose": {"title": "Cellpose, cyto3", "fields": cellpose | {
            "weights": "cyto3", "source": "https://www.cellpose.org/models/cyto3",
            "weightsLicence": "not stated; trained partly on data under CC BY-NC"}},
        "course_stardist": {"title": "this course's StarDist model", "fields": stardist | own | {
            "weights": "stardist_nuclei/weights_best.h5",
            "sha256": sha256("stardist_nuclei", "weights_best.h5"),
            "parameters": lines({"prob_thresh": thresholds["prob"],
                                 "nms_thresh": thresholds["nms"]})}},
        "course_cellpose": {"title": "this course's Cellpose model", "fields": cellpose | own | {
            "weights": "cellpose_nuclei/model", "sha256": sha256("cellpose_nuclei", "model")}},
    }  # fmt: skip


def in_node(fields):
    """What the form makes of these fields: {"paragraph", "card"}."""
    node = shutil.which("node", path=Path(sys.executable).parent) or shutil.which("node")
    script = (
        f"import {{ card, paragraph }} from {json.dumps(MODULE.as_uri())};"
        f"const fields = {json.dumps(fields)};"
        "console.log(JSON.stringify({paragraph: paragraph(fields),"
        " card: JSON.stringify(card(fields), null, 2)}));"
    )
    command = [node, "--input-type=module", "--eval", script]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"report.js does not run:\n{done.stderr}")
    return json.loads(done.stdout)


def main():
    known = presets()
    example = in_node(known["course_stardist"]["fields"] | EXAMPLE)
    write(HERE, {  # for HTML: the page puts them into attributes and elements
        "presets": html.escape(json.dumps(known)),
        "paragraph": html.escape(example["paragraph"]), "card": html.escape(example["card"]),
        "template": html.escape(in_node({})["paragraph"]),
    })  # fmt: skip


if __name__ == "__main__":
    main()
