"""Make many patches of one image: cut out, turn, mirror, zoom, and change how it was recorded.

A network that saw a nucleus dim and bright, sharp and blurred, small and large is less surprised
by another microscope. Images are normalised: 0 is their dark end, 1 their bright end.
"""

import cv2  # comes with cellpose; resizes with any number of channels
import numpy as np
from scipy.ndimage import gaussian_filter

# Strengths. Chances are per patch.
ZOOM_SPREAD = 0.3  # of the logarithm: two thirds of all patches lie within 0.74 to 1.35
ZOOM_LIMITS = (0.5, 2.2)
ON_A_NUCLEUS = 0.9  # chance that the patch is cut around a nucleus, not anywhere
CHANCE = 0.3  # of each of: uneven nuclei, blur, noise, uneven background


def cut(sample, arrays, size, rng, zooms=None):
    """Cut the same random square out of `arrays`, zoomed to `size`.

    Parameters
    ----------
    sample : Sample
        Tells where nuclei lie.
    arrays : list of arrays, shape (Y, X) or (Y, X, C)
        Integer arrays are labels: no new numbers arise. Others are interpolated.
    size : int
        Side of the patch in pixels.
    zooms : two floats, optional
        Smallest and largest zoom, all factors between them alike likely; else most are near 1.

    Returns
    -------
    list of arrays, shape (size, size) or (size, size, C); all turned and mirrored alike
    turn : array, shape (2, 2)
        From directions (x, y) in the patches to directions in the arrays.
    """
    rows, columns = sample.labels.shape
    if zooms:
        zoom = np.exp(rng.uniform(*np.log(zooms)))
    else:
        zoom = np.exp(np.clip(rng.normal(0, ZOOM_SPREAD), *np.log(ZOOM_LIMITS)))
    side = min(round(size / zoom), rows, columns)
    top, left = np.clip(_corner(sample, side, rng), 0, [rows - side, columns - side])
    turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    patches = []
    for array in arrays:
        patch = array[top : top + side, left : left + side]
        how = cv2.INTER_LINEAR if side < size else cv2.INTER_AREA
        if patch.dtype.kind in "iu":
            how = cv2.INTER_NEAREST_EXACT
        patch = cv2.resize(patch, (size, size), interpolation=how)
        patch = patch[:, ::-1] if mirrored else patch
        patches.append(np.ascontiguousarray(np.rot90(patch, turns)))
    quarter, mirror = np.array([[0, -1], [1, 0]]), np.diag([-1 if mirrored else 1, 1])
    return patches, mirror @ np.linalg.matrix_power(quarter, turns)


def warp(sample, arrays, size, zoom, rng):
    """Cut the same random square out of `arrays`, turned by any angle and zoomed by `zoom`.

    As `cut`, but the zoom is kept whatever the size of the image: outside of it everything is 0,
    as where Cellpose pads, and pixels are interpolated as Cellpose does when it rescales.
    """
    side = size / zoom
    shape = np.array(sample.labels.shape)
    middle = _corner(sample, round(side), rng) + side / 2
    limits = np.minimum(side / 2, shape / 2)  # an image smaller than the patch stands in its middle
    y, x = np.clip(middle, limits, shape - limits)
    angle, mirrored = rng.uniform(0, 2 * np.pi), bool(rng.integers(2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.diag([-1 if mirrored else 1, 1])
    matrix = np.column_stack(
        [turn / zoom, [x - 0.5, y - 0.5] - turn.sum(1) / zoom * (size - 1) / 2]
    )
    patches = []
    for array in arrays:
        labels = array.dtype.kind in "iu"
        how = cv2.WARP_INVERSE_MAP | (cv2.INTER_NEAREST if labels else cv2.INTER_LINEAR)
        patch = cv2.warpAffine(array.astype(np.float32), matrix, (size, size), flags=how)
        patches.append(patch.astype(array.dtype))
    return patches, turn


def _corner(sample, side, rng):
    """Upper left corner of a square: mostly around a nucleus, else anywhere."""
    if len(sample.centres) and rng.random() < ON_A_NUCLEUS:
        centre = sample.centres[rng.choice(len(sample.centres), p=sample.weights)]
        return centre - side // 2 + rng.integers(-side // 3, side // 3 + 1, 2)
    return rng.integers(0, sample.labels.shape)


def record_differently(image, labels, rng):
    """Change a normalised patch as another stain, lamp, lens or camera would.

    Parameters
    ----------
    image : float32 array, shape (Y, X)
    labels : integer array, shape (Y, X)

    Returns
    -------
    float32 array, shape (Y, X)
    """
    shape = image.shape
    if rng.random() < CHANCE:  # nuclei that took up more or less of the stain
        factors = np.exp(rng.normal(0, 0.35, labels.max() + 1))
        factors[0] = 1
        image = image * gaussian_filter(factors[labels], 1)
    if rng.random() < CHANCE:
        image = gaussian_filter(image, rng.uniform(0.4, 1.6))
    # Brightness, background and contrast (gamma bends the scale between dark and bright).
    bent = np.abs(image) ** np.exp(rng.normal(0, 0.25)) * np.sign(image)
    image = bent * np.exp(rng.normal(0, 0.3)) + rng.normal(0, 0.07)
    if rng.random() < CHANCE:  # light that falls off towards one side
        direction, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.3)
        y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
        image = image + strength * (np.sin(direction) * y + np.cos(direction) * x)
    if rng.random() < CHANCE:  # grain: of the camera everywhere, of the light where it is bright
        grain = rng.uniform(0, 0.08) + rng.uniform(0, 0.08) * np.sqrt(np.clip(image, 0, 1))
        image = image + grain * rng.normal(size=shape)
    return image.astype(np.float32)
