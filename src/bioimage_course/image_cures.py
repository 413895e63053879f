"""What mends an image whose fault `image_faults` named. lab/image_cures.js does the same.

Outlines may come from a cured image; brightness is measured in the one that was recorded. Each
takes an image, shape (Y, X), and returns a float32 array of this shape.
"""

import numpy as np

BACKGROUND = 101  # px: three running means of this width are nearly a Gaussian of 50 px


def inverted(image):
    """The negative, between the same two grey values."""
    image = np.asarray(image, dtype=float)
    return (image.max() + image.min() - image).astype(np.float32)


def evened(image):
    """Divided by a strongly blurred copy: undoes a lamp that lights one side."""
    from scipy.ndimage import uniform_filter

    image = np.asarray(image, dtype=float)
    light = image - min(0, image.min())
    for _ in range(3):
        light = uniform_filter(light, BACKGROUND, mode="nearest")
    floor = max(light.max() * 1e-3, np.finfo(float).tiny)
    return (image / np.maximum(light, floor)).astype(np.float32)


def capped(image, cap):
    """Nothing brighter than a grey value: a piece of dust no longer sets the limits."""
    return np.minimum(np.asarray(image, dtype=float), cap).astype(np.float32)


def denoised(image):
    """Non-local means (Buades et al. 2005): averages places of the image that look alike."""
    from skimage.restoration import denoise_nl_means

    image = np.asarray(image, dtype=float)
    smooth = denoise_nl_means(image, h=0.8 * image.std(), patch_size=5, patch_distance=5)
    return smooth.astype(np.float32)


#: By the names that `image_faults` gives them. "shrink", "enlarge", "measure" and "lenient" change
#: a setting of the tool, not the image.
CURES = {"invert": inverted, "even": evened, "cap": capped, "denoise": denoised}
