"""Use Cellpose's window as the page *With clicks: Cellpose's window* says.

    python -m course_build.screenshots.cellpose_window FOLDER

Runs in the environment of requirements-napari.txt, on a screen. Leaves in FOLDER the photographs
(.png) and says.json: what the window said, and whether the notebook's own call says the same.
"""

import json
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tifffile
from qtpy.QtCore import QPoint, QRect
from qtpy.QtWidgets import QApplication

from bioimage_course import WEIGHTS, data
from course_build.screenshots.waiting import settle

WIDTH, HEIGHT = 1240, 800
DIAMETER = 24  # px: what notebook 06 measures in this image
MODEL = "cellpose_nuclei"  # the file's name: two files called "model" would replace each other


def start():
    """Open the window as `python -m cellpose` does, without the pictures that it downloads."""
    from cellpose.gui import guiparts
    from cellpose.gui.gui import MainW
    from cellpose.io import logger_setup

    app = QApplication(sys.argv)
    app.setStyle("Fusion")
    app.setPalette(guiparts.DarkPalette())
    logger, _ = logger_setup()
    window = MainW(image=None, logger=logger)
    window.resize(WIDTH, HEIGHT)
    settle(1)
    return app, window


def main(folder):
    app, window = start()
    from cellpose.gui import io
    from cellpose.models import CellposeModel

    image, _ = data.nuclei()
    file = folder / "nuclei.tif"
    tifffile.imwrite(file, image)
    weights = folder / MODEL
    shutil.copy(WEIGHTS / MODEL / "model", weights)

    io._load_image(window, filename=str(file))
    settle(1)
    defaults = {
        "diameter": window.Diameter.text(),
        "flow_threshold": window.flow_threshold.text(),
        "cellprob_threshold": window.cellprob_threshold.text(),
        "percentiles": [edit.text() for edit in window.norm_edits],
    }
    io._add_model(window, filename=str(weights))
    from_model = window.Diameter.text()
    window.Diameter.setText(str(DIAMETER))
    window.ModelButtonC.click()
    settle(2)
    masks = window.cellpix[0].copy()
    window.OCheckBox.setChecked(True)
    window.segaBox.expand(animate=False)
    settle(2)
    window.grab().save(str(folder / "cellpose.png"))
    panel = window.segBox
    corner = panel.mapTo(window, QPoint(0, 0))
    window.grab(QRect(corner, panel.size())).save(str(folder / "cellpose-panel.png"))

    io._save_png(window)
    io._save_rois(window)
    io._save_sets(window)
    stored = next(path for path in sorted(folder.iterdir()) if "_cp_masks" in path.name)
    model = CellposeModel(pretrained_model=str(WEIGHTS / MODEL / "model"))
    notebook = model.eval(image, channels=[0, 0], diameter=DIAMETER)[0]
    said = {
        "versions": {"cellpose": version("cellpose")},
        "defaults": defaults,
        "diameter_from_model": from_model,
        "diameter": DIAMETER,
        "objects": int(masks.max()),
        "counted": window.roi_count.text(),
        "notebook_objects": int(notebook.max()),
        "pixels_unlike_notebook": int(((masks > 0) != (notebook > 0)).sum()),
        "files": sorted(path.name for path in folder.iterdir() if path.name.startswith("nuclei")),
        "masks_type": str(io.imread(str(stored)).dtype),
    }
    (folder / "says.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    assert np.array_equal(io.imread(str(stored)), masks)
    window.close()
    app.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
