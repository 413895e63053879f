"""Give every picture of a page its size, so that text does not jump, and insist on alt text."""

import html
import io
import posixpath
import re
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from PIL import Image

from course_build import Stop

#: Where a drawing's narrow form takes its place: 560 px and the page's margins have no room there.
PHONE = "(max-width: 37em)"
#: px. A photograph or a notebook's picture has one form: a wider one is not made as small as a
#: phone, where nobody could read its words, but scrolls there.
WIDE = 520
IMG = re.compile(r"<img\b([^>]*?)/?>")
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')


def complete(page_html, page, file_at):
    """Add width, height, loading and decoding to the pictures in `page_html`.

    A width that the author chose stays; the height follows from the picture's shape. A drawing
    that has a narrow form, seam-narrow-light.svg, shows it on a phone.

    Parameters
    ----------
    page_html : str
    page : object with src_uri and dest_uri
        Where the page's source and the page itself lie, for errors and relative addresses.
    file_at : function str -> object with src_uri and content_bytes, or None
        The site's file at an address.

    Raises
    ------
    Stop
        If a picture has no alt text, cannot be read, or comes from another host.
    """

    def image(match):
        attributes = dict(ATTRIBUTE.findall(match[1]))
        source = html.unescape(attributes.get("src", ""))
        where = f"{page.src_uri}: the picture {source!r}"
        if not attributes.get("alt", "").strip():
            raise Stop(f"{where} has no alt text: say what it shows")
        if urlsplit(source).scheme not in ("", "data"):
            raise Stop(f"{where} comes from another host: keep it in figures/")
        if "twemoji" in attributes.get("class", "") or source.startswith("data:"):
            return match[0]
        path = unquote(urlsplit(source).path)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page.dest_uri), path))
        file = file_at(path)
        if file is None:
            raise Stop(f"{where} is not on the site")
        width, height = _size(file, where)
        shown = float(attributes.get("width", "").removesuffix("px") or width)
        if shown > WIDE and not path.endswith(".svg"):
            attributes["class"] = "wide"
        attributes |= {"width": f"{shown:.0f}", "height": f"{shown * height / width:.0f}"}
        attributes.setdefault("loading", "lazy")
        attributes.setdefault("decoding", "async")
        picture = "<img " + " ".join(f'{key}="{value}"' for key, value in attributes.items()) + ">"
        narrow = file_at(re.sub(r"(?=-(light|dark)\.svg$)", "-narrow", path))
        if narrow in (None, file):
            return picture
        width, height = _size(narrow, where)
        twin = re.sub(r"(?=-(light|dark)\.svg)", "-narrow", attributes["src"])
        return (
            f'<picture><source media="{PHONE}" srcset="{twin}" width="{width:.0f}" '
            f'height="{height:.0f}">{picture}</picture>'
        )

    return IMG.sub(image, page_html)


def _size(file, where):
    try:
        if not file.src_uri.endswith(".svg"):
            return Image.open(io.BytesIO(file.content_bytes)).size
        svg = ElementTree.fromstring(file.content_bytes)
        if box := svg.get("viewBox"):
            return tuple(float(number) for number in box.split()[2:])
        return tuple(float(svg.get(side).removesuffix("px")) for side in ("width", "height"))
    except Exception as error:
        raise Stop(f"{where} cannot be read: {error}") from error
