import pytest
from csbdeep.utils import normalize

from bioimage_course import data
from figures._shared.stored import read
from figures.stardist_network.compute import course_model
from figures.stardist_thresholds.draw import count

pytestmark = pytest.mark.slow  # networks run

#: What the page quotes.
QUOTED = read("stardist_thresholds")


def column(sweep, key):
    return [row[key] for row in QUOTED[sweep].values()]


def test_a_higher_prob_thresh_finds_fewer_and_has_fewer_false_objects():
    not_found, false = column("prob", "not_found"), column("prob", "false")
    assert QUOTED["prob"]["p80"]["not_found"] > QUOTED["tuned"]["not_found"] + 10
    assert not_found[-1] > 60 > not_found[0]
    assert false[0] >= false[-1]
    objects = column("prob", "objects")
    assert objects == sorted(objects, reverse=True)


def test_a_high_nms_thresh_finds_nuclei_twice_and_a_low_one_loses_neighbours():
    tuned = QUOTED["tuned"]
    assert QUOTED["nms"]["n95"]["false"] > tuned["false"] + 20
    assert QUOTED["nms"]["n01"]["not_found"] > tuned["not_found"]
    assert column("nms", "objects") == sorted(column("nms", "objects"))


def test_the_page_quotes_what_predict_instances_gives():
    image, truth = data.nuclei()
    model = course_model()
    normalised = normalize(image, 1, 99.8)
    labels, _ = model.predict_instances(normalised)
    counts = count(truth, model.predict(normalised), model, *model.thresholds)
    assert counts["objects"] == labels.max()
    assert counts == {key: QUOTED["tuned"][key] for key in counts}
