"""The classical baseline: Otsu's threshold, distance transform, watershed; no network, no training.

The notebook `02_classical_baseline` explains these lines one by one. Here their settings are tuned
on training images, so that the comparison with the networks is a fair one.
"""

from itertools import product

import numpy as np
from scipy.ndimage import binary_fill_holes, distance_transform_edt
from skimage.feature import peak_local_max
from skimage.filters import gaussian, threshold_otsu
from skimage.measure import label
from skimage.morphology import remove_small_objects
from skimage.segmentation import watershed
from stardist.matching import matching_dataset
from tqdm import tqdm

from bioimage_course.mistakes import IOU_THRESHOLDS

# What is tried; distances in pixels. All combinations.
CHOICES = {
    "blur": (0, 0.5, 1),
    "seed_blur": (1, 2, 3),
    "seed_distance": (2, 4, 6),
}
SMALLEST = 20  # pixels; smaller pieces are taken for dirt


def segment(image, *, blur, seed_blur, seed_distance):
    """Label image of bright nuclei on a dark background.

    Parameters
    ----------
    image : array, shape (Y, X)
    blur : float
        Sigma of the Gaussian before the threshold, in pixels; 0 for none.
    seed_blur : float
        Sigma of the Gaussian that smooths the distance transform, in pixels.
    seed_distance : int
        Smallest distance of two seeds, in pixels.

    Returns
    -------
    int32 array, shape (Y, X); all 0 if the image has the same value everywhere
    """
    smooth = gaussian(np.asarray(image, float), blur)
    if np.ptp(smooth) == 0:
        return np.zeros(smooth.shape, np.int32)
    nuclei = binary_fill_holes(smooth > threshold_otsu(smooth))
    nuclei = remove_small_objects(nuclei, max_size=SMALLEST)
    depth = gaussian(distance_transform_edt(nuclei), seed_blur)
    seeds = peak_local_max(
        depth, min_distance=seed_distance, labels=label(nuclei), exclude_border=False
    )
    markers = np.zeros(nuclei.shape, np.int32)
    markers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
    return watershed(-depth, markers, mask=nuclei)


def tune(samples):
    """The combination of `CHOICES` with the highest mean AP over IoU 0.5 to 0.9.

    samples : list of (image, labels)
    """
    names, best, settings = list(CHOICES), -1.0, None
    for values in tqdm(list(product(*CHOICES.values())), desc="Tuning Otsu + watershed"):
        tried = dict(zip(names, values, strict=True))
        found = [segment(image, **tried) for image, _ in samples]
        truth = [labels for _, labels in samples]
        rows = matching_dataset(truth, found, thresh=IOU_THRESHOLDS, show_progress=False)
        score = float(np.mean([row.accuracy for row in rows]))
        if score > best:
            best, settings = score, tried
    return settings
