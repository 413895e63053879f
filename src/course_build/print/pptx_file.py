"""Write slides as a PPTX file: the few parts of Office Open XML that a deck needs, and no library.

Lengths come in pixels of a slide of 1280 × 720, at 96 pixels an inch. Words stay words: a title
is one that PowerPoint's outline and a screen reader know, the presenter's notes are notes.
"""

import io
import zipfile
from xml.sax.saxutils import escape, quoteattr

PIXEL = 9525  # English Metric Units, in which Office measures
FONT, MONO = "Calibri", "Consolas"
SCHEMAS = "http://schemas.openxmlformats.org"
SPACES = (
    f'xmlns:a="{SCHEMAS}/drawingml/2006/main" xmlns:p="{SCHEMAS}/presentationml/2006/main" '
    f'xmlns:r="{SCHEMAS}/officeDocument/2006/relationships"'
)
TYPES = "application/vnd.openxmlformats-officedocument"
SLIDES = f"{TYPES}.presentationml."
PACKAGE = "application/vnd.openxmlformats-package."
CORE = f"{SCHEMAS}/package/2006/relationships/metadata/core-properties"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
GROUP = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'


def written(deck):
    """Return a deck as the bytes of a PPTX file.

    deck : dict
        title, and slides: each with background, bar, numbers (colours as RRGGBB), notes and items.
        An item has kind, box (x, y, width, height) and, by kind,
        title: words, size, colour; words: paragraphs, size, fill;
        table: rows of cells (paragraphs, align), widths, heights, size; picture: png, alt.
        A paragraph has bullet ("ul", "ol" or nothing) and runs, each with words, bold, italic,
        mono, colour and href.
    """
    package = _Package()
    looks = list(dict.fromkeys(_look(slide) for slide in deck["slides"]))
    package.add("docProps/core.xml", _core(deck["title"]), f"{PACKAGE}core-properties+xml")
    for number in (1, 2):
        package.add(f"ppt/theme/theme{number}.xml", THEME, f"{TYPES}.theme+xml")
    layouts = [f"ppt/slideLayouts/slideLayout{number}.xml" for number in range(1, len(looks) + 1)]
    master = "ppt/slideMasters/slideMaster1.xml"
    notes_master = "ppt/notesMasters/notesMaster1.xml"
    for path, look in zip(layouts, looks, strict=True):
        package.add(path, _layout(look), f"{SLIDES}slideLayout+xml", [("slideMaster", master)])
    leads = [*(("slideLayout", path) for path in layouts), ("theme", "ppt/theme/theme1.xml")]
    package.add(master, _master(len(looks)), f"{SLIDES}slideMaster+xml", leads)
    leads = [("theme", "ppt/theme/theme2.xml")]
    package.add(notes_master, _notes_master(), f"{SLIDES}notesMaster+xml", leads)
    paths = []
    for number, slide in enumerate(deck["slides"], start=1):
        paths.append(f"ppt/slides/slide{number}.xml")
        notes = f"ppt/notesSlides/notesSlide{number}.xml"
        leads = [("slideLayout", layouts[looks.index(_look(slide))]), ("notesSlide", notes)]
        text = _slide(_Slide(package, number, leads).all(slide["items"]))
        package.add(paths[-1], text, f"{SLIDES}slide+xml", leads)
        leads = [("notesMaster", notes_master), ("slide", paths[-1])]
        package.add(notes, _notes(slide["notes"]), f"{SLIDES}notesSlide+xml", leads)
    main = "ppt/presentation.xml"
    leads = [("slideMaster", master), ("notesMaster", notes_master)]
    leads += [*(("slide", path) for path in paths), ("theme", "ppt/theme/theme1.xml")]
    package.add(main, _presentation(len(paths)), f"{SLIDES}presentation.main+xml", leads)
    return package.zipped(main)


def _look(slide):
    return slide["background"], slide["bar"], slide["numbers"]


class _Package:
    """The parts of a file, what each is, and where each leads."""

    def __init__(self):
        self.parts, self.kinds = {}, {}

    def add(self, path, content, kind=None, leads=None):
        """Add a part.

        kind : its content type; none for pictures, which their suffix tells
        leads : what other parts are to this one, and their paths: [("theme", path)]; of a
            "hyperlink", the address
        """
        self.parts[path] = content if isinstance(content, bytes) else HEAD + content
        if kind:
            self.kinds[path] = kind
        if leads:
            folder, name = path.rsplit("/", 1)
            self.parts[f"{folder}/_rels/{name}.rels"] = _relations(leads)

    def zipped(self, main):
        """Return all of them as a zip, the same bytes for the same parts."""
        kinds = "".join(
            f'<Override PartName="/{path}" ContentType="{kind}"/>'
            for path, kind in self.kinds.items()
        )
        types = (
            f'{HEAD}<Types xmlns="{SCHEMAS}/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f'<Default Extension="png" ContentType="image/png"/>{kinds}</Types>'
        )
        root = _relations([("officeDocument", main), (CORE, "docProps/core.xml")])
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in {
                "[Content_Types].xml": types, "_rels/.rels": root, **self.parts
            }.items():  # fmt: skip
                packed.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return file.getvalue()


def _relations(leads):
    """The part that says where another one leads: rId1, rId2, and so on."""
    listed = []
    for number, (kind, target) in enumerate(leads, start=1):
        name = kind if ":" in kind else f"{SCHEMAS}/officeDocument/2006/relationships/{kind}"
        outside = kind == "hyperlink"
        where = quoteattr(target if outside else f"/{target}")
        mode = ' TargetMode="External"' if outside else ""
        listed.append(f'<Relationship Id="rId{number}" Type="{name}" Target={where}{mode}/>')
    space = f"{SCHEMAS}/package/2006/relationships"
    return f'{HEAD}<Relationships xmlns="{space}">{"".join(listed)}</Relationships>'


class _Slide:
    """The shapes of one slide; `leads` learns where they lead."""

    def __init__(self, package, number, leads):
        self.package, self.number, self.leads = package, number, leads
        self.shapes = 1

    def all(self, items):
        made = [getattr(self, f"_{item['kind']}")(item) for item in items]
        return "".join([*made, self._page_number()])

    def _id(self):
        self.shapes += 1
        return self.shapes

    def _lead(self, kind, target):
        self.leads.append((kind, target))
        return f"rId{len(self.leads)}"

    def _title(self, item):
        run = {"words": item["words"], "bold": True, "colour": item["colour"]}
        text = self._paragraph({"runs": [run]}, item["size"])
        return (
            f'<p:sp><p:nvSpPr><p:cNvPr id="{self._id()}" name="Title"/><p:cNvSpPr>'
            '<a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr>'
            f"<p:spPr>{_place(item['box'])}</p:spPr>{_body(text)}</p:sp>"
        )

    def _words(self, item):
        fill = _fill(item["fill"]) if item.get("fill") else "<a:noFill/>"
        edge = 24 if item.get("fill") else 0
        text = "".join(self._paragraph(part, item["size"]) for part in item["paragraphs"])
        number = self._id()
        return (
            f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="Text {number}"/>'
            '<p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
            f'<p:spPr>{_place(item["box"])}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>{fill}'
            f"</p:spPr>{_body(text, edge)}</p:sp>"
        )

    def _table(self, item):
        columns = "".join(f'<a:gridCol w="{_emu(width)}"/>' for width in item["widths"])
        rows = []
        for cells, height in zip(item["rows"], item["heights"], strict=True):
            made = "".join(self._cell(cell, item["size"]) for cell in cells)
            rows.append(f'<a:tr h="{_emu(height)}">{made}</a:tr>')
        number = self._id()
        return (
            f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="{number}" name="Table {number}"/>'
            '<p:cNvGraphicFramePr><a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/>'
            f"</p:nvGraphicFramePr>{_place(item['box'], 'p:xfrm')}<a:graphic>"
            f'<a:graphicData uri="{SCHEMAS}/drawingml/2006/table"><a:tbl><a:tblPr firstRow="1"/>'
            f"<a:tblGrid>{columns}</a:tblGrid>{''.join(rows)}</a:tbl></a:graphicData></a:graphic>"
            "</p:graphicFrame>"
        )

    def _cell(self, cell, size):
        text = "".join(self._paragraph(p, size, cell["align"]) for p in cell["paragraphs"])
        line = f'<a:lnB w="{2 * PIXEL}">{_fill("DEDCD2")}</a:lnB>'
        none = "".join(f"<a:ln{side}><a:noFill/></a:ln{side}>" for side in "LRT")
        return (
            f"<a:tc><a:txBody><a:bodyPr/><a:lstStyle/>{text}</a:txBody>"
            f'<a:tcPr marL="0" marR="{_emu(28)}" marT="{_emu(6)}" marB="{_emu(6)}" anchor="ctr">'
            f"{none}{line}<a:noFill/></a:tcPr></a:tc>"
        )

    def _picture(self, item):
        path = f"ppt/media/slide{self.number}-{self.shapes}.png"
        self.package.add(path, item["png"])
        picture, number = self._lead("image", path), self._id()
        return (
            f'<p:pic><p:nvPicPr><p:cNvPr id="{number}" name="Picture {number}" '
            f'descr={quoteattr(item["alt"])}/><p:cNvPicPr><a:picLocks noChangeAspect="1"/>'
            f'</p:cNvPicPr><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed="{picture}"/>'
            "<a:stretch><a:fillRect/></a:stretch></p:blipFill>"
            f'<p:spPr>{_place(item["box"])}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
            "</p:pic>"
        )

    def _page_number(self):
        return _number(self._id(), self.number)

    def _paragraph(self, paragraph, size, align="left"):
        bullet, indent = paragraph.get("bullet"), _emu(1.1 * size)
        shape = f' marL="{indent}" indent="-{indent}"' if bullet else ' marL="0" indent="0"'
        shape += ' algn="r"' if align == "right" else ' algn="ctr"' if align == "center" else ""
        signs = {
            "ul": '<a:buFont typeface="Arial"/><a:buChar char="•"/>',
            "ol": '<a:buFont typeface="+mj-lt"/><a:buAutoNum type="arabicPeriod"/>',
        }
        after = f'<a:spcAft><a:spcPts val="{800 if bullet else 0}"/></a:spcAft>'
        runs = "".join(self._run(run, size) for run in paragraph["runs"])
        sign = signs.get(bullet, "<a:buNone/>")
        return f"<a:p><a:pPr{shape}>{after}{sign}</a:pPr>{runs}</a:p>"

    def _run(self, run, size):
        flags = "".join(f' {flag}="1"' for flag, key in (("b", "bold"), ("i", "italic"))
                        if run.get(key))  # fmt: skip
        inside = _fill(run["colour"])
        inside += f'<a:latin typeface="{MONO if run.get("mono") else "+mn-lt"}"/>'
        if run.get("href"):
            inside += f'<a:hlinkClick r:id="{self._lead("hyperlink", run["href"])}"/>'
        points = round(size * 75)  # hundredths of a point
        return (
            f'<a:r><a:rPr lang="en-GB" sz="{points}"{flags}>{inside}</a:rPr>'
            f"<a:t>{escape(run['words'])}</a:t></a:r>"
        )


def _emu(pixels):
    return round(pixels * PIXEL)


def _place(box, tag="a:xfrm"):
    x, y, width, height = map(_emu, box)
    return f'<{tag}><a:off x="{x}" y="{y}"/><a:ext cx="{width}" cy="{height}"/></{tag}>'


def _fill(colour):
    return f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'


def _body(text, edge=0):
    inner = " ".join(f'{side}Ins="{_emu(edge)}"' for side in "ltrb")
    return (
        f'<p:txBody><a:bodyPr wrap="square" {inner} anchor="t"><a:normAutofit/></a:bodyPr>'
        f"<a:lstStyle/>{text}</p:txBody>"
    )


def _number(shape, number, colour=None):
    """The slide's number; `colour` in a layout, from which the slides have it."""
    style = (
        f'<a:lstStyle><a:lvl1pPr algn="r"><a:defRPr sz="1800">{_fill(colour)}'
        '<a:latin typeface="+mn-lt"/></a:defRPr>'
        "</a:lvl1pPr></a:lstStyle>"
        if colour
        else "<a:lstStyle/>"
    )
    place = _place((1144, 668, 100, 36)) if colour else ""
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{shape}" name="Slide number"/><p:cNvSpPr>'
        '<a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr><p:ph type="sldNum" sz="quarter" idx="10"/>'
        f"</p:nvPr></p:nvSpPr><p:spPr>{place}</p:spPr><p:txBody><a:bodyPr/>{style}<a:p>"
        '<a:fld id="{B6F15528-21DE-4FAA-801E-634DDDAF4B2B}" type="slidenum">'
        f'<a:rPr lang="en-GB"/><a:t>{number}</a:t></a:fld></a:p></p:txBody></p:sp>'
    )


def _slide(shapes):
    return (
        f"<p:sld {SPACES}><p:cSld><p:spTree>{GROUP}{shapes}</p:spTree></p:cSld>"
        "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sld>"
    )


def _layout(look):
    """A layout: background, bar at the top, a place for the title and one for the number."""
    background, bar, numbers = look
    return (
        f'<p:sldLayout {SPACES} type="titleOnly" preserve="1">'
        f'<p:cSld name="On {background}, {bar}">'
        f"<p:bg><p:bgPr>{_fill(background)}<a:effectLst/></p:bgPr></p:bg><p:spTree>{GROUP}"
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Bar"/><p:cNvSpPr/><p:nvPr userDrawn="1"/></p:nvSpPr>'
        f'<p:spPr>{_place((0, 0, 1280, 14))}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
        f"{_fill(bar)}<a:ln><a:noFill/></a:ln></p:spPr></p:sp>{_title_place(3)}"
        f"{_number(4, '‹#›', numbers)}</p:spTree></p:cSld>"
        "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:sldLayout>"
    )


def _title_place(shape):
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="{shape}" name="Title"/><p:cNvSpPr><a:spLocks noGrp="1"/>'
        '</p:cNvSpPr><p:nvPr><p:ph type="title"/></p:nvPr></p:nvSpPr>'
        f"<p:spPr>{_place((72, 60, 1136, 80))}"
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr>'
        "<p:txBody><a:bodyPr/><a:lstStyle/>"
        f"{_plain('Title')}</p:txBody></p:sp>"
    )


WHITE = f"<p:bg><p:bgPr>{_fill('FFFFFF')}<a:effectLst/></p:bgPr></p:bg>"
MAP = (
    '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" '
    'accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" '
    'folHlink="folHlink"/>'
)


def _master(layouts):
    ids = "".join(
        f'<p:sldLayoutId id="{2147483649 + number}" r:id="rId{number}"/>'
        for number in range(1, layouts + 1)
    )
    text = '<a:defRPr sz="{}"><a:latin typeface="+{}-lt"/></a:defRPr>'
    levels = f'<a:lvl1pPr algn="l">{text.format(2800, "mn")}</a:lvl1pPr>'
    return (
        f"<p:sldMaster {SPACES}><p:cSld>{WHITE}"
        f"<p:spTree>{GROUP}{_title_place(2)}{_number(3, '‹#›', '4C5D62')}</p:spTree></p:cSld>{MAP}"
        f"<p:sldLayoutIdLst>{ids}</p:sldLayoutIdLst><p:txStyles>"
        f'<p:titleStyle><a:lvl1pPr algn="l">{text.format(4200, "mj")}</a:lvl1pPr></p:titleStyle>'
        f"<p:bodyStyle>{levels}</p:bodyStyle><p:otherStyle>{levels}</p:otherStyle></p:txStyles>"
        "</p:sldMaster>"
    )


def _notes_places(text, image, words):
    """The picture of the slide and the words below it; where they stand, the master says."""
    return (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Slide"/><p:cNvSpPr><a:spLocks noGrp="1" noRot="1" '
        'noChangeAspect="1"/></p:cNvSpPr><p:nvPr><p:ph type="sldImg"/></p:nvPr></p:nvSpPr>'
        f"<p:spPr>{image}</p:spPr></p:sp>"
        '<p:sp><p:nvSpPr><p:cNvPr id="3" name="Notes"/><p:cNvSpPr><a:spLocks noGrp="1"/>'
        '</p:cNvSpPr><p:nvPr><p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr>'
        f"<p:spPr>{words}</p:spPr><p:txBody><a:bodyPr/><a:lstStyle/>{text}</p:txBody></p:sp>"
    )


def _notes_master():
    shape = '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    places = _notes_places(
        _plain("Notes"), _place((40, 60, 640, 360)) + shape, _place((40, 450, 640, 460)) + shape
    )
    text = '<a:defRPr sz="1200"><a:latin typeface="+mn-lt"/></a:defRPr>'
    style = f'<a:lvl1pPr algn="l">{text}</a:lvl1pPr>'
    return (
        f"<p:notesMaster {SPACES}><p:cSld>{WHITE}"
        f"<p:spTree>{GROUP}{places}</p:spTree></p:cSld>{MAP}<p:notesStyle>{style}</p:notesStyle>"
        "</p:notesMaster>"
    )


def _plain(words):
    return f'<a:p><a:r><a:rPr lang="en-GB"/><a:t>{escape(words)}</a:t></a:r></a:p>'


def _notes(notes):
    text = "".join(_plain(note) for note in notes) or "<a:p/>"
    return (
        f"<p:notes {SPACES}><p:cSld><p:spTree>{GROUP}{_notes_places(text, '', '')}"
        "</p:spTree></p:cSld>"
        "<p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:notes>"
    )


def _presentation(slides):
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{2 + n}"/>' for n in range(1, slides + 1))
    return (
        f"<p:presentation {SPACES}>"
        '<p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId1"/></p:sldMasterIdLst>'
        '<p:notesMasterIdLst><p:notesMasterId r:id="rId2"/></p:notesMasterIdLst>'
        f"<p:sldIdLst>{ids}</p:sldIdLst>"
        f'<p:sldSz cx="{1280 * PIXEL}" cy="{720 * PIXEL}"/>'
        f'<p:notesSz cx="{720 * PIXEL}" cy="{960 * PIXEL}"/></p:presentation>'
    )


def _core(title):
    return (
        f'<cp:coreProperties xmlns:cp="{SCHEMAS}/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title><dc:language>en-GB</dc:language></cp:coreProperties>"
    )


def _theme():
    colours = {
        "dk1": "1C2B30", "lt1": "FFFFFF", "dk2": "0B3038", "lt2": "FBFAF6", "accent1": "0B3038",
        "accent2": "F0B429", "accent3": "56B4E9", "accent4": "009E73", "accent5": "CC79A7",
        "accent6": "D55E00", "hlink": "0B6172", "folHlink": "0B6172",
    }  # fmt: skip
    named = "".join(f'<a:{n}><a:srgbClr val="{c}"/></a:{n}>' for n, c in colours.items())
    font = f'<a:latin typeface="{FONT}"/><a:ea typeface=""/><a:cs typeface=""/>'
    fill = '<a:solidFill><a:schemeClr val="phClr"/></a:solidFill>'
    line = f'<a:ln w="9525">{fill}</a:ln>'
    effect = "<a:effectStyle><a:effectLst/></a:effectStyle>"
    return (
        f'<a:theme xmlns:a="{SCHEMAS}/drawingml/2006/main" name="course"><a:themeElements>'
        f'<a:clrScheme name="course">{named}</a:clrScheme><a:fontScheme name="course">'
        f"<a:majorFont>{font}</a:majorFont><a:minorFont>{font}</a:minorFont></a:fontScheme>"
        f'<a:fmtScheme name="course"><a:fillStyleLst>{3 * fill}</a:fillStyleLst>'
        f"<a:lnStyleLst>{3 * line}</a:lnStyleLst><a:effectStyleLst>{3 * effect}</a:effectStyleLst>"
        f"<a:bgFillStyleLst>{3 * fill}</a:bgFillStyleLst></a:fmtScheme></a:themeElements></a:theme>"
    )


THEME = _theme()
