"""The lab reads a file as tifffile and Pillow do, or says in a sentence why it does not."""

import json

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from course_build import ROOT
from course_build.programs import node, run

SHAPE = (20, 24)  # height, width of the files written here
GREY = np.arange(SHAPE[0] * SHAPE[1], dtype=np.uint16).reshape(SHAPE) * 7
SIGNED = (GREY.astype(int) - 1500).astype(np.int16)
FLOAT = (GREY / 1000).astype(np.float32)
COLOUR = np.stack([GREY % 251, GREY // 15, GREY % 13], axis=-1).astype(np.uint8)
SMOOTH = np.stack(np.broadcast_arrays(*np.ogrid[40:80:20j, 60:100:24j], 128), -1).astype(np.uint8)


def read(*paths):
    """What the page finds in files, in their order."""
    script = ROOT / "tests" / "lab" / "read_files.mjs"
    printed = run([node(), script, *paths], "the files cannot be read")
    return [json.loads(line) for line in printed.splitlines()]


def values(found):
    """All planes of a file, as the page read them."""
    return [
        np.array(plane, np.float32).reshape(about["height"], about["width"])
        for plane, about in zip(found["values"], found["planes"], strict=True)
    ]


def in_python(path, plane):
    """The plane as the lines read it that the page writes into its notebook."""
    names = {"path": path, "np": np}
    exec("\n".join([*plane["python"]["imports"], *plane["python"]["lines"]]), names)
    return names["image"]


def tiff(folder, name, array, **options):
    path = folder / f"{name}.tif"
    tifffile.imwrite(path, array, **options)
    return path


def write_readable(folder):
    """Files of every kind that the page reads: {name: (path, the planes in it)}."""
    made = {}

    def add(name, planes, array, **options):
        made[name] = tiff(folder, name, array, **options), planes

    add("8-bit", [COLOUR[..., 1]], COLOUR[..., 1], photometric="minisblack")
    add("16-bit", [GREY], GREY)
    add("big-endian", [GREY], GREY, byteorder=">")
    add("tiled", [GREY], GREY, tile=(16, 16))
    add("BigTIFF", [GREY], GREY, bigtiff=True)
    add("LZW with predictor", [GREY], GREY, compression="lzw", predictor=True)
    add("deflate", [GREY], GREY, compression="zlib")
    add("deflate with predictor", [GREY], GREY, compression="zlib", predictor=True)
    add("packbits", [GREY], GREY, compression="packbits")
    add("zstd", [GREY], GREY, compression="zstd")
    add("strips", [GREY], GREY, rowsperstrip=3)
    add("int32", [SIGNED], SIGNED.astype(np.int32))
    add("uint32", [GREY], GREY.astype(np.uint32))
    add("signed 16-bit", [SIGNED], SIGNED)
    add("float", [FLOAT], FLOAT)
    add("float with predictor", [FLOAT], FLOAT, compression="zlib", predictor=3)
    add("double", [FLOAT], FLOAT.astype(np.float64))
    add("half float", [FLOAT.astype(np.float16)], FLOAT.astype(np.float16))
    add("white is zero", [255 - COLOUR[..., 1]], COLOUR[..., 1], photometric="miniswhite")
    add("channels first", [GREY, GREY + 1], np.stack([GREY, GREY + 1]), photometric="minisblack",
        planarconfig="separate")  # fmt: skip
    add("channels last", [GREY, GREY + 1], np.stack([GREY, GREY + 1], -1),
        photometric="minisblack", planarconfig="contig")  # fmt: skip
    add("pages", [GREY, GREY + 1, GREY + 2], np.stack([GREY, GREY + 1, GREY + 2]),
        photometric="minisblack")  # fmt: skip
    add("grey and transparency", [GREY], np.stack([GREY, GREY + 1], -1), photometric="minisblack",
        planarconfig="contig", extrasamples=["unassalpha"])  # fmt: skip
    stack = np.stack([GREY + i for i in range(6)]).reshape(3, 2, *SHAPE)
    add("ImageJ hyperstack", [*stack.reshape(6, *SHAPE)], stack, imagej=True,
        metadata={"axes": "ZCYX", "unit": "um"}, resolution=(4, 2))  # fmt: skip
    add("ImageJ with one directory", [GREY, GREY + 1, GREY + 2],
        np.stack([GREY, GREY + 1, GREY + 2]), imagej=True, truncate=True,
        metadata={"axes": "ZYX"})  # fmt: skip
    add("ImageJ, big-endian, nm", [GREY], GREY, imagej=True, byteorder=">",
        metadata={"unit": "nm"}, resolution=(1 / 250, 1 / 250))  # fmt: skip
    add("per centimetre", [GREY], GREY, resolution=(20000, 40000), resolutionunit="CENTIMETER")
    add("dots per inch", [GREY], GREY, resolution=(9000, 9000), resolutionunit="INCH")
    ome = {"axes": "CZYX", "PhysicalSizeX": 0.3, "PhysicalSizeY": 300, "PhysicalSizeYUnit": "nm",
           "Channel": {"Name": ["DNA", "actin <β>"]}}  # fmt: skip
    add("OME", [*stack.reshape(6, *SHAPE)], stack.reshape(2, 3, *SHAPE), ome=True, metadata=ome,
        photometric="minisblack")  # fmt: skip
    add("pyramid", [GREY], GREY)
    with tifffile.TiffWriter(made["pyramid"][0]) as file:
        file.write(GREY)
        file.write(GREY[::2, ::2], subfiletype=1)

    fire = (np.arange(256) ** 2 // 255).astype(np.uint16) * 257
    table = np.stack([fire, fire // 2, fire // 3])
    add("colour table", [COLOUR[..., 1]], COLOUR[..., 1], photometric="palette", colormap=table)

    Image.fromarray(GREY).save(folder / "grey16.png")
    Image.fromarray(COLOUR[..., 1]).save(folder / "grey8.png")
    Image.fromarray(COLOUR[..., 1] > 9).save(folder / "grey1.png")
    Image.fromarray(COLOUR[..., 1], "L").convert("LA").save(folder / "alpha.png")
    made["16-bit PNG"] = folder / "grey16.png", [GREY]
    made["8-bit PNG"] = folder / "grey8.png", [COLOUR[..., 1]]
    made["1-bit PNG"] = folder / "grey1.png", [COLOUR[..., 1] > 9]
    made["grey PNG with transparency"] = folder / "alpha.png", [COLOUR[..., 1]]
    Image.fromarray(np.repeat(COLOUR[..., 1:2], 3, axis=-1)).save(folder / "alike.png")
    made["three colours that are one"] = folder / "alike.png", [COLOUR[..., 1]]
    return made


def write_colours(folder):
    """Files of every kind in colour, by name: (path, the colours in it)."""
    made = {"RGB": (tiff(folder, "rgb", COLOUR, photometric="rgb"), COLOUR)}
    first = COLOUR.transpose(2, 0, 1)
    made["RGB, planes apart"] = (
        tiff(folder, "planar", first, photometric="rgb", planarconfig="separate"),
        COLOUR,
    )
    alpha = np.dstack([COLOUR, GREY % 200]).astype(np.uint8)
    made["RGB with alpha"] = (
        tiff(folder, "rgba", alpha, photometric="rgb", extrasamples=["unassalpha"]),
        COLOUR,
    )
    wide = COLOUR.astype(np.uint16) * 200
    made["16-bit RGB"] = tiff(folder, "rgb16", wide, photometric="rgb"), wide

    mixed = np.random.default_rng(1).integers(0, 256, (3, 256)).astype(np.uint16)
    index = COLOUR[..., 1]
    made["palette"] = (
        tiff(folder, "palette", index, photometric="palette", colormap=mixed * 257),
        mixed.T[index],
    )
    palette = Image.fromarray(COLOUR).convert("P", palette=Image.Palette.ADAPTIVE, colors=9)
    palette.save(folder / "palette.png")
    made["palette PNG"] = folder / "palette.png", np.array(palette.convert("RGB"))
    Image.fromarray(COLOUR).save(folder / "rgb.png")
    made["PNG"] = folder / "rgb.png", COLOUR
    Image.fromarray(alpha).save(folder / "rgba.png")
    made["PNG with alpha"] = folder / "rgba.png", COLOUR
    (folder / "rgb16.png").write_bytes(imagecodecs.png_encode(wide))
    made["16-bit colour PNG"] = folder / "rgb16.png", wide
    made["JPEG inside"] = (
        tiff(
            folder,
            "jpeg",
            SMOOTH,
            photometric="rgb",
            compression="jpeg",
            compressionargs={"level": 95},
        ),
        SMOOTH,
    )

    photo = Image.fromarray(np.ascontiguousarray(np.rot90(SMOOTH)))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise
    photo.save(folder / "turned.jpg", exif=exif, quality=95)
    with Image.open(folder / "turned.jpg") as seen:
        pixels = np.rot90(np.array(seen), -1)
    rgba = np.dstack([pixels, np.full(SHAPE, 255)]).astype(int)
    decoded = {"height": SHAPE[0], "width": SHAPE[1], "data": rgba.ravel().tolist()}
    (folder / "turned.jpg.json").write_text(json.dumps(decoded))
    made["JPEG with EXIF"] = folder / "turned.jpg", pixels
    return made


def write_refused(folder):
    """Files that are no image the page can take: {name: (path, words of its answer)}."""
    made = {}

    def add(name, content, *words):
        path = folder / name
        path.write_bytes(content)
        made[name] = path, words

    whole = tiff(folder, "whole", GREY).read_bytes()
    add("truncated.tif", whole[:-100], "cut off", "Copy it again")
    add("truncated_in_tags.tif", whole[:40], "damaged", "Copy it again")
    stack = tiff(folder, "stack", np.stack([GREY] * 9), imagej=True, truncate=True).read_bytes()
    add("truncated_stack.tif", stack[:-2000], "9 planes", "after 6")
    add("notes.tif", b"These are my notes.\n" * 9, "text", "TIFF")
    add("empty.tif", b"", "0 bytes")
    add("scan.czi", b"ZISRAWFILE" + bytes(100), "CZI", "Fiji")
    add("scan.nd2", b"\xda\xce\xbe\x0a" + bytes(100), "ND2", "Fiji")
    add("volume.ims", b"\x89HDF\r\n\x1a\n" + bytes(100), "HDF5")
    add("what.bin", bytes(range(200, 256)) * 4, "no TIFF, PNG or JPEG")
    small = np.zeros((1, 1), np.uint8)
    add("one_pixel.tif", tiff(folder, "one", small).read_bytes(), "1 × 1", "thumbnail")
    Image.fromarray(small).save(folder / "one.png")
    add("one_pixel.png", (folder / "one.png").read_bytes(), "1 × 1")
    Image.fromarray(GREY).save(folder / "whole.png")
    png = (folder / "whole.png").read_bytes()
    add("truncated.png", png[: len(png) // 2], "damaged", "Copy it again")
    add("complex.tif", tiff(folder, "c", GREY.astype(np.complex64)).read_bytes(), "complex")
    add("int64.tif", tiff(folder, "i", GREY.astype(np.int64)).read_bytes(), "64 bits")
    add("print.tif", tiff(
        folder, "cmyk", np.dstack([COLOUR, COLOUR[..., :1]]), photometric="separated",
    ).read_bytes(), "print")  # fmt: skip
    # A head that promises 20,000² pixels, none of which is there.
    head = bytearray(tiff(folder, "huge", np.zeros((20, 20), np.uint8)).read_bytes())
    with tifffile.TiffFile(folder / "huge.tif") as file:
        for tag in ("ImageWidth", "ImageLength"):
            at = file.pages[0].tags[tag].valueoffset
            head[at : at + 4] = (20000).to_bytes(4, "little")
    add("huge.tif", bytes(head), "20000 × 20000", "Large images")
    ome = tiff(folder, "o", GREY, ome=True).read_bytes()
    two = b'<TiffData IFD="0"><UUID FileName="a.tif"/></TiffData><TiffData><UUID FileName="b.tif"/>'
    text = ome.replace(b'<TiffData IFD="0" PlaneCount="1"/>', two + b"</TiffData>")
    assert text != ome
    ending = len(ome).to_bytes(4, "little")
    with tifffile.TiffFile(folder / "o.tif") as file:
        tag = file.pages[0].tags["ImageDescription"]
        words = bytearray(ome + text[tag.valueoffset : text.index(b"</OME>") + 6] + b"\0")
        words[tag.offset + 8 : tag.offset + 12] = ending
        words[tag.offset + 4 : tag.offset + 8] = (len(words) - len(ome)).to_bytes(4, "little")
    add("one_of_two.ome.tif", bytes(words), "2 files")
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def readable(folder):
    return _found(write_readable(folder))


@pytest.fixture(scope="module")
def colours(folder):
    return _found(write_colours(folder))


@pytest.fixture(scope="module")
def refused(folder):
    return _found(write_refused(folder))


def _found(made):
    found = read(*(path for path, _ in made.values()))
    return {
        name: (path, expected, answer)
        for (name, (path, expected)), answer in zip(made.items(), found, strict=True)
    }


def _problems(answer):
    return answer.get("refused", "")


def test_every_kind_of_grey_file_is_read_as_it_was_recorded(readable):
    wrong = []
    for name, (_, expected, answer) in readable.items():
        planes = values(answer) if "values" in answer else []
        same = len(planes) == len(expected) and all(
            np.array_equal(plane, np.asarray(one, np.float32))
            for plane, one in zip(planes, expected, strict=True)
        )
        wrong += [] if same else [f"{name}: {_problems(answer)} {len(planes)} planes"]
    assert not wrong


def test_every_kind_of_colour_offers_each_colour_and_their_mean(colours):
    for name, (_, expected, answer) in colours.items():
        assert "values" in answer, f"{name}: {_problems(answer)}"
        names = [plane["name"] for plane in answer["planes"]]
        assert names == ["red", "green", "blue", "brightness", "inverted brightness"], name
        *single, mean, _ = values(answer)
        tolerance = 4 if name == "JPEG inside" else 0  # decoders differ
        for colour, plane in enumerate(single):
            assert np.abs(plane - expected[..., colour]).max() <= tolerance, (name, colour)
        assert np.allclose(mean, expected.astype(float).mean(axis=-1), atol=tolerance + 0.01), name


def test_the_lines_for_the_notebook_read_the_same_plane(readable, colours):
    wrong = []
    for name, (path, _, answer) in (readable | colours).items():
        for plane, seen in zip(answer["planes"], values(answer), strict=True):
            read_again = np.asarray(in_python(path, plane), np.float32)
            tolerance = 4 if name == "JPEG inside" else 0.01
            same = read_again.shape == seen.shape and np.abs(read_again - seen).max() <= tolerance
            wrong += [] if same else [f"{name}, {plane['name']}"]
    assert not wrong


def test_what_cannot_be_read_is_refused_in_a_sentence(refused):
    for name, (_, words, answer) in refused.items():
        assert answer.get("name") == "Unreadable", f"{name}: {answer}"
        assert answer["refused"].count(".") >= 2, "what is the matter, and what to do"
        for word in words:
            assert word in answer["refused"], f"{name}: {answer['refused']}"


def test_planes_are_named_by_their_place_in_the_stack(readable):
    names = {
        name: [p["name"] for p in answer["planes"]] for name, (_, _, answer) in readable.items()
    }
    assert names["16-bit"] == ["grey"]
    assert names["ImageJ hyperstack"][3] == "channel 2 of 2, plane 2 of 3"
    assert names["OME"][4] == "actin <β>, plane 2 of 3"
    assert names["pages"] == ["page 1 of 3", "page 2 of 3", "page 3 of 3"]
    assert names["channels last"] == ["channel 1 of 2", "channel 2 of 2"]
    best = {name: answer["planes"][answer["best"]] for name, (_, _, answer) in readable.items()}
    assert best["ImageJ hyperstack"]["name"] == "channel 1 of 2, plane 2 of 3", "the middle"
    assert best["pages"]["name"] == "page 1 of 3", "nobody said that these are planes of a stack"
    axes = {axis["name"]: axis["size"] for axis in readable["ImageJ hyperstack"][2]["axes"]}
    assert axes == {"plane": 3, "channel": 2}


def test_the_pixel_size_is_read_in_micrometres_where_somebody_measured_it(readable):
    sizes = {name: answer["pixelSize"] for name, (_, _, answer) in readable.items()}
    assert sizes["ImageJ hyperstack"] == pytest.approx({"x": 0.25, "y": 0.5})
    assert sizes["ImageJ, big-endian, nm"] == pytest.approx({"x": 0.25, "y": 0.25})
    assert sizes["OME"] == pytest.approx({"x": 0.3, "y": 0.3})
    assert sizes["per centimetre"] == pytest.approx({"x": 0.5, "y": 0.25})
    assert sizes["dots per inch"] is None, "that is for printers"
    assert sizes["16-bit"] is None and sizes["16-bit PNG"] is None


def test_what_was_done_on_reading_is_said(readable, colours):
    def said(name):
        return " ".join((readable | colours)[name][2]["notes"])

    assert "0 is white" in said("white is zero")
    assert "Transparency" in said("RGB with alpha") and "Transparency" in said("PNG with alpha")
    assert "palette" in said("palette") and "palette" in said("palette PNG")
    assert "colour table" in said("colour table")
    assert "1 smaller copy" in said("pyramid")
    assert "turned" in said("JPEG with EXIF")
    assert not said("16-bit")


def test_pixels_that_hold_no_number_are_mended_and_counted(tmp_path):
    image = FLOAT.copy()
    image[9, :3], image[5, 5], image[6, 6] = np.nan, np.inf, -np.inf
    path = tiff(tmp_path, "holes", image)
    (found,) = read(path)
    (plane,) = values(found)
    assert plane[9, 0] == plane[6, 6] == 0, "the smallest number that is left"
    assert plane[5, 5] == FLOAT.max()
    assert "5 pixels hold no number" in found["notes"][0]
    assert np.array_equal(in_python(path, found["planes"][0]), plane)


def test_a_plane_of_one_value_is_named_as_such(tmp_path):
    found, other = read(
        tiff(tmp_path, "constant", np.full(SHAPE, 7, np.uint16)), tiff(tmp_path, "grey", GREY)
    )
    assert "Every pixel has the value 7" in found["empty"][0]
    assert other["empty"] == [None]


def test_tissue_is_proposed_upside_down_and_fluorescence_by_its_colour(tmp_path):
    tissue = np.full((*SHAPE, 3), 230, np.uint8)
    tissue[5:9, 5:9] = (90, 40, 120)
    blue = np.zeros((*SHAPE, 3), np.uint8)
    blue[5:9, 5:9] = (9, 20, 200)
    for name, image, best in (("he", tissue, "inverted brightness"), ("dapi", blue, "blue")):
        (found,) = read(tiff(tmp_path, name, image, photometric="rgb"))
        assert found["planes"][found["best"]]["name"] == best
