"""What a TIFF says about its numbers and its pages is honoured, or the file is refused."""

import warnings

import numpy as np
import pytest
import tifffile

from bioimage_course.folder import Unreadable, read

PAIR = np.array([[0, 255]])


def green(levels):
    """A table of colours from black to green."""
    return np.stack([0 * levels, levels, 0 * levels])


LEVELS = np.arange(256, dtype=np.uint16) * 257
SHUFFLED = np.stack([np.random.default_rng(channel).permutation(LEVELS) for channel in range(3)])


def save(path, array, **options):
    """Write a TIFF with a table of colours, or with any other tag."""
    tifffile.imwrite(path, array, **options)
    return path


@pytest.mark.parametrize(
    ("table", "stored"),
    [(green(LEVELS), lambda grey: grey),
     (np.stack([LEVELS] * 3), lambda grey: grey),
     (np.stack([LEVELS[::-1]] * 3), lambda grey: 255 - grey),
     (np.stack([LEVELS // 257] * 3), lambda grey: grey),
     (np.stack([LEVELS, LEVELS // 2, 0 * LEVELS]), lambda grey: grey)],
    ids=["green", "grey", "inverting", "8 of 16 bits", "orange"],
)  # fmt: skip
def test_a_table_from_dark_to_bright_leaves_the_intensities(tmp_path, field, table, stored):
    grey = field.astype(np.uint8)
    path = save(tmp_path / "x.tif", stored(grey), photometric="palette", colormap=table)
    assert np.array_equal(read(path)[0], grey)


def test_a_table_of_greys_in_any_order_gives_the_greys(tmp_path, field):
    order = np.random.default_rng(0).permutation(256)
    grey = field.astype(np.uint8)
    places = np.argsort(order).astype(np.uint8)[grey]
    table = np.stack([LEVELS[order]] * 3)
    path = save(tmp_path / "x.tif", places, photometric="palette", colormap=table)
    assert np.array_equal(read(path)[0], grey)


def test_a_table_of_one_colour_shows_nothing_and_is_refused(tmp_path, field):
    for level in (0, 65535):
        path = save(tmp_path / "x.tif", field.astype(np.uint8), photometric="palette",
                    colormap=np.full((3, 256), level, np.uint16))  # fmt: skip
        with pytest.raises(Unreadable, match=r"single colour.*Grays"):
            read(path)


def without_tag(path, name):
    """Hide a tag: readers do not know the number that it gets."""
    with tifffile.TiffFile(path) as file:
        place, order = file.pages[0].tags[name].offset, file.byteorder
    with open(path, "r+b") as file:
        file.seek(place)
        file.write(np.array(65100, f"{order}u2").tobytes())
    return path


@pytest.mark.parametrize("samples", [1, 3, 4])
@pytest.mark.parametrize("hidden", ["PhotometricInterpretation", "ExtraSamples"])
def test_what_a_file_does_not_say_is_taken_as_viewers_take_it(tmp_path, field, samples, hidden):
    layers = [field] * min(samples, 3) + [np.full_like(field, 65535)] * (samples - 3)
    path = save(tmp_path / "x.tif", np.squeeze(np.stack(layers, axis=-1)),
                photometric="rgb" if samples > 1 else "minisblack")  # fmt: skip
    with tifffile.TiffFile(path) as file:
        there = hidden in file.pages[0].tags
    image, _ = read(without_tag(path, hidden) if there else path)
    assert np.array_equal(image, field)


def test_places_in_a_table_of_colours_are_no_intensities(tmp_path, field):
    path = save(tmp_path / "x.tif", field.astype(np.uint8), photometric="palette",
                colormap=SHUFFLED)  # fmt: skip
    with pytest.raises(Unreadable, match="table of colours"):
        read(path)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_where_white_is_zero_bright_is_large_again(tmp_path, field, dtype, order):
    white = (np.iinfo(dtype).max - field.astype(dtype)).astype(np.dtype(dtype).newbyteorder(order))
    path = save(tmp_path / "x.tif", white, photometric="miniswhite", byteorder=order)
    assert np.array_equal(read(path)[0], field)


def test_where_white_is_zero_and_no_number_is_black_the_file_is_refused(tmp_path, field):
    path = save(tmp_path / "x.tif", field.astype(np.float32), photometric="miniswhite")
    with pytest.raises(Unreadable, match=r"0 is white.*Edit › Invert"):
        read(path)


@pytest.mark.parametrize("kind", ["separated", "cielab", "cfa"])
def test_numbers_that_are_no_grey_values_are_refused(tmp_path, field, kind):
    samples = {"separated": 4, "cielab": 3, "cfa": 1}[kind]
    pixels = np.squeeze(np.stack([field.astype(np.uint8)] * samples, axis=-1))
    path = save(tmp_path / "x.tif", pixels, photometric=kind, planarconfig="contig",
                metadata=None)  # fmt: skip
    with pytest.raises(Unreadable, match="colours of the kind"):
        read(path)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i2", "i4", "i8", "f2", "f4", "f8"])
def test_every_kind_of_number_comes_in_this_computers_order(tmp_path, field, dtype, order):
    numbers = field.astype(np.dtype(dtype).newbyteorder(order))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # readers of a notebook would see them
        image, _ = read(save(tmp_path / "x.tif", numbers, byteorder=order))
    assert np.array_equal(image, numbers) and image.dtype.isnative and image.dtype == dtype


def test_negative_numbers_and_12_bits_stay_as_they_are(tmp_path, field):
    assert read(save(tmp_path / "i.tif", field.astype(np.int16) - 300))[0].min() < 0
    packed = save(tmp_path / "p.tif", field, bitspersample=12)
    assert np.array_equal(read(packed)[0], field)


def test_numbers_that_imagej_moved_above_zero_get_their_sign_back(tmp_path, field):
    path = save(tmp_path / "x.tif", field + np.uint16(32668), imagej=True,
                metadata={"cf": 0, "c0": -32768.0, "c1": 1.0})  # fmt: skip
    assert np.array_equal(read(path)[0], field.astype(np.int16) - 100)


@pytest.mark.parametrize(
    "options",
    [{"bigtiff": True}, {"tile": (64, 64)}, {"rowsperstrip": 7}, {"compression": "lzw"},
     {"compression": "zlib", "predictor": True}, {"compression": "packbits"},
     {"compression": "zstd", "tile": (128, 128)}, {"imagej": True}, {"ome": True}],
    ids=str,
)  # fmt: skip
def test_the_way_in_which_pixels_are_packed_changes_nothing(tmp_path, field, options):
    assert np.array_equal(read(save(tmp_path / "x.tif", field, **options))[0], field)


@pytest.mark.parametrize("photometric", ["minisblack", "rgb"])
def test_a_tiff_packed_as_jpeg_is_read_in_its_colours(tmp_path, field, photometric):
    grey = field.astype(np.uint8)
    if photometric == "minisblack":
        path = save(tmp_path / "x.tif", grey, compression="jpeg")
        image, _ = read(path)
    else:  # stored as YCbCr
        colours = np.stack([grey // 3, grey, grey // 2], axis=-1)
        path = save(tmp_path / "x.tif", colours, compression="jpeg", photometric="rgb")
        image, _ = read(path, channel=1)
    assert np.abs(image.astype(int) - grey).mean() < 4


@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_colours_are_chosen_whether_they_lie_side_by_side_or_apart(tmp_path, field, planar):
    axis = -1 if planar == "contig" else 0
    colours = np.stack([field, field // 2, field // 3], axis=axis)
    path = save(tmp_path / "x.tif", colours, photometric="rgb", planarconfig=planar)
    assert np.array_equal(read(path, channel=1)[0], field // 2)
    with pytest.raises(Unreadable, match="3 channels"):
        read(path)


def test_transparency_is_no_channel_but_a_second_recording_is(tmp_path, field):
    twice = np.stack([field, field // 2], axis=-1)
    told = save(tmp_path / "a.tif", twice, photometric="minisblack", planarconfig="contig",
                extrasamples=["unassalpha"])  # fmt: skip
    assert np.array_equal(read(told)[0], field)
    untold = save(tmp_path / "b.tif", twice, photometric="minisblack", planarconfig="contig",
                  extrasamples=["unspecified"])  # fmt: skip
    with pytest.raises(Unreadable, match="2 channels"):
        read(untold)
    opaque = np.stack([field, np.full_like(field, 65535)], axis=-1)
    path = save(tmp_path / "c.tif", opaque, photometric="minisblack", planarconfig="contig",
                extrasamples=["unspecified"])  # fmt: skip
    assert np.array_equal(read(path)[0], field)


# --- Pages --------------------------------------------------------------------------------------


def several(path, pages, **options):
    """Write pages one after the other, each with its own list of tags."""
    with tifffile.TiffWriter(path) as file:
        for page in pages:
            file.write(page, contiguous=False, metadata=None, **options)
    return path


def halved(image):
    rows, columns = image.shape
    return image.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3)).astype(image.dtype)


def test_small_copies_of_an_image_are_no_other_images(tmp_path, field):
    path = several(tmp_path / "x.tif", [field, halved(field)])
    assert np.array_equal(read(path)[0], field)


@pytest.mark.parametrize("second", ["small", "same shape"])
def test_another_image_in_the_same_file_is_named(tmp_path, field, other, second):
    pages = [field, halved(other) if second == "small" else (other > 50).astype(np.uint8)]
    with pytest.raises(Unreadable, match="2 separate images"):
        read(several(tmp_path / "x.tif", pages))


def test_one_plane_of_more_axes_is_a_plane_and_two_are_named(tmp_path, field):
    for name, shape in {"a": (192, 160, 1), "b": (1, 192, 160), "c": (1, 1, 192, 160)}.items():
        path = save(tmp_path / f"{name}.tif", field.reshape(shape), photometric="minisblack")
        assert np.array_equal(read(path)[0], field)
    with pytest.raises(Unreadable, match="2 planes"):
        read(save(tmp_path / "d.tif", np.stack([field] * 2), photometric="minisblack"))


# --- OME ----------------------------------------------------------------------------------------

NAMES = ("urn:uuid:00000000-0000-0000-0000-000000000001",
         "urn:uuid:00000000-0000-0000-0000-000000000002")  # fmt: skip
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{own}">{body}</OME>'
)
PIXELS = (
    '<Image ID="Image:{n}"><Pixels ID="Pixels:{n}" DimensionOrder="XYCZT" Type="uint16" '
    'SizeX="160" SizeY="192" SizeZ="1" SizeC="{channels}" SizeT="1" PhysicalSizeX="{size}" '
    'PhysicalSizeXUnit="µm" PhysicalSizeY="{size}" PhysicalSizeYUnit="µm">{planes}</Pixels></Image>'
)
PLANE = (
    '<TiffData FirstC="{channel}" IFD="{page}" PlaneCount="1">'
    '<UUID FileName="{name}">{uuid}</UUID></TiffData>'
)


def write_ome(path, pages, text):
    with tifffile.TiffWriter(path, ome=False) as file:
        for number, page in enumerate(pages):
            words = text.encode() if number == 0 else None
            file.write(page, description=words, metadata=None, contiguous=False)
    return path


@pytest.fixture
def channels(tmp_path, field, other):
    """A set of two files, one channel in each; both describe the whole set."""
    planes = "".join(
        PLANE.format(channel=n, page=0, name=f"cells_C{n}.ome.tif", uuid=NAMES[n]) for n in (0, 1)
    )
    body = PIXELS.format(n=0, channels=2, size=0.5, planes=planes)
    return [
        write_ome(tmp_path / f"cells_C{n}.ome.tif", [page], HEAD.format(own=NAMES[n], body=body))
        for n, page in enumerate((field, other))
    ]


def test_each_file_of_a_set_gives_its_own_plane(channels, field, other):
    for path, page in zip(channels, (field, other), strict=True):
        image, size = read(path)
        assert np.array_equal(image, page) and size == (0.5, 0.5)


def test_a_file_whose_partner_is_missing_or_that_was_renamed_gives_its_plane(channels, other):
    channels[0].unlink()
    assert np.array_equal(read(channels[1])[0], other)
    assert np.array_equal(read(channels[1].rename(channels[1].with_name("b.tif")))[0], other)


def test_a_renamed_file_is_not_looked_up_under_its_old_name(tmp_path, field, other):
    planes = "".join(
        PLANE.format(channel=n, page=n, name="old.ome.tif", uuid=NAMES[0]) for n in (0, 1)
    )
    body = PIXELS.format(n=0, channels=2, size=0.5, planes=planes)
    text = HEAD.format(own="", body=body).replace(' UUID=""', "")  # nothing but the name
    write_ome(tmp_path / "old.ome.tif", [field, field], text)
    write_ome(tmp_path / "new.ome.tif", [other, other + np.uint16(1)], text)
    for channel in (0, 1):
        assert np.array_equal(read(tmp_path / "new.ome.tif", channel)[0], other + channel)


def test_each_position_gives_its_own_channels_and_its_own_pixel_size(tmp_path, field):
    bodies = [
        PIXELS.format(n=n, channels=2, size=0.2 + n / 10, planes="".join(
            PLANE.format(channel=c, page=c, name=f"pos_{n}.ome.tif", uuid=NAMES[n])
            for c in (0, 1)))
        for n in (0, 1)
    ]  # fmt: skip
    for n in (0, 1):
        pages = [field + np.uint16(10 * n), field + np.uint16(10 * n + 1)]
        write_ome(tmp_path / f"pos_{n}.ome.tif", pages,
                  HEAD.format(own=NAMES[n], body="".join(bodies)))  # fmt: skip
    for n, size in ((0, 0.2), (1, 0.3)):
        image, found = read(tmp_path / f"pos_{n}.ome.tif", channel=1)
        assert np.array_equal(image, field + 10 * n + 1) and found == (size, size)


def test_metadata_in_a_companion_file_are_found_there_or_not_missed(tmp_path, field):
    planes = PLANE.format(channel=0, page=0, name="set_1.ome.tif", uuid=NAMES[0])
    body = PIXELS.format(n=0, channels=1, size=0.25, planes=planes)
    companion = tmp_path / "set.companion.ome"
    companion.write_text(HEAD.format(own=NAMES[1], body=body), encoding="utf-8")
    there = f'<BinaryOnly MetadataFile="set.companion.ome" UUID="{NAMES[1]}"/>'
    path = write_ome(tmp_path / "set_1.ome.tif", [field], HEAD.format(own=NAMES[0], body=there))
    image, size = read(path)
    assert np.array_equal(image, field) and size == (0.25, 0.25)
    companion.unlink()
    image, size = read(path)
    assert np.array_equal(image, field) and size is None


@pytest.mark.parametrize(
    "text",
    [HEAD.format(own="", body=PIXELS.format(n=0, channels=3, size="0,25", planes="<TiffData/>")),
     "<OME><Image></OME>", "<OME>"],
    ids=["a number with a comma, and too many channels", "no XML", "half of it"],
)  # fmt: skip
def test_bad_metadata_are_no_bad_pixels(tmp_path, field, text):
    image, size = read(write_ome(tmp_path / "x.ome.tif", [field], text))
    assert np.array_equal(image, field) and size is None
