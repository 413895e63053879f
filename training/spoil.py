"""Images spoilt by one fault at a time, in graded steps: what `measure_image_faults.py` runs on.

Each function takes a sample and a strength and returns the spoilt image with its annotation; the
names are those of `bioimage_course.image_faults`. Nothing here knows a rule or a threshold.
"""

import zlib
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.filters import gaussian
from skimage.transform import rescale


@dataclass
class Spoilt:
    """An image with a fault, what people drew in it, and how it is segmented."""

    image: np.ndarray
    truth: np.ndarray
    settings: dict = field(default_factory=dict)  # the tool's, where the fault lies in them


def limits(image):
    """Grey values that stand for background and for a bright nucleus."""
    return np.percentile(image, [1, 99.8])


def resized(sample, zoom):
    image = rescale(sample.image.astype(float), zoom, order=1, anti_aliasing=zoom < 1)
    truth = rescale(sample.labels, zoom, order=0, preserve_range=True, anti_aliasing=False)
    return Spoilt(as_recorded(image), truth.astype(np.int32))


def small(sample, times, random):
    return resized(sample, 1 / times)


def large(sample, times, random):
    return resized(sample, times)


def diameter(sample, times, random):
    """Somebody gives Cellpose a diameter that is wrong by this factor."""
    areas = np.bincount(sample.labels.ravel())[1:]
    true = 2 * np.sqrt(np.median(areas[areas > 0]) / np.pi)
    return Spoilt(sample.image, sample.labels, {"diameter": float(true * times)})


def empty(sample, sigma, random):
    """Background in random order, slightly smoothed: nothing is in it."""
    far = distance_transform_edt(sample.labels == 0)
    background = sample.image[far > min(12, 0.5 * far.max())].astype(float)
    # Half a grey level more or less: what 8 bits have rounded away.
    drawn = random.choice(background, sample.image.shape) + random.uniform(-0.5, 0.5, far.shape)
    return Spoilt(gaussian(drawn, sigma), np.zeros_like(sample.labels))


def noisy(sample, photons, random):
    """So many photons from a bright nucleus, and a camera that adds one grey level of its own."""
    low, high = limits(sample.image)
    expected = np.clip((sample.image - low) / (high - low), 0, None) * photons
    image = random.poisson(expected + 0.05 * photons) + random.normal(0, 1, expected.shape)
    return Spoilt(np.round(100 + 10 * image), sample.labels)


def uneven(sample, dimmest, random):
    """A lamp that lights one corner; the opposite one gets this part of the light."""
    y, x = (np.linspace(0, 1, side) for side in sample.image.shape)
    far = np.hypot(*np.meshgrid(y, x, indexing="ij")) / np.sqrt(2)
    far = far[:: random.choice([1, -1]), :: random.choice([1, -1])]
    return Spoilt(as_recorded(sample.image * (16 * dimmest**far)), sample.labels)


def blurred(sample, sigma, random):
    """Out of focus; the camera's grain is not blurred with it."""
    image = 16 * gaussian(sample.image.astype(float), sigma)
    return Spoilt(random.poisson(image), sample.labels)


def inverted(sample, part, random):
    """Dark nuclei on bright ground; they take away this part of the light."""
    low, high = limits(sample.image)
    grey = (sample.image - low) / (high - low)
    return Spoilt(np.round(np.clip(200 * (1 - part * grey), 0, 255)), sample.labels)


def strict(sample, threshold, random):
    return Spoilt(sample.image, sample.labels, {"prob_thresh": threshold})


def clipped(sample, part, random):
    """Everything above this part of a bright nucleus is as bright as the camera can tell."""
    low, high = limits(sample.image)
    return Spoilt(np.minimum(sample.image, np.round(low + part * (high - low))), sample.labels)


def dark(sample, levels, random):
    """So little light that background and nuclei are only a few grey levels apart."""
    low, high = limits(sample.image)
    return Spoilt(np.round(2 + (sample.image - low) / (high - low) * levels), sample.labels)


def speck(sample, times, random):
    """A piece of dust that is brighter than a bright nucleus by this factor."""
    low, high = limits(sample.image)
    radius = np.sqrt(0.006 * sample.image.size / np.pi)
    far = distance_transform_edt(np.pad(sample.labels == 0, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(far.argmax(), far.shape)
    rows, columns = np.indices(far.shape)
    dust = np.exp(-((((rows - y) ** 2 + (columns - x) ** 2) / radius**2) ** 2))
    return Spoilt(sample.image + np.round(times * (high - low) * dust), sample.labels)


#: Factors by which a diameter may be off when it was measured: that is no fault.
MEASURED = (0.8, 1.25)
#: Every fault with its strengths, from weak to strong.
FAULTS = {
    small: (1.5, 2, 3, 4),
    large: (1.5, 2, 3),
    diameter: (*MEASURED, 0.5, 2, 4),
    empty: (0.5, 1, 2),
    noisy: (30, 10, 3, 1),
    uneven: (0.25, 0.1, 0.03, 0.01),
    blurred: (1.5, 3, 5, 8),
    inverted: (0.9, 0.6, 0.3),
    strict: (0.6, 0.7, 0.8, 0.9),
    clipped: (0.6, 0.4, 0.25, 0.12),
    dark: (20, 10, 5, 3),
    speck: (2, 5, 15, 50),
}


def spoil(sample, fault, strength):
    """One image with one fault; the same whenever it is asked for."""
    seed = zlib.crc32(f"{sample.name} {fault.__name__} {strength}".encode())
    return fault(sample, strength, np.random.default_rng(seed))


def as_recorded(image):
    """Numbers as a camera gives them: whole ones."""
    return np.round(image).astype(np.uint16)
