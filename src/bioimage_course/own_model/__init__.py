"""A reader's own images and labels, from the folder to a trained model and its score.

What stands around the training in the notebook “Train on your images”, and around the scoring in
“Compare methods and evaluate”. The training and the scoring themselves stand there.
"""

from bioimage_course.own_model.better import compare, most_changed, window
from bioimage_course.own_model.downloads import announced
from bioimage_course.own_model.fit import suits
from bioimage_course.own_model.for_page import write_for_page
from bioimage_course.own_model.label_files import read_labels
from bioimage_course.own_model.pairs import contact_sheet, find_pairs, read_pairs, table
from bioimage_course.own_model.place import find_place, on_colab
from bioimage_course.own_model.progress import Progress
from bioimage_course.own_model.split import Leakage, split, suggest, summary
from bioimage_course.own_model.take_along import lines_for_notebook_15, once, write_card
from bioimage_course.own_model.triples import read_triples

__all__ = [
    "Leakage",
    "Progress",
    "announced",
    "compare",
    "contact_sheet",
    "find_pairs",
    "find_place",
    "lines_for_notebook_15",
    "most_changed",
    "on_colab",
    "once",
    "read_labels",
    "read_pairs",
    "read_triples",
    "split",
    "suggest",
    "suits",
    "summary",
    "table",
    "window",
    "write_card",
    "write_for_page",
]
