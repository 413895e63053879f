"""The report card: what was done, as the form on the page “Reporting” writes it in JSON."""

OPTIONS = {"origin": "published", "normalisation": "percentiles", "scope": "each image",
           "border": "kept", "corrected": "no", "metric": "F1", "iou": 0.5}  # fmt: skip
# In the order of the form; what may stay empty is not in it.
NEEDED = (
    *("objects", "images", "count", "pixelSize", "tool", "version", "weights", "sha256"),
    *("trainingImages", "source", "weightsLicence", "toolLicence", "low", "high", "parameters"),
    *("testImages", "testObjects", "iou", "score", "hardware", "data", "dataLicence", "code"),
)
KNOWN = {*NEEDED, *OPTIONS, "reference", "smallest"}


def card(fields):
    """The card of one run on 2D images, ready for JSON.

    Parameters
    ----------
    fields : dict
        By the names that the form uses, such as "tool" or "pixelSize". "parameters" is a dict, by
        name; an empty one: all were left at their defaults. Leave out what you do not know.

    Returns
    -------
    dict
        What is missing is None, and named at the end, under "missing".

    Raises
    ------
    ValueError
        If a name is none of the form's.
    """
    unknown = sorted(set(fields) - KNOWN)
    if unknown:
        raise ValueError(f"The card has no {', '.join(unknown)}; it knows {', '.join(NEEDED)}.")
    given = OPTIONS | {name: value for name, value in fields.items() if value not in (None, "")}
    say = given.get
    percentiles = say("normalisation") == "percentiles"
    own = say("origin") != "published"
    idle = ({"low", "high"} if not percentiles else set()) | (set() if own else {"trainingImages"})
    pixel = say("pixelSize")
    return {
        "card": "segmentation, version 1",
        "tool": {"name": say("tool"), "version": say("version"), "reference": say("reference"),
                 "licence": say("toolLicence")},
        "weights": {"name": say("weights"), "sha256": say("sha256"), "source": say("source"),
                    "licence": say("weightsLicence"), "trained_by": say("origin"),
                    "training_images": say("trainingImages") if own else None},
        "parameters": say("parameters"),
        "normalisation": {"method": "percentiles", "low": say("low"), "high": say("high"),
                          "of": say("scope")} if percentiles else {"method": "none"},
        "afterwards": {"border_objects": say("border"), "removed_below_pixels": say("smallest"),
                       "corrected_by_hand": say("corrected") == "yes"},
        "images": {"objects": say("objects"), "kind": say("images"), "count": say("count"),
                   "axes": "YX", "pixel_size_um": {"y": pixel, "x": pixel}},
        "check": {"annotated_images": say("testImages"), "annotated_objects": say("testObjects"),
                  "metric": say("metric"), "iou_threshold": say("iou"), "value": say("score")},
        "hardware": say("hardware"),
        "data": {"source": say("data"), "licence": say("dataLicence")},
        "code": say("code"),
        "missing": [name for name in NEEDED if name not in given and name not in idle],
    }  # fmt: skip
