"""Use Cellpose's window as the page *With clicks: Cellpose's window* says.

    python -m course_build.screenshots.cellpose_window FOLDER

Runs in the environment of requirements-napari.txt, on a screen. Leaves in FOLDER a photograph
(.png) and says.json: what the window said, and whether the notebook's own call says the same.
"""

import json
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import tifffile
from qtpy.QtWidgets import QApplication

from bioimage_course import WEIGHTS, data
from course_build.screenshots.waiting import settle

WIDTH, HEIGHT = 900, 800
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
    window.setGeometry(0, 0, WIDTH, HEIGHT)  # its "resize" is a setting of its own
    settle(1)
    return app, window


def main(folder):
    app, window = start()
    from cellpose.gui import io
    from cellpose.models import CellposeModel

    image, _ = data.nuclei()
    work = folder / "work"
    work.mkdir()
    file = work / "nuclei.tif"
    tifffile.imwrite(file, image)
    weights = work / MODEL
    shutil.copy(WEIGHTS / MODEL / "model", weights)

    defaults = {
        "diameter": window.Diameter.text(),
        "flow_threshold": window.flow_threshold.text(),
        "cellprob_threshold": window.cellprob_threshold.text(),
        "percentile_low": window.norm_edits[0].text(),
        "percentile_high": window.norm_edits[1].text(),
    }
    io._add_model(window, filename=str(weights))
    from_model = window.Diameter.text()
    ready_before_image = window.ModelButtonC.isEnabled()
    io._load_image(window, filename=str(file))
    settle(1)
    assert window.ModelButtonC.isEnabled(), "the model cannot be run"
    after_image = window.Diameter.text()
    window.Diameter.setText(str(DIAMETER))
    window.ModelButtonC.click()
    settle(2)
    masks = window.cellpix[0].copy()
    window.OCheckBox.setChecked(True)
    window.segaBox.expand(animate=False)
    settle(2)
    window.grab().save(str(folder / "window.png"))

    io._save_png(window)
    io._save_rois(window)
    io._save_sets(window)
    stored = next(path for path in sorted(work.iterdir()) if "_cp_masks" in path.name)
    model = CellposeModel(pretrained_model=str(WEIGHTS / MODEL / "model"))
    notebook = model.eval(image, channels=[0, 0], diameter=DIAMETER)[0]
    said = {
        "versions": {"cellpose": version("cellpose")},
        "defaults": defaults,
        "diameter_from_model": from_model,
        "diameter_after_image": after_image,
        "ready_before_image": ready_before_image,
        "diameter": DIAMETER,
        "objects": int(masks.max()),
        "counted": window.roi_count.text(),
        "notebook_objects": int(notebook.max()),
        "pixels_unlike_notebook": int(((masks > 0) != (notebook > 0)).sum()),
        "files": ", ".join(sorted(path.name for path in work.glob("nuclei_*"))),
        "masks_type": str(io.imread(str(stored)).dtype),
    }
    (folder / "says.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    assert np.array_equal(io.imread(str(stored)), masks)
    window.close()
    app.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
