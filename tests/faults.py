"""The faults that `make mutate` plants, and for each the tests that should notice it.

First those that unit tests notice, then those for which the site must be built.
"""

import ast
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from course_build import ROOT


@dataclass(frozen=True)
class Fault:
    """What is planted, and which tests should notice.

    file : the file to spoil, in the repository
    old, new : what stands there, and what the fault makes of it; `old` stands there once
    tests : the tests, as pytest names them, with spaces between
    """

    name: str
    file: str
    old: str
    new: str
    tests: str


def page(address, variant="light-1280"):
    """Return the test that opens one page of the site."""
    return f"tests/site/test_site_pages.py::test_nothing_is_wrong_with[{variant}-{address}]"


# --- Exercises: a check that accepts every answer -------------------------------------------------


def tests_of(stem, *words):
    """Return the tests of a notebook that mention one of these words."""
    nodes = []
    for path in sorted((ROOT / "tests" / "notebooks").glob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if f'"{stem}"' in text:
            nodes += [
                f"{path.relative_to(ROOT).as_posix()}::{part.name}"
                for part in ast.parse(text).body
                if isinstance(part, ast.FunctionDef)
                and part.name.startswith("test_")
                and any(word in ast.get_source_segment(text, part) for word in words)
            ]
    return " ".join(nodes)


def checks_that_accept_everything():
    """Yield a fault for every check of an exercise: it returns before it looks."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        for line, name in re.findall(r'^( +"def (check_\w+)\(.*\):\\n",\n)', text, re.MULTILINE):
            (cell,) = re.findall(r'"id": "([\w-]+)"', text[: text.index(line)])[-1:]
            yield Fault(
                f"{path.stem[:2]} {name} accepts everything",
                path.relative_to(ROOT).as_posix(),
                line,
                line + '    "    return\\n",\n',
                tests_of(path.stem, name, cell),
            )


# A fault is read in a glance while it stands in a few lines.
# fmt: off

# --- Notebooks, as they are stored --------------------------------------------------------------

STARDIST = "notebooks/05_stardist_nuclei.ipynb"
ANATOMY = "tests/notebooks/test_anatomy.py::"
WHOLE_CELLS = "notebooks/17_whole_cells.ipynb"
WHOLE_CELLS_TESTS = "tests/notebooks/test_whole_cells.py::"

NOTEBOOKS = (
    Fault("a cell without its number", STARDIST,
          '"execution_count": 43,\n   "id": "solution-f1"',
          '"execution_count": null,\n   "id": "solution-f1"',
          ANATOMY + "test_it_was_run_once_from_top_to_bottom[05_stardist_nuclei]"),
    Fault("a picture without words", STARDIST,
          '"alt": "Two curves over prob_thresh', '"alt": "", "words": "Two curves over prob_thresh',
          ANATOMY
          + "test_every_picture_has_a_name_and_says_what_is_to_be_seen[05_stardist_nuclei]"),
    Fault("a cell of too many lines", STARDIST,
          '    "def check_f1(value, score):\\n",\n',
          '    "def check_f1(value, score):\\n",\n' + 16 * '    "    # a line\\n",\n',
          ANATOMY + "test_no_cell_is_longer_than_a_reader_can_take_in[05_stardist_nuclei]"),
    Fault("a path in what is printed", STARDIST,
          "Loading network weights from 'weights_best.h5'",
          "Loading network weights from '/home/somebody/weights_best.h5'",
          ANATOMY + "test_no_output_shows_a_folder_an_address_or_a_time_of_the_machine_it_ran_on"
          "[05_stardist_nuclei]"),
    Fault("no time in the head", STARDIST, "**CPU · about 40 s · no download**", "**CPU**",
          ANATOMY + "test_the_head_states_hardware_time_and_download[05_stardist_nuclei]"),
    Fault("an exercise without its solution", STARDIST,
          '"id": "solution-f1",\n   "metadata": {\n    "tags": [\n     "solution"',
          '"id": "solution-f1",\n   "metadata": {\n    "tags": [\n     "lesson"',
          ANATOMY + "test_every_exercise_is_followed_by_its_solution[05_stardist_nuclei]"),
    Fault("a wrong number under a cell", "notebooks/01_images_as_numbers.ipynb",
          '"in uint8: [44]', '"in uint8: [45]', "notebooks/01_images_as_numbers.ipynb"),
    Fault("notebooks may reach the network", "tests/offline/sitecustomize.py",
          "sockets.refuse_other_machines()", "sockets",
          "tests/notebooks/test_offline.py::test_another_machine_cannot_be_reached"),
    Fault("a machine's traces are stored", "src/course_build/notebooks/run.py",
          "/(?:home|root|", "/(?:root|",
          "tests/course_build/notebooks/test_run.py"
          "::test_what_differs_on_every_machine_or_run_is_refused_with_the_cell"),
    Fault("a doubled diameter is not noticed", WHOLE_CELLS,
          "assert 0.7 < median_width / diameter < 1.4, (", "assert True, (",
          WHOLE_CELLS_TESTS + "test_the_check_of_the_result_turns_red[diameter-doubled]"),
    Fault("swapped channels are not noticed", WHOLE_CELLS,
          "assert both_score.accuracy > 0.75, (", "assert True, (",
          WHOLE_CELLS_TESTS + "test_the_check_of_the_result_turns_red[channels-swapped]"),
    Fault("an image with its channels swapped is not noticed", WHOLE_CELLS,
          r'assert fills[\"actin\"] > fills[\"DNA\"], ', "assert True, ",
          WHOLE_CELLS_TESTS + "test_the_check_of_the_channels_turns_red_where_they_are_swapped"),
    Fault("a nucleus goes to a cell that holds less than half of it", WHOLE_CELLS,
          "<= nucleus_area / 2", "< 0",
          WHOLE_CELLS_TESTS + "test_a_nucleus_goes_to_the_cell_that_holds_more_than_half_of_it_"
          "whatever_the_numbers"),
)

# --- The helper package -------------------------------------------------------------------------

DATA, DATA_TESTS = "src/bioimage_course/data.py", "tests/bioimage_course/test_data.py::"
FOLDER, FOLDER_TESTS = "src/bioimage_course/folder.py", "tests/bioimage_course/test_folder.py::"
DOOR, DOOR_TESTS = "src/bioimage_course/reading/", "tests/bioimage_course/reading/"
CHECK = "src/bioimage_course/check.py"
LABEL_FAULTS = "src/bioimage_course/label_faults.py"
LABEL_FAULTS_TESTS = (
    "tests/bioimage_course/test_label_faults.py"
    "::test_labels_that_are_none_are_named_with_the_line_that_mends_them"
)
LABELS = "tests/bioimage_course/test_check.py::test_labels_names_the_likely_mistake"
ODD = FOLDER_TESTS + "test_an_odd_image_gets_a_row_that_says_what_to_do_and_the_others_are_done"
MISTAKES = "src/bioimage_course/mistakes.py"
CARD = "src/bioimage_course/report_card.py"
DOCTOR = "src/bioimage_course/doctor/"
OWN_MODEL, OWN_MODEL_TESTS = (
    "src/bioimage_course/own_model/", "tests/bioimage_course/own_model/"
)

PACKAGE = (
    Fault("fetch takes a file with another hash", DATA,
          "registry=dataset.registry,", "registry=dict.fromkeys(dataset.registry),",
          DATA_TESTS + "test_fetch_rejects_a_file_whose_hash_changed"),
    Fault("fetch leaves half a data set", DATA,
          'with tempfile.TemporaryDirectory(dir=_cache(), prefix=f".{target.name}-") as workspace:',
          "if workspace := tempfile.mkdtemp(dir=_cache()):",
          DATA_TESTS + "test_fetch_leaves_nothing_when_the_connection_is_cut_half_way"),
    Fault("fetch gives up at once", DATA, "RETRIES = 2", "RETRIES = 0",
          DATA_TESTS + "test_fetch_tries_again_before_it_gives_up"),
    Fault("fetch takes an incomplete folder", DATA,
          "    if missing:\n        more", "    if False:\n        more",
          DATA_TESTS + "test_fetch_says_what_your_own_folder_lacks"),
    Fault("an image may lack its mask", DATA, "        if alone:", "        if False:",
          DATA_TESTS + "test_pairs_refuses_images_and_masks_that_do_not_pair_up"),
    Fault("the door takes NaN", DOOR + "plane.py",
          "    if bad:\n", "    if False:\n", ODD + "[NaN]"),
    Fault("the door takes one channel of RGBA", DOOR + "plane.py",
          "chosen = 0 if channel is None and alike else channel", "chosen = channel or 0",
          ODD + "[RGBA]"),
    Fault("the door takes a stack", DOOR + "plane.py",
          'if axis not in "CS":', 'if axis not in "CSZ":', ODD),
    Fault("the door takes a file that was cut off", DOOR + "door.py",
          "    except Exception as error:  # decoders raise anything\n",
          "    except Exception as error:  # decoders raise anything\n"
          "        return np.zeros((64, 64), np.uint16), None\n", ODD),
    Fault("the door halves colours of 16 bits", DOOR + "pictures.py",
          "if bits == 16 and kind != 0:", "if False:",
          DOOR_TESTS + "test_pictures.py::test_a_png_of_16_bits_keeps_them_all[grey+alpha]"),
    Fault("the door takes zeros for the end of an image", DOOR + "whole.py",
          "    if 1 - np.count_nonzero(values[:filled]) / filled > RARE:\n", "    if True:\n",
          DOOR_TESTS + "test_whole.py"
          "::test_a_copy_that_stopped_is_refused_however_it_is_packed[None-strips-0.5-zeros]"),
    Fault("the door takes darkness for damage", DOOR + "whole.py",
          "    if 1 - np.count_nonzero(values[:filled]) / filled > RARE:\n", "    if False:\n",
          DOOR_TESTS + "test_whole.py::test_a_black_image_and_one_that_is_dark_below_are_whole"),
    Fault("the door reads a neighbour's plane", DOOR + "tiff.py",
          "    if len(mine) == len(planes):\n", "    if True:\n",
          DOOR_TESTS + "test_tiff.py::test_each_file_of_a_set_gives_its_own_plane"),
    Fault("the door leaves white at zero", DOOR + "tiff.py",
          '    if meaning == "MINISWHITE":\n', "    if False:\n",
          DOOR_TESTS + "test_tiff.py::test_where_white_is_zero_bright_is_large_again"),
    Fault("the door takes dots for printers for a size", DOOR + "pixel_size.py",
          "if size > LARGEST_DOT and (", "if False and (",
          DOOR_TESTS + "test_pixel_size.py::test_a_tiff_says_it_in_its_own_unit"),
    Fault("folder skips files in silence", FOLDER,
          "return kinds.might_be_an_image(path)", "return path.suffix in kinds.TIFFS",
          FOLDER_TESTS + "test_every_file_that_might_be_an_image_has_a_row"),
    Fault("folder dies at the same image again", FOLDER,
          "p not in ended and not self._record(p)", "not self._record(p)",
          FOLDER_TESTS
          + "test_an_image_that_ended_python_has_a_row_in_the_next_run_and_the_others_are_done"),
    Fault("equal limits reach the network", "src/bioimage_course/contrast.py",
          "    if bright > dark:\n", "    if True:\n",
          "tests/bioimage_course/test_contrast.py::test_a_speck_alone_sets_no_limits"),
    Fault("folder leaves half a file", FOLDER,
          "            half.unlink()\n", "            pass\n",
          FOLDER_TESTS + "test_an_interruption_while_writing_leaves_no_half_file"),
    Fault("folder writes over what is there", FOLDER,
          'half = path.with_name(f".{path.name}.part")', "half = path",
          FOLDER_TESTS + "test_a_full_disk_does_not_harm_the_summary_of_the_last_run"),
    Fault("folder keeps results of other settings", FOLDER,
          'record["settings"] == self.settings and ', "",
          FOLDER_TESTS + "test_other_settings_or_a_lost_result_are_done_again"),
    Fault("folder loses numbers above 65535", FOLDER,
          "np.iinfo(np.uint16).max else np.uint32", "np.iinfo(np.uint16).max else np.uint16",
          FOLDER_TESTS + "test_labels_keep_every_number"),
    Fault("a pickle is opened unasked", OWN_MODEL + "label_files.py",
          "    if not own_pickles:\n", "    if False:\n",
          OWN_MODEL_TESTS + "test_label_files.py::test_a_pickle_is_not_opened_unasked"),
    Fault("a ruined model goes to the page", OWN_MODEL + "for_page.py",
          "if not np.isfinite(values).all():", "if False:",
          OWN_MODEL_TESTS + "test_for_page.py::test_another_or_a_ruined_cellpose_is_refused"),
    Fault("batch normalisation is left out for the page", OWN_MODEL + "for_page.py",
          "if norm is not None:", "if False:", OWN_MODEL_TESTS
          + "test_for_page.py::test_batch_normalisation_becomes_part_of_the_convolution"),
    Fault("the page runs a damaged model", "lab/own_model.js",
          " || !await hasHash(weights, model.sha256)", "", "tests/lab/test_own_model.py"
          "::test_a_file_that_the_page_cannot_run_gets_a_sentence_with_the_next_step"),
    Fault("labels of another image are not noticed", OWN_MODEL + "pairs.py",
          "if own < label_faults.FITS and row.max() > enough:", "if False:",
          OWN_MODEL_TESTS + "test_pairs.py::test_swapped_labels_of_two_images_are_both_named"),
    Fault("an image may lie in two parts", OWN_MODEL + "split.py",
          "            if other_part != part:\n", "            if False:\n",
          OWN_MODEL_TESTS
          + "test_split.py::test_one_image_in_two_parts_is_refused_also_if_it_was_turned"),
    Fault("any gain is better", OWN_MODEL + "better.py",
          "np.percentile(differences, [2.5, 97.5])", "np.percentile(differences, [50, 50])",
          OWN_MODEL_TESTS + "test_better.py::test_a_gain_that_one_image_makes_is_no_difference"),
    Fault("a network is saved over the old one", OWN_MODEL + "progress.py",
          'half = Path(f"{filename}.part")', "half = Path(filename)",
          OWN_MODEL_TESTS + "test_progress.py"
          "::test_a_network_that_is_cut_off_while_it_is_saved_leaves_the_old_one_whole"),
    Fault("the test is scored again", OWN_MODEL + "take_along.py",
          "    if file.is_file():\n", "    if False:\n",
          OWN_MODEL_TESTS + "test_take_along.py::test_the_test_images_are_scored_once_for_a_model"),
    Fault("labels may be a mask", LABEL_FAULTS,
          "return MASK if looks_binary(labels) else None", "return None", LABELS),
    Fault("labels may be classes", LABEL_FAULTS,
          "if len(pieces) < 2 or np.median(pieces) < 3:", "if True:",
          LABEL_FAULTS_TESTS + "[classes]"),
    Fault("labels may be turned", LABEL_FAULTS,
          "    if as_it_is > FITS:\n", "    if True:\n", LABEL_FAULTS_TESTS + "[turned]"),
    Fault("every tool takes -1", CHECK, '(-1 if tool == "StarDist" else 0)', "-1",
          "tests/bioimage_course/test_label_faults.py::test_minus_one_is_for_stardist_alone"),
    Fault("outlines pass for labels", LABEL_FAULTS, "_inverted, _lines, _is_mask",
          "_inverted, _is_mask", LABEL_FAULTS_TESTS + "[outlines]"),
    Fault("-1 that lost its sign is an object", LABEL_FAULTS, "_is_mask, _minus_one, _rings",
          "_is_mask, _rings", LABEL_FAULTS_TESTS),
    Fault("a hole of zeros passes", DOOR + "whole.py",
          "    _refuse_hole(values[:filled], first, length, start, row, size)\n", "",
          DOOR_TESTS + "test_whole.py::test_a_hole_of_whole_blocks_is_seen"),
    Fault("a table of one colour is black", DOOR + "colours.py",
          "    if (table == table[:, :1]).all():\n", "    if False:\n",
          DOOR_TESTS + "test_tiff.py"
          "::test_a_table_of_one_colour_shows_nothing_and_is_refused"),
    Fault("numbers far above 0 are lost", "src/bioimage_course/contrast.py",
          "if image.dtype.itemsize > 2 and", "if False and",
          "tests/bioimage_course/test_contrast.py"
          "::test_numbers_that_32_bits_would_lose_are_scaled_like_others"),
    Fault("outlines lose holes", "src/bioimage_course/outlines.py",
          "return sorted(rings, key=_area, reverse=True)", "return [max(rings, key=_area)]",
          "tests/bioimage_course/test_outlines.py"
          "::test_every_object_comes_back_pixel_by_pixel_with_its_number"),
    Fault("outlines of a slide wrap", "src/bioimage_course/outlines.py",
          "SHORT = 32767", "SHORT = 10**9", "tests/bioimage_course/test_outlines.py"
          "::test_rois_beyond_32767_pixels_lie_where_the_objects_are"),
    Fault("labels may be of another image", CHECK,
          "if shape is not None and labels.shape != tuple(shape):", "if False:", LABELS),
    Fault("labels may be probabilities", CHECK,
          'if labels.dtype.kind not in "ui":', "if False:", LABELS),
    Fault("half is most", MISTAKES, "part_of_annotated > MOST", "part_of_annotated >= MOST",
          "tests/bioimage_course/test_mistakes.py::test_mostly_is_more_than_half"),
    Fault("a fifth is hardly", MISTAKES, "HARDLY = 0.25", "HARDLY = 0.2",
          "tests/bioimage_course/test_mistakes.py::test_hardly_is_less_than_a_quarter"),
    Fault("merged is called found", MISTAKES,
          '["found", "merged", "split", "missed"]', '["found", "found", "split", "missed"]',
          "tests/bioimage_course/test_mistakes.py::test_each_mistake_gets_its_name"),
    Fault("the card does not say what is missing", CARD,
          "if name not in given and name not in idle", "if name in given and name not in idle",
          "tests/bioimage_course/test_report_card.py::test_it_is_the_card_of_the_form"),
    Fault("the card takes any name", CARD, "    if unknown:", "    if False:",
          "tests/bioimage_course/test_report_card.py::test_a_name_that_the_form_does_not_know_is_refused"),
    Fault("weights were changed", "src/bioimage_course/weights/stardist_nuclei/config.json",
          '"unet_dropout": 0.0', '"unet_dropout": 0.1',
          "tests/bioimage_course/test_weights.py::test_weights_are_whole_and_small"),
    Fault("the doctor takes any weights", DOCTOR + "weights.py",
          ".hexdigest() != expected:", '.hexdigest() == "":',
          "tests/bioimage_course/doctor/test_weights.py"
          "::test_weights_missing_or_damaged_are_named_with_the_way_back"),
    Fault("the doctor takes any Python", DOCTOR + "installation.py",
          "    if python in PYTHONS:\n", "    if True:\n",
          "tests/bioimage_course/doctor/test_installation.py"
          "::test_a_python_that_does_not_work_is_named_with_one_that_does"),
    Fault("the doctor names the user", DOCTOR + "privacy.py",
          'text = re.sub(pattern, "…", text)', "pass",
          "tests/bioimage_course/doctor/test_privacy.py"
          "::test_names_and_other_homes_are_hidden_and_nothing_else"),
    Fault("the doctor takes a proxy for no network", DOCTOR + "network.py",
          'if "CERTIFICATE" in error.upper():', "if False:",
          "tests/bioimage_course/doctor/test_network.py::test_the_fix_fits_the_reason"),
    Fault("the doctor installs again what PYTHONPATH hides", DOCTOR + "__init__.py",
          "            if hidden\n", "            if False\n",
          "tests/bioimage_course/doctor/test_doctor.py"
          "::test_what_is_hidden_is_not_called_broken_or_missing"),
    Fault("the doctor is ill itself", DOCTOR + "__init__.py",
          "path.make_way()", "pass",
          "tests/bioimage_course/doctor/test_path.py"
          "::test_the_doctor_itself_works_beside_a_file_called_random"),
    Fault("the doctor takes a full disk", DOCTOR + "computer.py",
          "stops=size < LEAST_DISK,", "stops=False,",
          "tests/bioimage_course/doctor/test_computer.py"
          "::test_a_full_disk_is_named_once_for_all_places_on_it"),
    Fault("scores of images are not pooled", "training/scoring.py",
          '"pooled": _interval(_ap(counts.sum(0)), ', '"pooled": _interval(_ap(counts).mean(0), ',
          "tests/training/test_scoring.py::test_pooled_and_mean_over_images_are_told_apart"),
)

# --- Setting up, publishing, bundle, copies for students ----------------------------------------

SETUP_TESTS = "tests/test_setup_env.py::"
PUBLISH, PUBLISH_TESTS = "src/course_build/publish.py", "tests/course_build/test_publish.py::"
STUDENTS = "src/course_build/notebooks/students.py"
STUDENTS_TESTS = "tests/course_build/notebooks/test_students.py::"
FOLDS = "src/course_build/notebooks/folds.py"
FOLDS_TESTS = "tests/course_build/notebooks/test_folds.py::"
BUNDLE_TESTS = "tests/course_build/bundle/test_make.py::"

HANDING_OUT = (
    Fault("a missing network is called a missing package", "setup_env.py",
          "if package and (saw_the_index or not re.search(f\"{NO_TRUST}|{NO_NETWORK}\", errors)):",
          "if package:", SETUP_TESTS + "test_a_missing_network_is_named_as_such"),
    Fault("a missing package is called a missing network", "setup_env.py",
          "if package and (saw_the_index or not re.search(f\"{NO_TRUST}|{NO_NETWORK}\", errors)):",
          "if package and False:",
          SETUP_TESTS + "test_a_computer_without_packages_is_named_and_sent_to_colab"),
    Fault("a wrong Python is not named", "setup_env.py",
          "if version and version not in SUPPORTED:", "if False:",
          SETUP_TESTS + "test_a_wrong_python_in_the_environment_is_named_before_the_computer"),
    Fault("a solution stays in", STUDENTS,
          "[_answer(run, notebook)] if solved else", "run if solved else",
          STUDENTS_TESTS + "test_no_solution_and_no_output_is_left"),
    Fault("outputs stay in", STUDENTS,
          "ClearOutputPreprocessor().preprocess(student, {})", "student, None",
          STUDENTS_TESTS + "test_no_solution_and_no_output_is_left"),
    Fault("answers are not folded up", FOLDS,
          'if "answer-check" in tags:', "if False:",
          FOLDS_TESTS + "test_imports_drawing_and_checks_are_folded"),
    Fault("a call of a tool is folded", FOLDS,
          "        or TOOLS.search(cell.source)\n", "",
          FOLDS_TESTS + "test_the_lesson_exercises_forms_and_calls_of_the_tools_stay_open"),
    Fault("the text repeats where the foot leads", "src/course_build/notebooks/page.py",
          'link["href"] != after', "True",
          "tests/course_build/notebooks/test_page.py"
          "::test_the_text_does_not_repeat_where_the_foot_of_the_page_leads"),
    Fault("Colab's copy lacks the set-up cell", "src/course_build/notebooks/setup_cell.py",
          "    prepared.cells.insert(place, cell)\n", "",
          "tests/course_build/notebooks/test_setup_cell.py"
          "::test_it_stands_before_the_first_code_and_the_notebook_itself_stays_as_it_was"),
    Fault("a notebook without set-up cell is published", PUBLISH,
          "    if not installs:", "    if False:",
          PUBLISH_TESTS + "test_a_notebook_without_a_set_up_cell_cannot_run_on_colab"),
    Fault("a wheel from elsewhere is published", PUBLISH,
          "if not wheel.startswith(site_url):", "if False:",
          PUBLISH_TESTS + "test_a_fault_of_a_notebook_is_named_with_its_cell"),
    Fault("a wheel without weights is published", PUBLISH,
          'if not any(name.startswith("bioimage_course/weights/") for name in names):', "if False:",
          PUBLISH_TESTS + "test_a_wheel_that_is_none_or_lacks_the_weights_is_a_fault"),
    Fault("a placeholder is published", PUBLISH,
          "for placeholder in PLACEHOLDER.findall(text):", "for placeholder in ():",
          PUBLISH_TESTS + "test_a_fault_of_a_page_is_named_with_its_file"),
    Fault("the bundle's hashes are not compared", "src/course_build/bundle/scripts/verify.py",
          "!= sums[path]:", '== "":',
          BUNDLE_TESTS + "test_one_changed_byte_is_reported_by_name"),
    Fault("the bundle's students get solutions", "src/course_build/bundle/make.py",
          '("student", students.make(source))', '("student", complete)',
          BUNDLE_TESTS + "test_students_get_no_solutions_and_trainers_get_all"),
)

# --- Rules for the repository and for pages -----------------------------------------------------

CHAPTERS = "tests/docs/test_chapters.py::"
PAGES = "tests/course_build/pages/"
SHELF_LIFE = "tests/course_build/shelf_life/"
SLIDES = "docs/teach/slides/fails.md"
LEARNING, LEARNING_TESTS = "src/course_build/learning/", "tests/course_build/learning/"
PRINT, PRINT_TESTS = "src/course_build/print/", "tests/course_build/print/"
SLIDES_TESTS = PRINT_TESTS + "test_slides.py::"

RULES = (
    Fault("a path of this machine", "CONTRIBUTING.md", "# Take part",
          f"# Take part in {Path.home()}/here",
          "tests/test_repository.py::test_no_file_names_a_folder_of_the_machine_it_was_made_on"),
    Fault("an address in the lock", "requirements.txt", "numpy==2.0.2",
          "numpy @ https://a.test/n.whl",
          "tests/test_repository.py::test_the_locks_name_no_download_address"),
    Fault("the lock is behind", "pyproject.toml", '"stardist==0.9.2"', '"stardist==0.9.3"',
          "tests/test_repository.py::test_the_lock_pins_what_pyproject_asks_for"),
    Fault("uv does not hear of all that Cellpose needs", "pyproject.toml", '"fastremap", ', "",
          "tests/course_build/test_lock.py"),
    Fault("a command without its twin for Windows", "README.md",
          "```powershell\n.venv\\Scripts\\python -m jupyter lab", "```powershell\njupyter lab",
          "tests/docs/test_windows.py"),
    Fault("an import that nobody uses", "training/scoring.py", "import numpy as np\n",
          "import json\n\nimport numpy as np\n",
          "tests/test_repository.py::test_ruff_finds_nothing"),
    Fault("an action by its name", ".github/workflows/test.yml",
          "upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02", "upload-artifact@v4",
          "tests/test_workflows.py::test_every_action_is_pinned_by_its_hash"),
    Fault("a target without its module", "Makefile", "-m course_build.external_links --online",
          "-m course_build.links --online",
          "tests/test_makefile.py::test_every_module_that_a_target_runs_is_there"),
    Fault("a run sheet's clock stands still", PRINT + "run_sheets.py",
          "at += int(minutes)", "at += 0 * int(minutes)",
          PRINT_TESTS + "test_run_sheets.py::test_a_block_is_one_row_with_the_clock_the_places_"
          "the_goal_and_plan_b"),
    Fault("no slide bears an address", PRINT + "slides.py",
          "if not (site and pages):", "if pages:",
          SLIDES_TESTS + "test_the_last_slide_bears_the_address_to_open_if_the_site_has_one"),
    Fault("a code without its white edge", PRINT + "qr.py",
          "np.pad(code, QUIET,", "np.pad(code, 0,",
          PRINT_TESTS + "test_qr.py::test_it_keeps_the_white_edge_that_readers_need"),
    Fault("in PowerPoint, a picture says nothing", PRINT + "pptx_file.py",
          'descr={quoteattr(item["alt"])}', 'descr=""',
          PRINT_TESTS + "test_pptx_file.py::test_a_picture_says_what_it_shows_and_is_stored"),
    Fault("what is mended was never broken", "src/course_build/shelf_life/history.py",
          'known["true_since"] if was_good else day', 'known["true_since"] or day',
          SHELF_LIFE + "test_history.py::test_what_is_mended_begins_a_new_row"),
    Fault("a test that is gone proves a claim", "src/course_build/shelf_life/run.py",
          'return "there is no such test"', 'return ""',
          SHELF_LIFE + "test_run.py::test_a_test_that_cannot_be_collected_counts_as_broken"),
    Fault("the newest versions are those of the lock", "src/course_build/shelf_life/environment.py",
          'limits.append(f">={number}")', 'limits.append(f"=={number}")',
          SHELF_LIFE
          + "test_environment.py::test_pins_and_upper_limits_go_but_not_the_line_of_cellpose"),
    Fault("American spelling", "docs/concepts/images-as-numbers.md", "The array does not know.",
          "The array has no color.", CHAPTERS + "test_pages_and_notebooks_are_in_british_spelling"),
    Fault("a chapter without its quiz", "docs/tools/stardist.md", "<!-- quiz -->", "",
          CHAPTERS + "test_it_ends_with_three_sentences_a_quiz_and_a_notebook"),
    Fault("a chapter's time is typed", "docs/tools/stardist.md",
          "**{{ page.minutes }} minutes**", "**5 minutes**",
          CHAPTERS + "test_it_opens_with_what_the_reader_will_be_able_to_do_in_how_much_time"),
    Fault("figures take no time", "src/course_build/pages/reading_time.py",
          "130, 3, 1, 12", "130, 0, 1, 12",
          PAGES + "test_reading_time.py"),
    Fault("gaps in the numbers of objects stay", OWN_MODEL + "triples.py",
          "return relabel_sequential(labels.astype(np.int64))[0]", "return labels",
          OWN_MODEL_TESTS
          + "test_triples.py::test_gaps_in_the_numbers_are_closed_on_both_sides"),
    Fault("annotation and result change places", OWN_MODEL + "triples.py",
          "triple.truth, triple.found = labels[0], labels[1]",
          "triple.truth, triple.found = labels[1], labels[0]",
          OWN_MODEL_TESTS + "test_triples.py::test_truth_is_what_lies_in_the_first_folder"),
    Fault("a route without its source", "docs/tools/which-tool.md",
          "[yes](../clicks/napari.md#there-and-back)", "yes",
          "tests/docs/test_clicks.py::test_the_table_of_routes_has_a_source_in_each_cell"),
    Fault("a photograph of another version", "requirements-napari.txt", "\nnapari==0.9.2",
          "\nnapari==0.9.3", "tests/course_build/test_screenshots.py::"
          "test_the_pictures_were_taken_with_the_versions_that_are_pinned"),
    Fault("widgets that may say anything", "src/course_build/screenshots/__main__.py",
          "        elif one != other:", "        elif one is other:",
          "tests/course_build/test_screenshots.py::"
          "test_a_widget_that_says_something_else_is_noticed"),
    Fault("the glossary says something else", "docs/reference/glossary.yml",
          "An outline where nothing is. Less than a quarter",
          "An outline where nothing is. Less than a third",
          "tests/docs/test_words_for_mistakes.py::test_the_page_says_word_for_word_what_the_glossary_says"),
    Fault("code prints something else", "docs/concepts/images-as-numbers.md",
          "print(image.max())     # 235", "print(image.max())     # 255",
          "tests/docs/test_code_on_pages.py::test_code_prints_what_its_comments_say"),
    Fault("a number that nobody measured", "docs/concepts/images-as-numbers.md",
          "{{ images_as_numbers.largest }}", "{{ images_as_numbers.biggest }}",
          "tests/docs/test_reference.py::test_every_number_that_is_quoted_was_measured"),
    Fault("a paper that nobody listed", "docs/tools/stardist.md",
          "StarDist ([@schmidt2018])", "StarDist ([@schmitt2018])",
          "tests/docs/test_reference.py::test_every_key_that_is_cited_exists"),
    Fault("names may stand beside answers", LEARNING + "answers.py",
          "if column not in (*WIDE, *LONG) and any(", "if column in WIDE and any(",
          LEARNING_TESTS
          + "test_answers.py::test_a_file_with_a_fault_is_refused_with_what_to_do[name]"),
    Fault("a class is drawn again too evenly", LEARNING + "gains.py",
          "MIDDLE = (2.5, 97.5)", "MIDDLE = (25, 75)",
          LEARNING_TESTS + "test_gains.py::test_the_interval_is_that_of_scipys_bootstrap"),
    Fault("one letter is right too often", "docs/teach/worksheets/learning-a.md",
          "| A9 | transfer | d |", "| A9 | transfer | c |",
          LEARNING_TESTS
          + "test_items.py::test_each_letter_is_right_three_times_in_each_form_and_in_both_kinds"),
    Fault("a break is forgotten", "docs/teach/half-day.md", "| 0:10–0:35 |", "| 0:10–0:40 |",
          "tests/docs/test_teaching.py::test_the_table_at_the_top_says_the_same_as_the_headings"),
    Fault("minutes of a slide", SLIDES, "<!-- figure 10 min", "<!-- figure 12 min",
          SLIDES_TESTS + "test_the_minutes_of_the_notes_are_those_of_the_block"),
    Fault("a slide without a note", SLIDES,
          "<!-- talk 1 min · “Six names. Say the name aloud before you touch anything.” -->", "",
          SLIDES_TESTS + "test_every_slide_has_a_title_and_a_sentence_to_say"),
    Fault("a slide's picture without words", SLIDES,
          "![Two pictures. Before, with AP {{ failures.uneven.before.ap | .2f }}, light falls off "
          "to the lower left, where nuclei are missed. After dividing by the background, with AP "
          "{{ failures.uneven.after.ap | .2f }}, most are found.]", "![Two pictures]",
          SLIDES_TESTS + "test_every_picture_is_the_courses_own_and_says_what_it_shows"),
    Fault("a phone scrolls wide tables", "src/course_build/pages/tables.py",
          "return words and sum(", "return False and sum(",
          PAGES + "test_tables.py::test_each_cell_says_the_head_of_its_column"),
    Fault("the pictures' typeface is not made known", "src/bioimage_course/typeface/__init__.py",
          "if fonts is None:", "if True:",
          "tests/bioimage_course/test_typeface.py"
          "::test_pictures_are_set_in_the_typeface_of_the_pages"),
    Fault("a picture without words passes", "src/course_build/pages/pictures.py",
          'if not attributes.get("alt", "").strip():', "if False:", PAGES + "test_pictures.py"),
    Fault("a picture of another host passes", "src/course_build/pages/pictures.py",
          'if urlsplit(source).scheme not in ("", "data"):', "if False:",
          PAGES + "test_pictures.py"),
    Fault("a number in code shows its name", "src/course_build/pages/numbers.py",
          "if expression and expression[1] in values:", "if False:",
          PAGES + "test_numbers.py"),
    Fault("an unknown number passes", "src/course_build/pages/numbers.py",
          "if value is None or isinstance(value, dict | list):",
          "if isinstance(value, dict | list):",
          "tests/docs/test_reference.py::test_a_name_that_nothing_measured_is_found_out"),
    Fault("an unknown figure passes", "src/course_build/pages/figures.py",
          "        if not source.is_file():\n",
          "        if not source.is_file():\n            return ''\n",
          PAGES + "test_figures.py::test_an_unknown_figure_is_named_with_the_page"),
    Fault("a formula that does not compile passes", "src/course_build/pages/formulas.py",
          'if "error" in result:', "if False:",
          PAGES
          + "test_formulas.py::test_a_wrong_formula_stops_the_build_and_names_page_and_formula"),
    Fault("a quiz without a right answer passes", "src/course_build/pages/quizzes.py",
          'return None if right else "no option is right"', "return None",
          PAGES + "test_quizzes.py::test_a_quiz_that_nobody_could_answer_stops_the_build"),
    Fault("options stay as their author wrote them", "src/course_build/pages/quizzes.py",
          'random.Random(question["question"]).shuffle(options)', "pass",
          "tests/docs/test_chapters.py::"
          "test_no_place_among_the_options_is_the_right_one_more_often_than_another"),
    Fault("a dead link in a notebook passes", "src/course_build/pages/links.py",
          'if path.startswith("..") or not (self.root / path).exists():', "if False:",
          PAGES + "test_links.py"),
    Fault("a solution is not folded", "src/course_build/notebooks/page.py",
          '<details class="solution"><summary>Solution</summary></details>',
          '<div class="solution"></div>',
          "tests/course_build/notebooks/test_page.py::test_solutions_in_a_row_are_folded_together"),
    Fault("a notebook without outputs passes", "src/course_build/notebooks/page.py",
          "if code and not page.runs_elsewhere and", "if False and",
          "tests/course_build/notebooks/test_page.py"
          "::test_the_build_stops_at_a_notebook_whose_outputs_were_stripped"),
    Fault("answers can be searched", "src/course_build/notebooks/page.py",
          "        if cell.is_answer_check:\n", "        if False:\n",
          "tests/course_build/notebooks/test_page.py"
          "::test_code_that_checks_an_answer_and_outputs_stay_out_of_search_and_other_code_does_not"),
    Fault("a dead anchor passes", "src/course_build/site_check.py", "if count != 1:",
          "if count > 1:",
          "tests/site/test_checks_can_fail.py::test_a_dead_link_is_reported"),
    Fault("plain http passes", "src/course_build/site_check.py",
          'if parts.scheme != "https":', "if False:",
          "tests/site/test_checks_can_fail.py::test_a_bad_outside_link_is_reported"),
)

# --- Figures, and the models in JavaScript ------------------------------------------------------

STALE = "tests/test_figures.py::test_what_is_stored_is_what_its_script_makes_now"
STAMPS, STAMPS_TESTS = "src/course_build/figures.py", "tests/course_build/test_figures.py::"
JAVASCRIPT = "tests/test_javascript.py::test_javascript_does_what_its_tests_say"

FIGURES = (
    Fault("a figure's script was changed", "figures/threshold/compute.py", '"start": 50',
          '"start": 51',
          STALE + "[threshold]"),
    Fault("a script that figures share was changed", "figures/_shared/files.py", ":.6g}", ":.5g}",
          STALE + "[threshold]"),
    Fault("a picture was changed by hand", "figures/convolution/convolution-light.svg",
          'width="560pt"', 'width="561pt"', STALE + "[convolution]"),
    Fault("a wrong number of a figure", "figures/convolution/data.json",
          '"result": 169', '"result": 196', STALE + "[convolution]"),
    Fault("a wrong number in a page's data", "figures/threshold/page.json", '"start":50',
          '"start":60',
          STALE + "[threshold]"),
    Fault("a figure's model was changed", "src/bioimage_course/weights/stardist_nuclei/config.json",
          '"unet_n_depth": 3', '"unet_n_depth": 4', STALE + "[unet]"),
    Fault("a page names another version", "docs/tools/cellpose-versions.md",
          "take version 3.1.1.3.", "take Cellpose 3.1.1.2.",
          "tests/docs/test_versions.py::test_a_version_that_is_named_is_one_of_a_lock"),
    Fault("a notebook under another name", "docs/start/first-success.md",
          "open the notebook [05 · Nuclei", "open the notebook [05 · Our nuclei",
          "tests/docs/test_notebook_names.py"
          "::test_pages_and_slides_call_notebooks_by_their_names"),
    Fault("Cellpose keeps its limit for numpy", "setup_env.py",
          'ALONE = ("-e ", "cellpose==")', 'ALONE = ("-e ",)',
          "tests/test_setup_env.py"
          "::test_cellpose_is_installed_past_the_limit_that_it_sets_for_numpy"),
    Fault("a picture is encoded at every build", "src/course_build/notebooks/page.py",
          "if not file.exists():\n            kept", "if True:\n            kept",
          "tests/course_build/notebooks/test_page.py"
          "::test_a_picture_is_encoded_once_and_anew_when_it_changes"),
    Fault("a large field does not read its halos", "training/measure_large_images.py",
          "at + TILE + HALO) - max(0, at - HALO)", "at + TILE) - max(0, at)",
          "figures/large_images/test_draw.py"
          "::test_the_pixels_that_are_read_include_the_halo_but_not_what_lies_outside"),
    Fault("another numpy", "requirements.txt", "numpy==2.0.2", "numpy==2.0.1",
          STALE + "[convolution]"),
    Fault("a figure under another name", "figures/threshold/figure.md",
          'data-figure="threshold"', 'data-figure="thresholds"',
          "tests/test_figures.py::test_a_folder_holds_nothing_but_its_figure[threshold]"),
    Fault("a stale figure passes", STAMPS, "        if now != digest:\n",
          "        if now is None:\n",
          STAMPS_TESTS
          + "test_a_change_of_what_it_was_made_from_is_named_with_the_command_that_mends_it"),
    Fault("a change by hand passes", STAMPS,
          'if written.get(file) != stamp["wrote"].get(file):', "if file not in written:",
          STAMPS_TESTS + "test_what_was_changed_by_hand_is_named"),
    Fault("another package passes", STAMPS, "if locked(package, root) != version:", "if False:",
          STAMPS_TESTS
          + "test_another_version_of_a_package_that_it_loads_makes_it_stale_and_of_others_not"),
    Fault("numbers may differ by a tenth", STAMPS, "max(1e-3 * abs(stored), 1e-3)",
          "max(1e-1 * abs(stored), 1e-3)",
          STAMPS_TESTS + "test_numbers_may_differ_as_processors_do_and_no_more"),
    Fault("the kernel is a pixel off", "figures/convolution/figure.js",
          "slice(column - 1, column + 2)", "slice(column, column + 3)",
          JAVASCRIPT + "[figures/convolution/figure.test.mjs]"),
    Fault("an IoU of exactly the demand does not match", "figures/matching/figure.js",
          "Math.fround(iou) >= Math.fround(minIou)", "Math.fround(iou) > Math.fround(minIou)",
          JAVASCRIPT + "[figures/matching/figure.test.mjs]"),
    Fault("corners count as touching", "figures/threshold/figure.js",
          "[x, y - 1], [x, y + 1]);", "[x, y - 1], [x, y + 1], [x + 1, y + 1]);",
          JAVASCRIPT + "[figures/threshold/figure.test.mjs]"),
    Fault("a missed option counts", "theme/javascripts/quiz.js",
          'return right[i] ? "missed" : "";', 'return "";',
          JAVASCRIPT + "[tests/theme/quiz.test.mjs]"),
    Fault("page and report put a code into other halves", "theme/javascripts/still.js",
          "(value * 31 +", "(value * 33 +",
          "tests/course_build/learning/test_halves.py"
          "::test_the_page_puts_every_code_into_the_half_that_the_report_does"),
    Fault("titles weigh nothing", "theme/javascripts/search_ranking.js", "title: 4,", "title: 0,",
          JAVASCRIPT + "[tests/theme/search_ranking.test.mjs]"),
    Fault("synonyms weigh nothing", "theme/javascripts/search_ranking.js",
          "const SYNONYM = 0.7;", "const SYNONYM = 0;",
          JAVASCRIPT + "[tests/theme/search_ranking.test.mjs]"),
    Fault("a slip is not mended", "theme/javascripts/search_ranking.js",
          "word.length < 8 ? 1 : 2;", "word.length < 8 ? 0 : 0;",
          JAVASCRIPT + "[tests/theme/search_ranking.test.mjs]"),
)

# --- The built site, in a browser ---------------------------------------------------------------

IN_PAGE = "tests/test_figures.py::test_"
#: A hundred thousand bytes that do not get shorter when they are packed.
RANDOM = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(3200))

SITE = (
    Fault("console error", "theme/javascripts/site.js",
          "// Load what a page needs, and nothing else.",
          "console.error('planted');", page("tools/which-tool/")),
    Fault("foreign request", "theme/main.html", "{% block extrahead %}",
          '{% block extrahead %}<script src="https://cdn.test/x.js"></script>',
          page("tools/which-tool/")),
    Fault("dark colours on paper", "theme/javascripts/site.js",
          'document.body.dataset.mdColorScheme = "default";', "",
          "tests/site/test_site_print.py"
          "::test_it_is_dark_on_white_and_the_screen_is_dark_again_afterwards"),
    Fault("buttons on paper", "theme/stylesheets/print.css",
          ".md-typeset button:not(.term) { display: none !important; }", "{}",
          "tests/site/test_site_print.py::test_nothing_that_only_a_screen_can_use_is_printed"),
    Fault("a run sheet of two sheets", PRINT + "run_sheets.py",
          "8 if len(periods) > 12", "11 if len(periods) > 12",
          "tests/site/test_site_run_sheets.py::test_it_fits_on_one_sheet_of_a4"),
    Fault("contrast of links", "theme/stylesheets/site.css",
          "--md-typeset-a-color: #0b6172;", "--md-typeset-a-color: #9bc;",
          page("tools/which-tool/")),
    Fault("wrong alt text", "theme/partials/logo.html", 'alt=""', 'alt="logo.svg"',
          page("tools/which-tool/")),
    Fault("overflow on a phone", "theme/stylesheets/site.css",
          ".md-typeset h1 {\n", ".md-typeset h1 {\n  min-width: 700px;\n",
          page("tools/which-tool/", "dark-390")),
    Fault("dead link in the frame", "theme/404.html", "<p>Or pick a part:</p>",
          '<p><a href="gone/">Or pick a part</a></p>',
          "tests/site/test_site_pages.py::test_no_link_or_anchor_is_dead"),
    Fault("dead anchor on a page", "docs/reference/faq.md", "](#colab)", "](#collab)",
          "tests/site/test_site_pages.py::test_no_link_or_anchor_is_dead"),
    Fault("raw markup", "docs/tools/which-tool.md", "\n# Which tool?\n",
          "\n# Which tool?\n\n<div>Read **this**</div>\n",
          page("tools/which-tool/")),
    Fault("unknown figure on a page", "docs/reference/add-a-figure.md",
          "from its folder.\n\n--8<-- \"figures/threshold/",
          "from its folder.\n\n--8<-- \"figures/thresholds/",
          page("reference/add-a-figure/")),
    Fault("search loads on arrival", "theme/javascripts/site.js",
          'const dialog = document.querySelector("dialog.search");',
          'const dialog = document.querySelector("dialog.search");\n'
          'import("./search.js").then((search) => search.start(dialog));',
          "tests/site/test_search.py::test_nothing_of_the_search_loads_until_it_is_opened"),
    Fault("a synonym leads nowhere", "docs/reference/synonyms.yml", "- [grey, gray]",
          "- [qzgrey, qzgray]",
          "tests/site/test_search.py::test_every_synonym_leads_somewhere"),
    Fault("a figure's place is not kept", "figures/threshold/figure.css",
          "min-height: 29.5rem;", "min-height: 9.5rem;",
          IN_PAGE + "its_place_is_kept_free_until_it_comes[threshold-1280]"),
    Fault("tab does not reach the slider", "figures/threshold/figure.js",
          '<input type="range"', '<input type="range" tabindex="-1"',
          IN_PAGE + "tab_reaches_every_control_and_shows_where_it_is[threshold]"),
    Fault("no focus ring", "figures/_shared/frame.css", ".md-typeset .figure-title {",
          ".md-typeset [data-figure] :focus-visible { outline: none !important; }\n"
          ".md-typeset .figure-title {",
          IN_PAGE + "tab_reaches_every_control_and_shows_where_it_is[threshold]"),
    Fault("the verdict is not last", "figures/threshold/figure.js",
          ".before(startAgain(reset))", ".after(startAgain(reset))",
          IN_PAGE + "the_task_comes_first_the_verdict_last_and_all_look_alike[threshold]"),
    Fault("a figure without the frame", "figures/learning/figure.css",
          ".md-typeset .learning {", ".md-typeset .learning.learning.learning { border: 0; }\n"
          ".md-typeset .learning {",
          IN_PAGE + "the_task_comes_first_the_verdict_last_and_all_look_alike[learning]"),
    Fault("a finger is told to point", "theme/javascripts/site.js",
          "word.textContent = word.dataset.tap", "word.title = word.dataset.tap",
          IN_PAGE + "a_finger_is_told_to_tap_and_a_mouse_to_point[stardist_candidates]"),
    Fault("a figure starts over in a way of its own", "figures/learning/figure.js",
          "startAgain(reset)", 'button("Reset", reset)',
          IN_PAGE + "there_is_one_way_to_start_again[learning]"),
    Fault("a slider without its name", "figures/threshold/figure.js",
          '<label>Threshold <input type="range" min="0" max="${most}"></label>',
          '<input type="range" min="0" max="${most}">',
          IN_PAGE + "used_to_the_full_it_is_accessible_and_fits[threshold-light-1280]"),
    Fault("a figure sticks out", "figures/threshold/figure.css",
          ".threshold-stage canvas { width: 100%;", ".threshold-stage canvas { width: 150%;",
          IN_PAGE + "used_to_the_full_it_is_accessible_and_fits[threshold-dark-390]"),
    Fault("no words without script", "figures/threshold/figure.md",
          "At a low threshold, background counts as nucleus and everything hangs together. At a "
          "high one, dim\nnuclei vanish and bright ones break into pieces.",
          '<button type="button">Start</button>',
          IN_PAGE + "without_script_its_words_are_there[threshold]"),
    Fault("the still twin moves", "theme/javascripts/site.js",
          "still.keeps(figure) || mount()", "[still.keeps(figure), mount()]",
          "tests/site/test_still_twin.py"
          "::test_the_still_twin_is_a_picture_and_the_same_words_without_controls[convolution-1280]"),
    Fault("a figure loads everywhere", "theme/javascripts/site.js",
          "// Load what a page needs, and nothing else.", 'import("../figures/home/figure.js");',
          IN_PAGE + "figures_load_on_their_page_only_and_are_small"),
    Fault("a heavy script", "theme/javascripts/site.js",
          "// What a closed fold hides", f"// {RANDOM}\n// What a closed fold hides",
          "tests/site/test_site_sizes.py::test_html_css_and_script_are_small_on_the_median_page"),
)
# fmt: on

# --- The lab's engine -----------------------------------------------------------------------------


EXPORT = "tests/training/test_export_lab.py::"
IN_SITE = "tests/course_build/test_lab.py::"
ENGINE = "tests/site/test_lab_engine.py::"
DYNAMICS = "figures/_shared/cellpose_dynamics.js"

# fmt: off
LAB = (
    Fault("grain is measured without its contrast", "src/bioimage_course/image_faults.py",
          "(6 * 0.6745) / contrast)", "(6 * 0.6745))",
          "tests/bioimage_course/test_image_faults.py"
          "::test_a_scale_and_an_offset_of_the_numbers_change_no_verdict"),
    Fault("bright ground is taken for objects", "src/bioimage_course/image_faults.py",
          "if width > max(WIDE, HAZE * narrow):", "if False:",
          "tests/bioimage_course/test_image_faults.py"
          "::test_nuclei_on_bright_ground_are_measured_and_not_the_ground"),
    Fault("a speck hides nothing", "src/bioimage_course/image_faults.py",
          'FIRST = ("inverted", "speck", "uneven")', 'FIRST = ()',
          "tests/bioimage_course/test_image_faults.py"
          "::test_at_most_three_are_named_and_what_hides_the_others_alone"),
    Fault("the page's widths are not those of Python", "lab/image_faults.js",
          "(sum / count - 0.25)", "(sum / count)", JAVASCRIPT + "[lab/image_faults.test.mjs]"),
    Fault("the notebook leaves a cure out", "lab/notebook.js",
          "cures.map((cure) => `image = ${mended(\"image\", cure)}`)", "[]",
          "tests/lab/test_notebook.py"
          "::test_what_mended_the_image_stands_in_notebook_and_paragraph"),
    Fault("percentiles of float32 in 64 bits", "lab/normalise.js",
          "const round = wholeNumbers ? (x) => x : f32;", "const round = (x) => x;",
          JAVASCRIPT + "[lab/normalise.test.mjs]"),
    Fault("a candidate is passed over", "lab/nms.js",
          "this.look(order[this.next++])", "this.look(order[++this.next])",
          JAVASCRIPT + "[lab/nms.test.mjs]"),
    Fault("a walk is kept for every threshold", DYNAMICS,
          "this.lowest[i] <= limit && limit < this.below[i]", "this.below[i] > -Infinity",
          JAVASCRIPT + "[figures/_shared/cellpose_dynamics.test.mjs]"),
    Fault("objects are kept for other steps", DYNAMICS,
          "kept.get(field)?.walks.steps !== steps", "!kept.has(field)",
          JAVASCRIPT + "[figures/_shared/cellpose_dynamics.test.mjs]"),
    Fault("pixels of a resized image half a pixel off", "lab/resize.js",
          "(i + 0.5) * scale - 0.5", "i * scale", JAVASCRIPT + "[lab/resize.test.mjs]"),
    Fault("Cellpose's tiles overlap more", "lab/tiles.js",
          "const OVERLAP = 0.1;", "const OVERLAP = 0.2;", JAVASCRIPT + "[lab/tiles.test.mjs]"),
    Fault("blocks without a rim", "lab/tiles.js",
          "from = keepFrom - rim", "from = keepFrom", JAVASCRIPT + "[lab/tiles.test.mjs]"),
    Fault("the less probable polygon stays", "lab/nms.js",
          "prob[b] - prob[a]", "prob[a] - prob[b]", JAVASCRIPT + "[lab/nms.test.mjs]"),
    Fault("corners rounded instead of cut off", "lab/polygons.js",
          "Math.trunc(f32(y + ", "Math.round(f32(y + ", JAVASCRIPT + "[lab/nms.test.mjs]"),
    Fault("holes stay", DYNAMICS,
          "if (!outside[i]) labels", "if (outside[i] > 1) labels",
          JAVASCRIPT + "[figures/_shared/cellpose_dynamics.test.mjs]"),
    Fault("no check of the flow", DYNAMICS,
          "flowThreshold > 0 ?", "flowThreshold > 9 ?",
          JAVASCRIPT + "[figures/_shared/cellpose_dynamics.test.mjs]"),
    Fault("an export of other weights", "training/export_lab.py",
          'if entry["made_from"] != made_from(name):', "if False:",
          EXPORT + "test_an_export_of_other_weights_is_stale"),
    Fault("an export cut off", "training/export_lab.py",
          "if not file.exists() or hashlib", "if False and hashlib",
          EXPORT + "test_an_export_that_was_changed_or_is_missing_is_stale"),
    Fault("filters in a byte alone", "training/export_lab.py",
          "fine = np.round(parts * (values / step - coarse))", "fine = np.zeros_like(coarse)",
          EXPORT + "test_filters_are_stored_to_a_sixth_of_a_step_and_finer_in_small_layers"),
    Fault("a network is not published", "src/course_build/lab.py",
          'files.append(weights / entry["file"])', "continue",
          IN_SITE + "test_the_site_has_worker_runtime_and_networks"),
    Fault("damaged weights are run", "lab/assets.js",
          "if (await hasHash(packed, sha256)) return", "return",
          ENGINE + "test_what_goes_wrong_is_told_in_a_sentence"),
)
# fmt: on

# --- The lab's page -------------------------------------------------------------------------------

READ = "tests/lab/test_read.py::"
WRITE = "tests/lab/test_write.py::"
SCORE = "tests/lab/test_score.py::"

# fmt: off
LAB_PAGE = (
    Fault("white is zero is not turned", "lab/tiff.js",
          "(all) => Float32Array.from(all[sample], (value) => most - value)",
          "(all) => Float32Array.from(all[sample])",
          READ + "test_every_kind_of_grey_file_is_read_as_it_was_recorded"),
    Fault("planes before channels", "lab/tiff_metadata.js",
          'pages: () => inOrder("CZT", sizes)', 'pages: () => inOrder("ZCT", sizes)',
          READ + "test_planes_are_named_by_their_place_in_the_stack"),
    Fault("dots per inch are a pixel size", "lab/tiff.js",
          "unit === 3 && xPerUnit", "unit !== 1 && xPerUnit",
          READ + "test_the_pixel_size_is_read_in_micrometres_where_somebody_measured_it"),
    Fault("a file that is cut off is read", "lab/tiff.js",
          "start + (lengths[i] ?? 0) > fileSize", "start > fileSize",
          READ + "test_what_cannot_be_read_is_refused_in_a_sentence"),
    Fault("labels in 16 bits, however many", "lab/write.js",
          "> 65535 ? 32 : 16", "> 65535 ? 16 : 16",
          WRITE + "test_more_than_65535_objects_keep_their_numbers"),
    Fault("rings that pass a corner twice", "lab/outlines.js",
          "if (at.has(key)) {", "if (false) {",
          WRITE + "test_every_outline_for_qupath_covers_exactly_its_object"),
    Fault("outlines half a pixel off", "lab/write.js",
          "view.setFloat32(64 + 4 * count + 4 * i, x);",
          "view.setFloat32(64 + 4 * count + 4 * i, x + 0.5);",
          WRITE + "test_every_outline_for_imagej_covers_exactly_its_object"),
    Fault("areas in µm² by one side of a pixel", "lab/measure.js",
          "of.area * pixelSize.y * pixelSize.x", "of.area * pixelSize.x * pixelSize.x",
          WRITE + "test_the_table_says_what_scikit_image_measures"),
    Fault("a ghost is what is merely small", "lab/score.js",
          "const HARDLY = 0.25;", "const HARDLY = 0.6;",
          SCORE + "test_every_object_bears_the_name_that_the_course_gives_it"),
    Fault("gaps in a mask are joined", "lab/annotation.js",
          "if (kinds.size === 1) return fromMask", "if (false) return fromMask",
          "tests/lab/test_annotation.py::test_a_mask_is_cut_into_pieces_and_that_is_said"),
    Fault("the notebook forgets the scale", "lab/notebook.js",
          "settings.scale && settings.scale !== 1", "false",
          "tests/lab/test_notebook.py::test_the_settings_stand_in_the_call"),
    Fault("a cancelled run is called a fault", "lab/view/page.js",
          'if (error.name === "AbortError") say(', "if (false) say(",
          "tests/site/test_lab.py::test_cancelling_leaves_what_was_there"),
    Fault("a bad file ends the batch", "lab/batch.js",
          'if (signal?.aborted || error.name === "AbortError") return false;', "return false;",
          JAVASCRIPT + "[lab/batch.test.mjs]"),
    Fault("other planes are taken silently", "lab/batch.js",
          "if (single || own === wanted) return null;", "return null;",
          JAVASCRIPT + "[lab/batch.test.mjs]"),
    Fault("one object and two fit together", "lab/agreement.js",
          'first.length === 1 && second.length === 1 ? "outlined" : "divided"', '"outlined"',
          JAVASCRIPT + "[lab/agreement.test.mjs]"),
    Fault("the card names the export instead of the weights", "lab/card.js",
          "sha256: originals[original]", "sha256: listed[weights].sha256",
          "tests/lab/test_card.py::test_it_has_the_keys_and_the_facts_of_the_course_s_card"),
    Fault("the engine is asked for what its worker took along", "lab/view/page.js",
          "state.held = null; // what the engine knew", "// what the engine knew",
          "tests/site/test_lab_alive.py::test_a_run_that_fails_is_told_and_what_was_shown_stays"),
    Fault("what is kept is served though there is a network", "lab/offline_worker.js",
          "HASHED.has(request.url) && !anew ?", "!anew ?",
          "tests/site/test_lab_offline.py::test_a_new_version_takes_the_place_of_the_old_one"),
    Fault("the networks are not kept", "lab/view/keep.js",
          'used: ["runtime.wasm", (TOOLS[tool].own?.graph ?? listed[TOOLS[tool].weights]).file]',
          "used: []",
          "tests/site/test_lab_offline.py::test_what_ran_once_runs_without_a_network"),
    Fault("the bundle's server is open to the room", "src/course_build/bundle/scripts/serve.py",
          'HERE = "127.0.0.1"', 'HERE = "0.0.0.0"',
          "tests/course_build/bundle/test_serve.py"
          "::test_scripts_are_scripts_whatever_the_system_calls_them"),
    Fault("the worksheet names an example that is gone", "lab/view/choose.js",
          'title: "Nuclei, and it fails"', 'title: "Large nuclei"',
          "tests/lab/test_examples.py::test_the_worksheet_names_the_examples_as_the_page_does"),
    Fault("the page forgets how wide the network's objects are", "lab/tools.js",
          "[small, large].map(Math.round)", "[1, 400]",
          JAVASCRIPT + "[tests/lab/sizes.test.mjs]"),
    Fault("a comparison outlives its tool", "lab/view/page.js",
          "if (state.ran?.tool !== asked.tool) forgetOther(asked.tool);", "",
          "tests/site/test_lab_compare.py::test_another_tool_or_image_begins_anew"),
    Fault("thresholds act on the last of several files", "lab/view/page.js",
          "isHeld ? state.engine.again(wanted) : afresh(wanted)", "state.engine.again(wanted)",
          "tests/site/test_lab_batch.py"
          "::test_several_files_get_one_table_and_one_zip_and_a_bad_one_stops_nothing"),
)
# fmt: on

FAULTS = (
    *checks_that_accept_everything(),
    *NOTEBOOKS,
    *PACKAGE,
    *HANDING_OUT,
    *RULES,
    *FIGURES,
    *SITE,
    *LAB,
    *LAB_PAGE,
)
