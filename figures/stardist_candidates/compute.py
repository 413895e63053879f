"""StarDist figure: what the network predicts around two touching nuclei, for the page's own NMS."""

import base64
from pathlib import Path

import numpy as np
from csbdeep.utils import normalize
from stardist.nms import non_maximum_suppression

from bioimage_course import data
from figures._shared.files import plain, store, write
from figures.stardist_network.compute import course_model

HERE = Path(__file__).parent


#: The crop of the figure, in pixels of the image: the touching nuclei and their neighbours.
WINDOW = (slice(116, 204), slice(26, 110))

#: The settings at which the page must find the same objects as StarDist.
PROB, NMS = (0.05, 0.25, 0.46, 0.7, 0.84), (0, 0.1, 0.3, 0.9)


def encode(values, dtype):
    return base64.b64encode(np.ascontiguousarray(values, dtype)).decode()


def compute():
    """What the page needs: image, probabilities and distances of the crop, as plain values.

    The network sees the whole image, as in the chapter. Distances are rounded to 8 bits.
    """
    image, _ = data.nuclei()
    model = course_model()
    probability, distances = model.predict(normalize(image, 1, 99.8))
    grid = model.config.grid[0]
    answers = tuple(slice(part.start // grid, part.stop // grid) for part in WINDOW)
    crop, probability, distances = image[WINDOW], probability[answers], distances[answers]
    step = float(np.ceil(1000 * distances.max() / 255)) / 1000
    return {
        "origin": [part.start for part in WINDOW],  # row and column of the first answer
        "shape": probability.shape,  # rows and columns of answers
        "grid": grid,  # pixels between answers
        "rays": distances.shape[-1],
        "step": step,  # one unit of the distances, in pixels
        "tuned": {"prob": round(model.thresholds.prob, 2), "nms": round(model.thresholds.nms, 2)},
        "image": encode(255 * crop / crop.max(), np.uint8),
        "probability": encode(probability, "<f4"),
        "distances": encode(np.round(distances / step), np.uint8),
    }


def answer(stored):
    """Probability and distances of the whole image's size: 0 outside the crop."""
    shape, rays = tuple(stored["shape"]), stored["rays"]
    values = np.frombuffer(base64.b64decode(stored["probability"]), "<f4").reshape(shape)
    units = np.frombuffer(base64.b64decode(stored["distances"]), np.uint8).reshape(*shape, rays)
    first = np.array(stored["origin"]) // stored["grid"]
    place = tuple(slice(start, start + size) for start, size in zip(first, shape, strict=True))
    probability = np.zeros(first + shape + (3, 3), np.float32)  # NMS leaves out 2 at the border
    distances = np.zeros((*probability.shape, rays), np.float32)
    probability[place] = values
    distances[place] = units * stored["step"]
    return probability, distances


def objects(stored, prob_thresh, nms_thresh):
    """Row and column of the pixels whose polygons StarDist's own NMS keeps, the best one first."""
    probability, distances = answer(stored)
    points, _, _ = non_maximum_suppression(
        distances,
        probability,
        grid=(stored["grid"],) * 2,
        prob_thresh=prob_thresh,
        nms_thresh=nms_thresh,
    )
    return points.tolist()


def fixture(stored):
    """Candidates and objects at 20 settings, for the tests of the page's own functions."""
    probability, _ = answer(stored)
    return [
        {
            "prob": prob,
            "nms": nms,
            "candidates": int((probability > prob).sum()),
            "objects": objects(stored, prob, nms),
        }
        for prob in PROB
        for nms in NMS
    ]


def quoted(stored):
    """Counts at four settings and the rays of two pixels, for the figure's text."""
    probability, distances = answer(stored)
    tuned = stored["tuned"]
    settings = {
        "tuned": (tuned["prob"], tuned["nms"]),
        "high": (0.85, tuned["nms"]),
        "strict": (tuned["prob"], 0),
        "low": (0.05, 0.9),
    }
    best = np.array(np.unravel_index(probability.argmax(), probability.shape))
    pixels = {"middle": best, "beside": best + np.array((0, 2))}
    return {
        **{
            name: {
                "prob": prob,
                "nms": nms,
                "candidates": np.sum(probability > prob),
                "objects": len(objects(stored, prob, nms)),
            }
            for name, (prob, nms) in settings.items()
        },
        **{
            name: {
                "row": row * stored["grid"],
                "column": column * stored["grid"],
                "probability": probability[row, column],
                "shortest": distances[row, column].min(),
                "longest": distances[row, column].max(),
            }
            for name, (row, column) in pixels.items()
        },
    }


def main():
    stored = compute()
    store(HERE / "page.json", plain(stored))
    write(HERE, quoted(stored))
    store(HERE / "answers.json", fixture(stored))


if __name__ == "__main__":
    main()
