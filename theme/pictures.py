"""Give every picture of a page its size, so that text does not jump, and insist on alt text."""

import html
import io
import posixpath
import re
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from mkdocs.exceptions import PluginError
from PIL import Image

IMG = re.compile(r"<img\b([^>]*?)/?>")
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')


def complete(page_html, page, files):
    """Add width, height, loading and decoding to the pictures in `page_html`.

    A width that the author chose stays; the height follows from the picture's shape.
    """

    def image(match):
        attributes = dict(ATTRIBUTE.findall(match[1]))
        source = html.unescape(attributes.get("src", ""))
        where = f"{page.file.src_uri}: the picture {source!r}"
        if not attributes.get("alt", "").strip():
            raise PluginError(f"{where} has no alt text: say what it shows")
        if urlsplit(source).scheme not in ("", "data"):
            raise PluginError(f"{where} comes from another host: keep it in docs/images")
        if "twemoji" in attributes.get("class", "") or source.startswith("data:"):
            return match[0]
        path = unquote(urlsplit(source).path)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.dest_uri), path))
        file = next((file for file in files if file.dest_uri == path), None)
        if file is None:
            raise PluginError(f"{where} is not on the site")
        width, height = _size(file, where)
        shown = float(attributes.get("width", "").removesuffix("px") or width)
        attributes |= {"width": f"{shown:.0f}", "height": f"{shown * height / width:.0f}"}
        attributes.setdefault("loading", "lazy")
        attributes.setdefault("decoding", "async")
        return "<img " + " ".join(f'{key}="{value}"' for key, value in attributes.items()) + ">"

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
        raise PluginError(f"{where} cannot be read: {error}") from error
