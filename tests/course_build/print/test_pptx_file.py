"""A PPTX holds the words as words, every part is named, and every part that is named is there."""

import io
import re
import zipfile
from posixpath import dirname
from xml.etree import ElementTree

import pytest

from course_build.print import pptx_file

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
KINDS = {
    "hlinkClick": "hyperlink", "blip": "image", "sldLayoutId": "slideLayout", "sldId": "slide",
    "sldMasterId": "slideMaster", "notesMasterId": "notesMaster",
}  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n"


def run(words, **more):
    return {"words": words, "colour": "1C2B30", **more}


def slide(*items, background="FBFAF6", notes=("talk 1 min · “Look & see.”",)):
    title = {"kind": "title", "box": [72, 60, 900, 60], "size": 56, "colour": "0B3038",
             "words": "Fewer < more"}  # fmt: skip
    return {"background": background, "bar": "F0B429", "numbers": "4C5D62", "notes": list(notes),
            "items": [title, *items]}  # fmt: skip


STEPS = {
    "kind": "words", "box": [72, 150, 800, 300], "size": 38, "fill": "",
    "paragraphs": [
        {"bullet": "ol", "runs": [run("Open "), run("the page", bold=True, href="https://a.org/")]},
        {"bullet": "ol", "runs": [run("Use "), run("scale", mono=True)]},
    ],
}  # fmt: skip
PICTURE = {"kind": "picture", "box": [72, 460, 300, 200], "png": PNG, "alt": 'Two "nuclei".'}
TABLE = {
    "kind": "table", "box": [72, 150, 600, 90], "size": 34, "widths": [200, 400], "heights": [45],
    "rows": [[{"align": "right", "paragraphs": [{"runs": [run("0")]}]},
              {"align": "left", "paragraphs": [{"runs": [run("background")]}]}]],
}  # fmt: skip
AFTER = {**STEPS, "paragraphs": [{"runs": [run("and on", href="https://b.org/")]}]}
DECK = {"title": "Rays & more", "slides": [
    slide(background="0B3038"), slide(STEPS, PICTURE, AFTER), slide(TABLE, notes=[]),
]}  # fmt: skip


@pytest.fixture(scope="module")
def parts():
    """The parts of a file as XML by their path: {path: root}."""
    with zipfile.ZipFile(io.BytesIO(pptx_file.written(DECK))) as packed:
        assert packed.testzip() is None
        return {
            name: ElementTree.fromstring(packed.read(name))
            for name in packed.namelist() if not name.endswith(".png")
        } | {name: None for name in packed.namelist() if name.endswith(".png")}  # fmt: skip


def leads(parts, path):
    """Where a part leads: {id: (kind, target)}."""
    relations = parts[f"{dirname(path)}/_rels/{path.rsplit('/')[-1]}.rels"]
    return {e.get("Id"): (e.get("Type").rsplit("/")[-1], e.get("Target")) for e in relations}


def test_every_part_is_named_once_and_all_that_is_named_is_there(parts):
    types = parts["[Content_Types].xml"]
    named = [e.get("PartName").lstrip("/") for e in types if e.get("PartName")]
    xml = {name for name in parts if name.endswith(".xml")} - {"[Content_Types].xml"}
    assert sorted(named) == sorted(xml)
    for path in [name for name in parts if name.endswith(".rels")]:
        for relation in parts[path]:
            if relation.get("TargetMode") != "External":
                assert relation.get("Target").lstrip("/") in parts, path
    assert parts["_rels/.rels"][0].get("Target") == "/ppt/presentation.xml"


def test_every_id_that_a_part_uses_leads_to_what_it_means(parts):
    used = 0
    for path, root in parts.items():
        if root is None or not path.startswith("ppt/") or path.endswith(".rels"):
            continue
        for element in root.iter():
            for name in (f"{R}id", f"{R}embed"):
                if element.get(name):
                    kind = leads(parts, path)[element.get(name)][0]
                    assert kind == KINDS[element.tag.rsplit("}")[-1]], path
                    used += 1
    assert used > 8
    where = leads(parts, "ppt/slides/slide2.xml")
    links = [e.get(f"{R}id") for e in parts["ppt/slides/slide2.xml"].iter(f"{A}hlinkClick")]
    assert [where[number][1] for number in links] == ["https://a.org/", "https://b.org/"]


def test_a_paragraph_says_how_it_looks_once_and_first(parts):
    for root in [root for root in parts.values() if root is not None]:
        for paragraph in root.iter(f"{A}p"):
            kinds = [child.tag for child in paragraph]
            assert kinds.count(f"{A}pPr") <= 1 and f"{A}pPr" not in kinds[1:]


def test_words_are_words_with_a_title_bullets_and_a_link(parts):
    root = parts["ppt/slides/slide2.xml"]
    lines = ["".join(t.text for t in p.iter(f"{A}t")) for p in root.iter(f"{A}p")]
    assert lines == ["Fewer < more", "Open the page", "Use scale", "and on", "2"]
    places = [e.get("type") for e in root.iter(f"{P}ph")]
    assert places == ["title", "sldNum"]
    assert len(list(root.iter(f"{A}buAutoNum"))) == 2
    assert [e.get("typeface") for e in root.iter(f"{A}latin")].count("Consolas") == 1
    assert {e.get("lang") for e in root.iter(f"{A}rPr")} == {"en-GB"}


def test_a_picture_says_what_it_shows_and_is_stored(parts):
    [shape] = parts["ppt/slides/slide2.xml"].iter(f"{P}pic")
    assert shape.find(f"{P}nvPicPr/{P}cNvPr").get("descr") == 'Two "nuclei".'
    assert shape.find(f"{P}spPr/{A}xfrm/{A}ext").get("cx") == str(300 * 9525)


def test_a_table_is_a_table(parts):
    [table] = parts["ppt/slides/slide3.xml"].iter(f"{A}tbl")
    assert [t.text for t in table.iter(f"{A}t")] == ["0", "background"]
    assert [p.get("algn") for p in table.iter(f"{A}pPr")] == ["r", None]


def test_what_to_say_stands_in_the_notes(parts):
    notes = parts["ppt/notesSlides/notesSlide2.xml"]
    assert [t.text for t in notes.iter(f"{A}t")] == ["talk 1 min · “Look & see.”"]


def test_slides_that_look_alike_share_a_layout(parts):
    layouts = [
        dict(leads(parts, f"ppt/slides/slide{n}.xml").values())["slideLayout"] for n in (1, 2, 3)
    ]
    assert layouts[0] != layouts[1] == layouts[2]
    assert len([name for name in parts if re.match(r"ppt/slideLayouts/\w+\.xml", name)]) == 2


def test_the_same_deck_gives_the_same_file():
    assert pptx_file.written(DECK) == pptx_file.written(DECK)
