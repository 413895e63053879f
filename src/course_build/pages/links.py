"""Where a link leads that is written in the repository: to a page, to the repository, or nowhere.

Links of the built site are followed by site_check.py.
"""

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from course_build import Stop

FENCE = r"^ *(?P<fence>`{3,}|~{3,})[^\n]*\n.*?^ *(?P=fence) *$"
INLINE = r"(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`)"
CODE = re.compile(f"{FENCE}|{INLINE}", re.S | re.M)
LINK = re.compile(r'(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(\s*<?([^)\s>]+)>?((?:\s+"[^"]*")?)\s*\)')
DEFINITION = re.compile(r"^( {0,3}\[[^\]^]+\]:\s+)(\S+)", re.M)
ATTRIBUTE = re.compile(r'(<[a-zA-Z][^>]*?\s(?:href|src)=")([^"]+)"')
OTHER_HOST = re.compile(r"[a-z][a-z0-9+.-]*:", re.I)


def outside_code(text, change):
    """Apply `change` to Markdown `text` while its code is out of reach."""
    kept = []

    def hide(match):
        kept.append(match.group())
        return f"\x02{len(kept) - 1}\x03"

    changed = change(CODE.sub(hide, text))
    return re.sub("\x02(\\d+)\x03", lambda match: kept[int(match[1])], changed)


def each_link(text, change):
    """Return Markdown `text` with its links, outside code, as `change` makes them anew.

    change : function (words, target) -> Markdown in the place of the link, None where it stays
    """

    def link(match):
        new = None if match[1] else change(match[2], match[3])  # a picture stays
        return match[0] if new is None else new

    return outside_code(text, lambda part: LINK.sub(link, part))


def targets(text):
    """Return where the links and pictures of Markdown `text` lead, without those in code."""
    return [match[3] for match in LINK.finditer(CODE.sub("", text))]


def built_address(source, *, folders=True):
    """Return where on the site the page is that is made from a file.

    Parameters
    ----------
    source : str
        The file as seen from docs/: tools/stardist.md, ../index.md, notebooks/05_x.ipynb.
    folders : bool
        Whether a page is a folder's index, as on a server, or a file, as on disk.

    Returns
    -------
    str
        tools/stardist/ or, on disk, tools/stardist.html.
    """
    path = source.removesuffix(".md").removesuffix(".ipynb")
    if not folders:
        return f"{path}.html"
    return path.removesuffix("index") if posixpath.basename(path) == "index" else f"{path}/"


def linked_page(target, source):
    """Return the page of docs/, as seen from there, to which a link in the repository leads.

    Parameters
    ----------
    target : str
        What the link says: ../docs/tools/stardist.md#rays.
    source : str
        The file in which it stands: notebooks/05_stardist_nuclei.ipynb.

    Returns
    -------
    (str or None, str)
        The page, None if the link leads elsewhere, and the anchor with its #, or "".
    """
    path, anchor = _in_repository(target, source)
    is_page = path.startswith("docs/") and path.endswith(".md") and not OTHER_HOST.match(target)
    return path.removeprefix("docs/") if is_page else None, anchor


def _in_repository(target, source):
    """Return the path of what a link in the file `source` names, and its anchor with the #."""
    path, hash_sign, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(path)))
    return path, hash_sign + anchor


@dataclass
class Links:
    """Where the repository's files stand on the site.

    root : the repository's folder
    published : site path of every published file, by its path in the repository
    repo_url : address of the repository, or "" while it has none
    branch : the branch that links to the repository name
    """

    root: Path
    published: dict[str, str]
    repo_url: str = ""
    branch: str = "main"

    def rewrite(self, text, source, where):
        """Turn the links of Markdown `text`, which lies at `source`, into links on the site.

        A link to a file that is in the repository but not on the site leads to the repository, or
        loses its link while the repository has no address. A dead one raises Stop, which
        begins with `where`.
        """

        def inline(match):
            bang, label, target, title = match.groups()
            label = LINK.sub(inline, label)
            target = self.target(target, source, where)
            return label if target is None else f"{bang}[{label}]({target}{title})"

        def definition(match):
            target = self.target(match[2], source, where)
            if target is None:
                raise Stop(f"{where}: write the link to {match[2]!r} as [text](link)")
            return match[1] + target

        def attribute(match):
            # MkDocs leaves raw HTML alone, so it must not need rewriting.
            if not OTHER_HOST.match(match[2]) and not match[2].startswith("#"):
                raise Stop(f"{where}: write the link to {match[2]!r} in Markdown, not HTML")
            return match[0]

        def change(part):
            return ATTRIBUTE.sub(attribute, DEFINITION.sub(definition, LINK.sub(inline, part)))

        return outside_code(text, change)

    def target(self, target, source, where):
        """Where `target` leads from `source`: a path on the site, an address, or None."""
        if target.startswith("#") or OTHER_HOST.match(target):
            return target
        path, anchor = _in_repository(target, source)
        if path in self.published:
            here = posixpath.dirname(self.published[source])
            return posixpath.relpath(self.published[path], here or ".") + anchor
        if path.startswith("..") or not (self.root / path).exists():
            raise Stop(f"{where}: the link to {target!r} leads nowhere")
        if not self.repo_url:
            return None
        kind = "tree" if (self.root / path).is_dir() else "blob"
        return f"{self.repo_url.rstrip('/')}/{kind}/{self.branch}/{path}{anchor}"
