"""How large a pixel is, in µm: what the file says in any of its ways, or nothing.

A bad unit or a bad number is no reason to refuse good pixels: then the size is not known.
"""

import re
from pathlib import Path
from xml.etree import ElementTree

MICROMETRES = {
    **dict.fromkeys(("µm", "μm", "um", "micron", "microns"), 1.0),
    **dict.fromkeys(("micrometer", "micrometers", "micrometre", "micrometres"), 1.0),
    **dict.fromkeys(("nm", "nanometer", "nanometers", "nanometre", "nanometres"), 1e-3),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1e3),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 1e4),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1e6),
    **dict.fromkeys(("Å", "Å", "angstrom", "ångström"), 1e-4),
    **dict.fromkeys(("in", "inch", "inches"), 25400.0),
    "pm": 1e-6, "dm": 1e5, "thou": 25.4,
}  # fmt: skip
TAGGED = {2: "inch", 3: "cm", 4: "mm", 5: "µm"}  # TIFF's ResolutionUnit, and what some add
POSSIBLE = (1e-5, 1e4)  # µm: no pixel is much smaller than an atom, or a centimetre wide
# Dots per inch that programs write by themselves, for printers and screens: nobody measured them.
LARGEST_DOT = 10  # µm; finer than this prints nobody
PRINTED = (72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 240, 300, 350, 360, 400, 600, 720, 1200)


def in_micrometres(sizes):
    """(height, width) in µm of two (number, unit); None if one is no length that a pixel has.

    Units are read as they are written: mm is not MM. Only words may begin with a capital.
    """
    lengths = []
    for number, unit in sizes:
        unit = re.sub(r"\\u([0-9a-fA-F]{4})", lambda sign: chr(int(sign[1], 16)), str(unit))
        unit = unit.strip().strip("\0")
        known = MICROMETRES.get(unit if len(unit) < 4 else unit.lower(), 0)
        lengths.append(float(f"{float(number) * known:.7g}"))  # as a fraction of 32 bits tells it
    usable = all(POSSIBLE[0] <= length < POSSIBLE[1] for length in lengths)
    return tuple(lengths) if usable else None


def of_dots(down, across, unit):
    """(height, width) in µm of dots per inch, cm or m; None if they are for printers.

    Parameters
    ----------
    down, across : float
        Dots per unit.
    unit : str
    """
    if not (down > 0 and across > 0):
        return None
    sizes = in_micrometres([(1 / down, unit), (1 / across, unit)])
    if sizes is None:
        return None
    for size in sizes:
        dots = 25400 / size
        if size > LARGEST_DOT and (
            unit != "cm" or any(abs(dots - usual) < usual / 100 for usual in PRINTED)
        ):
            return None
    return sizes


def of_tiff(file):
    """(height, width) in µm of a `tifffile.TiffFile`, or None."""
    try:
        if file.is_lsm:
            sizes = file.lsm_metadata
            return in_micrometres([(sizes["VoxelSizeY"], "m"), (sizes["VoxelSizeX"], "m")])
        page = file.pages[0]
        text = page.description or ""
        if text.rstrip()[-4:] == "OME>":
            return _of_ome(text, Path(file.filehandle.path)) or _of_tags(page)
        if file.is_svs:
            found = re.search(r"MPP = ([\d.]+)", text)
            return in_micrometres([(found[1], "µm")] * 2) if found else None
        if file.is_imagej:
            return _of_imagej(page, file.imagej_metadata)
        return _of_tags(page)
    except Exception:  # whatever is wrong here, it says nothing about the pixels
        return None


def _per_unit(page, axis):
    """Pixels in one unit along an axis, from the tags; 0 where none are given."""
    tag = page.tags.get(f"{axis}Resolution")
    over, under = tag.value if tag else (0, 1)
    return over / under if under else 0


def _of_tags(page):
    unit = page.tags.get("ResolutionUnit")
    unit = TAGGED.get(int(unit.value)) if unit else None
    return of_dots(_per_unit(page, "Y"), _per_unit(page, "X"), unit) if unit else None


def _of_imagej(page, metadata):
    unit = metadata.get("unit")
    if unit is None:
        return _of_tags(page)
    down, across = _per_unit(page, "Y"), _per_unit(page, "X")
    if not (down > 0 and across > 0):
        return None
    if unit in ("inch", "cm") and "yunit" not in metadata:  # dots of a printer, which ImageJ keeps
        return of_dots(down, across, unit)
    return in_micrometres([(1 / down, metadata.get("yunit", unit)), (1 / across, unit)])


# --- OME ----------------------------------------------------------------------------------------


def _of_ome(text, path):
    """The size that OME-XML gives for this file, or for all of its images."""
    root = ElementTree.fromstring(text)
    own = root.get("UUID")
    elsewhere = root.find("{*}BinaryOnly")
    if elsewhere is not None:
        companion = path.with_name(Path(elsewhere.get("MetadataFile").replace("\\", "/")).name)
        root = ElementTree.fromstring(companion.read_bytes())
    images = root.findall(".//{*}Pixels")
    mine = [pixels for pixels in images if any(is_of(data, own, path) for data in parts(pixels))]
    sizes = {_of_pixels(pixels) for pixels in mine or images}
    return sizes.pop() if len(sizes) == 1 else None


def parts(pixels):
    """The elements of OME-XML that say in which file planes lie."""
    return pixels.findall("{*}TiffData")


def is_of(data, own, path):
    """Whether planes lie in this file: by its identifier, or, where it has none, by its name."""
    where = data.find("{*}UUID")
    if where is None:
        return True
    if own is not None:
        return (where.text or "").strip() == own
    return where.get("FileName", "").lower() == path.name.lower()


def _of_pixels(pixels):
    sizes = [(pixels.get(f"PhysicalSize{axis}") or 0, pixels.get(f"PhysicalSize{axis}Unit", "µm"))
             for axis in "YX"]  # fmt: skip
    try:
        return in_micrometres(sizes)
    except ValueError:  # "0,25"
        return None
