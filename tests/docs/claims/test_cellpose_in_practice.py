"""What the pages of practice and of the start say about Cellpose 3.1.1.3, tried."""

import inspect
import logging
import re
from pathlib import Path
from urllib.error import URLError

import cellpose
import numpy as np
import pytest
import roifile
import tifffile
import torch
from cellpose import core, dynamics, io, models, train, transforms, utils
from cellpose.cli import get_arg_parser

from bioimage_course import WEIGHTS, data

pytestmark = pytest.mark.slow  # networks run

MODEL = str(WEIGHTS / "cellpose_nuclei" / "model")
EVAL = inspect.signature(models.CellposeModel.eval).parameters
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model():
    return models.CellposeModel(gpu=False, pretrained_model=MODEL)


@pytest.fixture
def seen(monkeypatch):
    """The shapes that a network is shown which takes for an object what is bright."""
    shapes = []

    def run(net, planes, **options):
        shapes.append(planes.shape)
        answer = np.zeros((*planes.shape[:3], 3), np.float32)
        answer[..., 2] = np.where(planes[..., 0] > 0.5, 6, -6)
        return answer, np.ones((len(planes), 256))

    for module in (core, models):
        monkeypatch.setattr(module, "run_net", run)
    return shapes


# --- What it learns from ------------------------------------------------------------------------


def test_images_with_fewer_than_five_objects_are_left_out_of_the_training():
    few, enough = np.zeros((2, 64, 64), np.int32)
    for number in range(1, 6):
        enough[10 * number : 10 * number + 6, 10:16] = number
        if number < 5:
            few[10 * number : 10 * number + 6, 10:16] = number
    assert inspect.signature(train.train_seg).parameters["min_train_masks"].default == 5
    kept = train._process_train_test(
        train_data=[np.full((1, 64, 64), value, np.float32) for value in (0, 1)],
        train_labels=[few, enough], device=CPU,
    )[0]  # fmt: skip
    assert [image.max() for image in kept] == [1]


def test_a_negative_number_is_taken_for_an_object():
    labels = np.zeros((64, 64), np.int32)
    labels[10:20, 10:20], labels[50:] = 1, -1
    (learned,) = dynamics.labels_to_flows([labels], device=CPU)
    is_object = learned[1]
    assert is_object[15, 15] == 1 and is_object[0, 0] == 0
    assert is_object[55, 30] == 1


def test_a_bent_shape_comes_back_from_its_flows():
    labels = np.zeros((60, 60), np.int64)
    labels[10:50, 10:20] = labels[40:50, 10:50] = labels[10:50, 40:50] = 1
    flows = 5 * dynamics.masks_to_flows(labels).astype(np.float32)
    found = dynamics.compute_masks(flows, np.where(labels, 6.0, -6.0).astype(np.float32))
    assert found.max() == 1
    assert (found == labels).mean() > 0.99


# --- Images, tiles, memory ----------------------------------------------------------------------


def test_tiles_of_224_pixels_overlap_by_a_sixth_or_more_and_are_averaged():
    assert (EVAL["bsize"].default, EVAL["tile_overlap"].default) == (224, 0.1)
    for side in (300, 1000, 5000):
        tiles, rows, columns, *size = transforms.make_tiles(
            np.zeros((1, 224, side), np.float32), bsize=224, tile_overlap=0.1
        )
        assert tiles.shape[-2:] == (224, 224)
        starts = np.array([start for start, _ in columns])
        assert (starts[:-1] + 224 - starts[1:]).min() >= 224 / 6
    answers = np.zeros((len(columns), 3, 224, 224), np.float32)
    answers[1] = 1
    mixed = transforms.average_tiles(answers, rows, columns, *size)[0, 100]
    shared = mixed[starts[1] : starts[0] + 224]
    assert ((shared > 0) & (shared < 1)).all()


def test_pixels_follow_the_flows_of_the_whole_image_at_once(model, seen, monkeypatch):
    followed = []
    follow = dynamics.follow_flows

    def watched(flows, inds, **options):
        followed.append((flows.shape, len(inds[0])))
        return follow(flows, inds=inds, **options)

    monkeypatch.setattr(dynamics, "follow_flows", watched)
    image = np.zeros((100, 600), np.float32)
    image[:, :200] = 1
    model.eval(image, channels=[0, 0], diameter=model.diam_mean, normalize=False, flow_threshold=0)
    assert followed == [((2, 100, 600), 100 * 200)], "all pixels of objects, beyond any tile"


def test_eight_tiles_go_through_the_network_at_a_time():
    assert EVAL["batch_size"].default == 8
    batches = []
    net = type("Net", (), {"nout": 3})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            core, "_forward",
            lambda net, tiles: batches.append(len(tiles))
            or (np.zeros((len(tiles), 3, 224, 224)), np.ones((len(tiles), 256))),
        )  # fmt: skip
        core.run_net(net, np.zeros((1, 1000, 1000, 2), np.float32))
    assert max(batches) == 8 and len(batches) > 1


def test_the_device_is_named_and_without_a_gpu_it_is_the_processor(monkeypatch):
    for found, cuda, mps, name in [(True, True, False, "cuda:0"), (True, False, True, "mps"),
                                   (False, False, False, "cpu")]:  # fmt: skip
        monkeypatch.setattr(core, "use_gpu", lambda use_torch, found=found: found)
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert str(core.assign_device(gpu=True)[0]) == name


def test_no_argument_is_a_pixel_size():
    assert {"diameter", "rescale", "anisotropy"} <= set(EVAL)
    assert not [name for name in EVAL if "pixel" in name or "um" in name.split("_")]


def test_it_normalises_by_the_1st_and_99th_percentile_of_what_it_is_given():
    image = data.nuclei()[0].astype(np.float32)
    for picture in (image, image[data.TOUCHING]):
        low, high = np.percentile(picture, [1, 99])
        given = transforms.normalize_img(picture[..., None].copy())[..., 0]
        assert np.abs(given - (picture - low) / (high - low)).max() < 1e-4
    two = transforms.normalize_img(np.stack([image, 9 * image], axis=-1))
    assert np.abs(two[..., 0] - two[..., 1]).max() < 1e-4, "each channel by itself"


# --- Three dimensions ---------------------------------------------------------------------------


def test_in_3d_one_network_looks_from_three_sides_and_the_log_says_so(caplog, seen):
    with caplog.at_level(logging.INFO, logger=core.core_logger.name):
        core.run_3D(None, np.zeros((4, 5, 6, 2), np.float32))
    said = [record.getMessage()[:10] for record in caplog.records]
    assert said == ["running YX", "running ZY", "running ZX"]
    assert seen == [(4, 5, 6, 2), (5, 4, 6, 2), (6, 4, 5, 2)]


def test_anisotropy_stretches_the_stack_along_z_before_the_network_sees_it(model, seen):
    options = {"channels": [0, 0], "z_axis": 0, "normalize": False, "compute_masks": False}
    for anisotropy in (None, 4):
        model.eval(np.zeros((6, 20, 20)), diameter=model.diam_mean, do_3D=True,
                   anisotropy=anisotropy, **options)  # fmt: skip
    assert seen[0][:3] == (6, 20, 20) and seen[3][:3] == (24, 20, 20)


def test_the_check_of_flows_is_left_out_in_3d_and_flows_can_be_smoothed(monkeypatch):
    assert EVAL["flow3D_smooth"].default == 0
    checked = []

    def check(masks, *rest, **options):
        checked.append(masks.ndim)
        return masks

    monkeypatch.setattr(dynamics, "remove_bad_flow_masks", check)
    shape = (12, 12, 12)
    for dimensions in (2, 3):
        labels = np.zeros(shape[:dimensions], np.int64)
        labels[(slice(3, 9),) * dimensions] = 1
        flows = 5 * dynamics.masks_to_flows(labels).astype(np.float32)
        logit = np.where(labels, 6.0, -6.0).astype(np.float32)
        found = dynamics.compute_masks(flows, logit, do_3D=dimensions == 3)
        assert found.max() == 1
    assert checked == [2]


def test_the_smallest_size_counts_voxels():
    labels = np.zeros((6, 6, 6), np.int32)
    labels[1:4, 1:4, 1:4] = 1  # 27 voxels, 9 pixels in a plane
    assert utils.fill_holes_and_remove_small_masks(labels.copy(), min_size=27).max() == 1
    assert utils.fill_holes_and_remove_small_masks(labels.copy(), min_size=28).max() == 0


def numbers(planes, threshold=0.25):
    return [set(np.unique(plane)) - {0} for plane in utils.stitch3D(planes.copy(), threshold)]


def test_stitching_joins_outlines_of_neighbouring_planes_from_an_iou_of_the_threshold_on():
    planes = np.zeros((2, 20, 20), np.int32)
    planes[0, :4, :5] = planes[1, :4, 3:8] = 1  # 8 of 32 pixels shared
    assert numbers(planes) == [{1}, {1}]
    assert numbers(planes, 0.26) == [{1}, {2}]


def test_stitching_looks_at_the_plane_before_alone():
    planes = np.zeros((3, 20, 20), np.int32)
    planes[:, 10:15, 10:15] = 1
    planes[0, :5, :5] = planes[2, :5, :5] = 2  # missed in the plane between
    (whole, above), middle, (same, below) = map(sorted, numbers(planes))
    assert [whole] == middle and same == whole
    assert below != above


def test_without_stitching_planes_are_segmented_one_by_one_in_2d(model, seen):
    model.eval(np.zeros((3, 20, 24)), channels=[0, 0], z_axis=0, stitch_threshold=0.25,
               diameter=model.diam_mean, normalize=False)  # fmt: skip
    assert seen == [(3, 20, 24, 2)]


# --- Files --------------------------------------------------------------------------------------


def test_more_than_65535_masks_are_saved_as_a_tiff_with_all_their_numbers(tmp_path):
    masks = np.arange(1, 70_001, dtype=np.uint32).reshape(250, 280)
    io.save_masks(np.zeros(masks.shape), masks, None, str(tmp_path / "many.tif"), png=True)
    (saved,) = tmp_path.iterdir()
    assert saved.name == "many_cp_masks.tif"
    assert np.array_equal(tifffile.imread(saved), masks)


def test_its_rois_run_through_the_middle_of_border_pixels_without_half_a_pixel(tmp_path):
    labels = np.zeros((40, 40), np.uint16)
    labels[10:20, 5:15] = 1  # 10 × 10 pixels, from corner (5, 10) to corner (15, 20)
    io.save_rois(labels, str(tmp_path / "a.tif"), multiprocessing=False)
    (roi,) = np.atleast_1d(roifile.roiread(tmp_path / "a_rois.zip"))
    points = roi.coordinates()
    assert points.min(axis=0).tolist() == [5, 10]
    assert points.max(axis=0).tolist() == [14, 19]


def test_models_lie_in_a_folder_of_the_home():
    assert Path.home() / ".cellpose" / "models" == models._MODEL_DIR_DEFAULT


# --- The command and the window -----------------------------------------------------------------


def test_the_command_opens_stacks_and_goes_through_folders():
    options = {name for action in get_arg_parser()._actions for name in action.option_strings}
    assert {"--Zstack", "--dir"} <= options


def window(name):
    return (Path(cellpose.__file__).parent / "gui" / name).read_text(encoding="utf-8")


def test_the_help_of_the_window_names_the_keys_and_clicks_of_the_page():
    said = " ".join(re.sub(r"<[^>]+>", " ", window("guihelpwindowtext.html")).split())
    for words in (
        "Delete mask = Ctrl (or COMMAND on Mac) + left-click", "Merge masks = Alt + left-click",
        "Start draw mask = right-click", "it is cropped so that it doesn’t overlap",
        "same folder as the loaded image with _seg.npy appended",
        "it will load automatically with image if it exists",
        "X turn masks ON or OFF", "Z toggle outlines ON or OFF",
        "A/D or LEFT/RIGHT cycle through images in current directory",
    ):  # fmt: skip
        assert words in said, words


def test_the_menus_of_the_window_are_named_as_on_the_page():
    menus = window("menus.py").replace("&", "")
    for name in (
        "Add custom torch model to GUI", "Train new model with image+masks in folder",
        "Load masks (*.tif, *.png, *.jpg)", "Save masks as PNG/tif",
        "Save outlines as .zip archive of ROI files for ImageJ",
    ):  # fmt: skip
        assert f'"{name}"' in menus, name
    assert "csv" not in menus.lower(), "there is a table to save"


def test_the_first_start_of_the_window_downloads_two_pictures():
    start = window("gui.py").split("def run(")[1].split("app_icon = ")[0]
    assert start.count("download_url_to_file(") == 2
    assert start.count(".png") == 4  # where they come from, and where they are kept


def test_without_a_network_a_download_ends_with_urlerror(monkeypatch, tmp_path):
    def nothing(address):
        raise URLError("no network")

    monkeypatch.setattr(utils, "urlopen", nothing)
    with pytest.raises(URLError):
        utils.download_url_to_file("https://www.cellpose.org/a.png", tmp_path / "a.png")


def test_calibrate_asks_cyto3_for_the_diameter():
    calibrate = window("gui.py").split("def calibrate_size(")[1].split("def ")[0]
    assert 'initialize_model(model_name="cyto3")' in calibrate
    assert "self.Diameter.setText" in calibrate


def test_the_window_keeps_three_channels_and_stretches_them_together():
    opening = window("io.py").split("def _initialize_images(")[1].split("\ndef ")[0]
    assert 'print("WARNING: image has more than 3 channels, keeping only first 3")' in opening
    for words in ("img_min = image.min()", "img_max = image.max()", "parent.stack *= 255"):
        assert words in opening, words


def test_enter_after_a_threshold_of_the_window_ends_in_an_error():
    gui = window("gui.py")
    for field in ("flow_threshold", "cellprob_threshold"):
        assert f"self.{field}.returnPressed.connect(self.compute_cprob)" in gui
    anew = gui.split("def compute_cprob(")[1].split("\n    def ")[0]
    assert "dynamics.resize_and_compute_masks(" in anew and "p=self.flows[3].copy()" in anew
    with pytest.raises(TypeError, match="unexpected keyword argument 'p'"):
        dynamics.resize_and_compute_masks(np.zeros((2, 9, 9)), np.zeros((9, 9)), p=None)


def test_after_restoring_the_window_segments_the_restored_image():
    run = window("gui.py").split("def compute_segmentation(")[1].split("\n    def ")[0]
    assert "if self.restore" in run and "data = self.stack_filtered.copy()" in run
    assert "self.saturation" not in run, "what the screen shows is not asked"


def test_the_window_trains_from_a_published_model_or_from_nothing_and_keeps_no_test_images():
    training = window("gui.py").split("def train_model(")[1].split("\n    def ")[0]
    assert "model_type = models.MODEL_NAMES[" in training
    assert "starting from scratch" in training
    assert "train.train_seg(" in training and "test_data" not in training


def test_the_number_of_steps_comes_from_the_diameter_unless_it_is_given(model, seen, monkeypatch):
    steps = []
    monkeypatch.setattr(
        model, "_compute_masks",
        lambda shape, *parts, niter, **options: steps.append(niter) or np.zeros(shape[:3]),
    )  # fmt: skip
    for options in ({}, {"niter": 0}, {"niter": 2000}):
        model.eval(np.zeros((20, 20)), channels=[0, 0], diameter=2 * model.diam_mean,
                   normalize=False, **options)  # fmt: skip
    assert steps == [400, 400, 2000]
    assert "use 2000 for bacteria" in window("gui.py")


def test_the_window_refuses_an_outline_of_fewer_than_ten_pixels_in_the_terminal_only():
    add = window("gui.py").split("def add_mask(")[1].split("\n    def ")[0]
    assert "if (~ioverlap).sum() < 10:\n                print(" in add
    press = window("guiparts.py").split("class ImageDraw(")[1].split("def mouseDragEvent")[0]
    assert "if (self.parent.masksOn or\n                self.parent.outlinesOn)" in press
    assert "else:\n                    ev.accept()\n                    self.end_stroke()" in press


def test_the_window_does_not_train_on_a_stack():
    new = window("gui.py").split("def new_model(")[1].split("\n    def ")[0]
    assert "if self.NZ != 1:" in new and "cannot train model on 3D data" in new


def test_the_command_line_knows_the_options_of_the_page_and_puts_rois_beside_the_image():
    faq = (Path(__file__).parents[3] / "docs" / "reference" / "faq.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^python -m cellpose (--dir .*)$", faq, re.M)
    arguments = get_arg_parser().parse_args(line.split())
    assert arguments.dir == "images" and arguments.save_tif and arguments.no_npy
    main = Path(cellpose.__file__).with_name("__main__.py").read_text(encoding="utf-8")
    assert "io.save_rois(masks, image_name)" in main
    assert 'raise FileExistsError("--savedir {args.savedir} does not exist")' in main


def test_the_window_trains_on_the_labels_in_seg_npy_alone():
    pairs = window("io.py").split("def _get_train_set(")[1].split("\ndef ")[0]
    assert pairs.count("label_name = image_name") == 1
    assert 'label_name = image_name + "_seg.npy"' in pairs
    assert "&Save masks and image (as *_seg.npy)" in window("menus.py")
