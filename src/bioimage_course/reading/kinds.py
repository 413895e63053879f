"""What a file is: by its first bytes, which nobody renames, and only then by its ending."""

from bioimage_course.reading.refusal import Unreadable, cut_off

TIFFS = (
    *(".tif", ".tiff", ".btf", ".tf2", ".tf8", ".lsm", ".stk", ".flex", ".gel", ".qptiff"),
    *(".svs", ".ndpi", ".scn", ".bif", ".dng"),
)
MICROSCOPES = {".nd2": "bioio-nd2", ".czi": "bioio-czi", ".lif": "bioio-lif"}  # and their readers
PICTURES = (".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".heic", ".avif")
FILMS = (".avi", ".mov", ".mp4", ".mkv", ".wmv")
# What Fiji reads with Bio-Formats, and this course does not.
FIJI = (
    *(".vsi", ".oib", ".oif", ".oir", ".dv", ".r3d", ".ims", ".mrc", ".zvi", ".dcm", ".dicom"),
    *(".jp2", ".j2k", ".jpx", ".jxl", ".lof", ".xlif", ".ics", ".ids", ".sld", ".sldy", ".ipl"),
    *(".spe", ".fits", ".fit", ".nrrd", ".nhdr", ".nii", ".mha", ".mhd", ".mvd2", ".pic", ".raw"),
    *(".al3d", ".sdt", ".mrxs", ".afi", ".dm3", ".dm4", ".ser", ".nef", ".cr2", ".arw", ".pgm"),
    *(".ppm", ".pnm", ".tga", ".psd", ".pcx", ".obf", ".msr", ".exr"),
)
# What neither reads, in which arrays are kept.
ARRAYS = (".npy", ".npz", ".mat", ".h5", ".hdf5", ".hdf")
ZARRS = (".zarr", ".n5")  # folders
ENDINGS = (*TIFFS, ".png", ".bmp", *PICTURES, *MICROSCOPES, *FIJI, *ARRAYS, *FILMS, *ZARRS)

_BEGINNINGS = {
    b"II*\0": "TIFF", b"MM\0*": "TIFF", b"II+\0": "TIFF", b"MM\0+": "TIFF",
    b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP",
    b"\0\0\0\x0cjP  ": "JPEG 2000", b"\x89HDF\r\n\x1a\n": "HDF5", b"ZISRAWFILE": "CZI",
    b"\xda\xce\xbe\x0a": "ND2", b"\x70\0\0\0": "LIF",
    b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"%PDF": "PDF",
}  # fmt: skip


def ending(path):
    """The ending of a name, in small letters."""
    return path.suffix.lower()


def content(path):
    """What the first bytes say: "TIFF", "PNG", …, "text", "nothing" for zeros alone, or None."""
    with open(path, "rb") as file:
        first = file.read(512)
    for beginning, kind in _BEGINNINGS.items():
        if first.startswith(beginning):
            return kind
    if not first.strip(b"\0"):
        return "nothing"
    printable = all(byte >= 32 or byte in b"\t\n\r\f" for byte in first)
    return "text" if printable else None


def might_be_an_image(path):
    """Whether a file deserves a row: by its ending, or, where that says nothing, by its bytes.

    Parameters
    ----------
    path : pathlib.Path of a file

    Returns
    -------
    bool
    """
    if path.name.endswith("_seg.npy"):  # Cellpose's masks
        return False
    if ending(path) in ENDINGS:
        return True
    if ending(path) == ".gz" and path.with_suffix("").suffix.lower() in ENDINGS:
        return True
    try:
        return content(path) in ("TIFF", "PNG", "JPEG", "JPEG 2000", "CZI", "ND2")
    except OSError:
        return False


def begins_as_named(path, kind):
    """Refuse a microscope's file that does not begin as its kind does: no package would open it.

    Raises
    ------
    Unreadable
        If its first bytes are others.
    """
    usual = {".czi": ("CZI",), ".lif": ("LIF",), ".nd2": ("ND2", "JPEG 2000")}[ending(path)]
    if kind not in usual:
        raise cut_off(f"it does not begin as a {ending(path)} file does")


def refuse(path, kind):
    """Say why a file that is none of those we read is not read, and what to do.

    Raises
    ------
    Unreadable
        Always.
    """
    end = ending(path)
    if kind == "JPEG" or end in PICTURES:
        name = "JPEG" if kind == "JPEG" else (kind or end)
        raise Unreadable(f"{name} has changed the pixels", "export it again, as TIFF")
    if end in FILMS:
        raise Unreadable("It is a film", "in Fiji, take one time point and save it as TIFF")
    if kind == "text":
        raise Unreadable(
            "It holds text, not pixels", "look at it in an editor; perhaps a web page was saved"
        )
    if end in ARRAYS or kind == "HDF5":
        in_python = 'in Python: tifffile.imwrite("name.tif", numpy.load("name.npy"))'
        raise Unreadable(
            f"{end if end in ARRAYS else kind} files hold arrays of any kind: not read here",
            in_python if end == ".npy" else "save one plane as TIFF in the program that wrote it",
        )
    if kind in ("zip", "gzip"):
        raise Unreadable(f"It is a packed file ({kind})", "unpack it, and give what is inside")
    if kind == "nothing" and end in (*TIFFS, ".png", ".bmp"):
        raise cut_off("it begins with zeros")
    if end in FIJI or kind == "JPEG 2000":
        raise Unreadable(
            f"{end if end in FIJI else kind} files are not read here",
            "open it in Fiji (Plugins › Bio-Formats), and save one plane as TIFF",
        )
    raise Unreadable(
        "It is no image that is known here" if kind is None else f"It is a file of the kind {kind}",
        "if Fiji opens it, save it there as TIFF",
    )
