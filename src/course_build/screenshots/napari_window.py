"""Use StarDist's and Cellpose's plugins in napari as the page *With clicks: napari* says.

    python -m course_build.screenshots.napari_window FOLDER

Runs in the environment of requirements-napari.txt, on a screen. Leaves in FOLDER the photographs
(.png) and says.json: what the widgets said, and whether the notebooks' own calls say the same.
"""

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

import napari
import numpy as np
import tensorflow  # noqa: F401  # now: once Mesa has drawn a window, its import crashes
from napari._qt.dialogs.qt_notification import NapariQtNotification
from napari.settings import get_settings
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QRect

from bioimage_course import WEIGHTS, data
from course_build.screenshots.waiting import settle, wait_until

WIDTH, HEIGHT = 1360, 800
DIAMETER = 24  # px: what notebook 06 measures in this image


def open_image(viewer):
    """Show the course's image of nuclei."""
    image, _ = data.nuclei()
    return viewer.add_image(image, name="nuclei")


def run_stardist(viewer, folder):
    """Choose the course's model, take its thresholds, run; return what the plugin says."""
    dock, plugin = viewer.window.add_plugin_dock_widget("stardist-napari")
    settle(1)  # the plugin asks for its default model, which is not here
    plugin.image.value = viewer.layers["nuclei"]
    plugin.model_type.value = "CUSTOM_MODEL"
    plugin.model_folder.value = WEIGHTS / "stardist_nuclei"
    before = plugin.prob_thresh.value, plugin.nms_thresh.value
    plugin.set_thresholds.native.click()
    plugin.output_type.value = "Label Image"
    settle(1)
    assert plugin.call_button.enabled, "the plugin does not take the image or the model"
    plugin.call_button.native.click()
    wait_until(lambda: "StarDist labels" in viewer.layers, seconds=300)
    labels = np.asarray(viewer.layers["StarDist labels"].data)
    photograph(viewer, folder / "stardist.png")
    viewer.window.remove_dock_widget(dock)
    return labels, {
        "objects": int(labels.max()),
        "defaults": {"prob_thresh": before[0], "nms_thresh": before[1]},
        "prob_thresh": plugin.prob_thresh.value,
        "nms_thresh": plugin.nms_thresh.value,
        "percentile_low": plugin.perc_low.value,
        "percentile_high": plugin.perc_high.value,
        "axes": plugin.axes.value,
        "input_scale": str(plugin.input_scale.value),
    }


def run_cellpose(viewer, folder):
    """Choose the course's model for nuclei and its diameter, run; return what the plugin says."""
    dock, plugin = viewer.window.add_plugin_dock_widget("cellpose-napari")
    plugin.image_layer.value = viewer.layers["nuclei"]
    defaults = {
        name: getattr(plugin, name).value
        for name in ("model_type", "diameter", "cellprob_threshold", "flow_threshold")
    }
    defaults["resample_dynamics"] = plugin.resample_dynamics.value
    plugin.model_type.value = "custom"
    plugin.custom_model.value = WEIGHTS / "cellpose_nuclei" / "model"
    plugin.diameter.value = str(DIAMETER)
    plugin.output_flows.value = False
    plugin.output_outlines.value = False
    without = cellpose_masks(viewer, plugin)
    plugin.resample_dynamics.value = True
    masks = cellpose_masks(viewer, plugin)
    settle(1)
    button = plugin.call_button.native.geometry()
    panel = QRect(0, 0, plugin.native.width(), button.bottom() + 10)  # nothing stands below it
    plugin.native.grab(panel).save(str(folder / "cellpose.png"))
    errors = len(notification_manager.records)
    plugin.compute_masks_button.native.click()
    wait_until(lambda: len(notification_manager.records) > errors, seconds=120)
    viewer.window.remove_dock_widget(dock)
    return masks, {
        "objects": int(masks.max()),
        "defaults": {name: str(value) for name, value in defaults.items()},
        "diameter": DIAMETER,
        "objects_without_resample": int(without.max()),
        "pixels_without_resample": int(((without > 0) != (masks > 0)).sum()),
        "recomputing_says": str(notification_manager.records[-1].exception).split(" (")[0],
    }


def masks_layer(viewer):
    """Return the layer that Cellpose's plugin made last."""
    return [layer for layer in viewer.layers if "_cp_masks_" in layer.name][-1]


def cellpose_masks(viewer, plugin):
    """Press *run segmentation*; return the masks."""
    for layer in [layer for layer in viewer.layers if "_cp_masks_" in layer.name]:
        viewer.layers.remove(layer)
    plugin.call_button.native.click()
    wait_until(lambda: any("_cp_masks_" in layer.name for layer in viewer.layers), seconds=300)
    settle(1)
    return np.asarray(masks_layer(viewer).data)


def notebook_labels():
    """Make the calls of notebooks 05 and 06 on the same image."""
    from cellpose.models import CellposeModel
    from csbdeep.utils import normalize
    from stardist.models import StarDist2D

    image, _ = data.nuclei()
    model = StarDist2D(None, name="stardist_nuclei", basedir=str(WEIGHTS))
    stardist, _ = model.predict_instances(normalize(image, 1, 99.8))
    model = CellposeModel(pretrained_model=str(WEIGHTS / "cellpose_nuclei" / "model"))
    cellpose = model.eval(image, channels=[0, 0], diameter=DIAMETER)[0]
    return stardist, cellpose


def photograph(viewer, path):
    """Save what the window shows, without notes of the program's own in its corner."""
    for note in viewer.window._qt_window.findChildren(NapariQtNotification):
        note.close()
    viewer.reset_view()
    settle(2)
    viewer.screenshot(path=str(path), canvas_only=False, flash=False)


def main(folder):
    get_settings().appearance.theme = "light"
    viewer = napari.Viewer(show=True)
    viewer.window._qt_window.resize(WIDTH, HEIGHT)
    with notification_manager:  # as when napari itself runs: an error becomes a note in the corner
        use(viewer, folder)


def use(viewer, folder):
    """Do the page's steps, and write down what the widgets said."""
    open_image(viewer)
    stardist, stardist_says = run_stardist(viewer, folder)
    viewer.layers.remove("StarDist labels")
    cellpose, cellpose_says = run_cellpose(viewer, folder)
    expected = notebook_labels()
    for says, labels, notebook in zip(
        (stardist_says, cellpose_says), (stardist, cellpose), expected, strict=True
    ):
        says["notebook_objects"] = int(notebook.max())
        says["pixels_unlike_notebook"] = int(((labels > 0) != (notebook > 0)).sum())
    said = {
        "versions": {
            name.replace("-", "_"): version(name)
            for name in ("napari", "stardist-napari", "cellpose-napari", "stardist", "cellpose")
        },
        "stardist": stardist_says,
        "cellpose": cellpose_says,
    }
    (folder / "says.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    os._exit(0)  # to leave in order crashes where TensorFlow and Mesa brought their own LLVM
