from csbdeep.utils import normalize

from bioimage_course import data
from figures._shared.stored import read
from figures.stardist_network.compute import course_model
from figures.stardist_thresholds.draw import mistakes

#: What the page quotes.
QUOTED = read("stardist_thresholds")


def column(sweep, key):
    return [row[key] for row in QUOTED[sweep].values()]


def test_a_higher_prob_thresh_misses_more_and_never_invents_more():
    missed, invented = column("prob", "missed"), column("prob", "invented")
    assert QUOTED["prob"]["p80"]["missed"] > QUOTED["tuned"]["missed"] + 10
    assert missed[-1] > 60 > missed[0]
    assert invented[0] >= invented[-1]
    objects = column("prob", "objects")
    assert objects == sorted(objects, reverse=True)


def test_a_high_nms_thresh_finds_nuclei_twice_and_a_low_one_loses_neighbours():
    tuned = QUOTED["tuned"]
    assert QUOTED["nms"]["n95"]["invented"] > tuned["invented"] + 20
    assert QUOTED["nms"]["n01"]["missed"] > tuned["missed"]
    assert column("nms", "objects") == sorted(column("nms", "objects"))


def test_the_page_quotes_what_predict_instances_gives():
    image, truth = data.nuclei()
    model = course_model()
    normalised = normalize(image, 1, 99.8)
    labels, _ = model.predict_instances(normalised)
    found = mistakes(truth, model.predict(normalised), model, *model.thresholds)
    assert found["objects"] == labels.max()
    assert found == {key: QUOTED["tuned"][key] for key in found}
