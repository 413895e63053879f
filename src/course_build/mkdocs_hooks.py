"""Everything that knows about MkDocs: publish notebooks, figures and cards, finish every page.

A problem stops the build and names the file (and the notebook's cell). With OFFLINE=true the site
is made for the disk: see offline.py.
"""

import html
import posixpath
import re
import tomllib
from functools import wraps
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
from mkdocs.exceptions import PluginError
from mkdocs.plugins import CombinedEvent, event_priority, get_plugin_logger
from mkdocs.structure.files import File, InclusionLevel
from mkdocs.utils import get_relative_url

from course_build import ROOT, Stop, lab, offline
from course_build import print as printed
from course_build.notebooks import page as notebook_pages
from course_build.notebooks import students
from course_build.notebooks.setup_cell import setup_cell, with_setup_cell
from course_build.pages import (
    citations,
    figures,
    formulas,
    glossary,
    helper_api,
    numbers,
    pictures,
    quizzes,
    reading_time,
    search_index,
    shelf_life,
    tables,
)
from course_build.pages.links import Links, built_address, each_link, linked_page
from course_build.programs import run

FONT = "@fontsource-variable/source-sans-3"
KATEX = "katex/dist"
LOG = get_plugin_logger("course")
CHAPTERS = ("start", "concepts", "tools", "practice", "clicks")  # folders of pages that teach
PRINTED_LINK = re.compile(r'<a href="([^":#]+\.(?:html|pdf|pptx|zip))">(.*?)</a>')
PRINTED_PICTURE = re.compile(r'<img\b[^>]*\bsrc="([^":#]+\.webp)"[^>]*>(?:<br ?/?>)?')
# Links of a deck or run sheet to pages, which lie elsewhere on the site that is opened from disk.
DECK_LINK = re.compile(r'href="((?:\.\./)+(?:[\w-]+/)*[\w-]+)/index\.html')
LAB = '<div class="lab"'  # where the page "Try your own image" puts what it does
# Names, operators, brackets and spaces: in the text's colour.
PLAIN_TOKEN = re.compile(r'<span class="(?:n|nn|na|nv|nt|no|o|p|pi|w|vi|err)">([^<]*)</span>')
# The pieces of an f-string, all in one colour: one piece.
STRING = r'<span class="(?:s1|s2|sa|se|si)">[^<]*</span>'
STRINGS = re.compile(f"{STRING}(?:{STRING})+")


_serving = False


def stops_the_build(hook):
    """Let the course's own error end MkDocs as its errors do: with a sentence, not a traceback."""

    @wraps(hook)
    def guarded(*arguments, **keywords):
        try:
            return hook(*arguments, **keywords)
        except Stop as stop:
            raise PluginError(str(stop)) from stop

    return guarded


class PublishedPage(File):
    """A page made from a file that lies outside docs/.

    repository_path : where that file lies, for the edit link
    """

    repository_path = None

    def is_documentation_page(self):
        return True


class NotebookSource(File):
    """A notebook in notebooks/, which mkdocs-jupyter turns into a page.

    repository_path : where it lies, for the edit link
    notebook : what notebook_pages.read() returned
    """

    repository_path = None
    notebook = None


def on_startup(*, command, dirty):
    """Remember whether somebody reads beside their own runs (`mkdocs serve`), or a site is made."""
    global _serving
    _serving = command == "serve"


@stops_the_build
def on_config(config):
    """Read the numbers, papers and terms that pages quote, anew for every build."""
    reference = Path(config.docs_dir) / "reference"
    config.extra["papers"] = citations.load(reference / "references.bib")
    config.extra["terms"] = glossary.load(reference / "glossary.yml")
    measured = numbers.load(_root(config))
    checked = shelf_life.checked(measured.get("shelf_life"))
    config.extra["numbers"] = measured | {"checked": checked}
    config.extra["search"] = []
    if _for_disk(config):
        if config.site_url:
            raise Stop("OFFLINE: a site on disk has no address: leave SITE_URL empty")
        config.use_directory_urls = False
        # At the end of the page, as Material writes it: what it looks for is there.
        config["extra_javascript"] = [offline.SCRIPT]
    return config


def _for_disk(config):
    """Return whether this build is for the disk."""
    return bool(config.extra.get("offline"))


@event_priority(100)  # before other plugins look at the files
@stops_the_build
def _publish_all(files, *, config):
    """Publish notebooks, figures and model cards from where they lie, without copying files."""
    root = _root(config)
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    cards = sorted((root / "src" / "bioimage_course" / "weights").glob("*/MODEL_CARD.md"))
    published = {f"docs/{file.src_uri}": file.src_uri for file in files}
    published |= {f"notebooks/{path.name}": f"notebooks/{path.name}" for path in notebooks}
    published |= {
        path.relative_to(root).as_posix(): f"reference/models/{path.parent.name}.md"
        for path in cards
    }
    links = Links(root, published, config.repo_url or "", _branch(config))

    config.extra["links"] = links
    figure_cells = {}
    for path in notebooks:
        name = f"notebooks/{path.name}"
        folder = root
        try:
            notebook = notebook_pages.read(path, name)
        except Stop as fault:
            folder = _last_committed(name, root) if _serving else None
            if not folder:
                raise
            LOG.warning("%s. Until then, its page shows the notebook as last committed.", fault)
            path = folder / name
            notebook = notebook_pages.read(path, name)
        for figure, (picture, where) in notebook.figures.items():
            if figure in figure_cells:
                raise Stop(
                    f"{where}: the figure name {figure!r} is taken by {figure_cells[figure]}"
                )
            figure_cells[figure] = where
            webp = notebook_pages.to_webp(picture, kept=root / "build" / "pictures")
            files.append(_generated(config, f"notebooks/figures/{figure}.webp", webp))
        # Where it lies; mkdocs-jupyter makes the page.
        page = NotebookSource(name, str(folder), config.site_dir, config.use_directory_urls)
        page.repository_path, page.notebook = name, notebook
        files.append(page)
        if config.site_url:  # beside the page, so that the address is the page's plus .ipynb
            whole = with_setup_cell(nbformat.read(path, as_version=4), _wheel(config, root))
            text = _for_elsewhere(nbformat.writes(whole) + "\n", config)
            _publish_notebook(files, config, name, text)
    _publish_student_notebooks(files, config, root)
    for path in cards:
        source = path.relative_to(root).as_posix()
        text = links.rewrite(path.read_text(encoding="utf-8"), source, source)
        _publish(files, config, published[source], source, text)

    for name in figures.published(root):
        files.append(File(name, str(root), config.site_dir, config.use_directory_urls))
    _publish_lab(files, config, root)
    _publish_printed(files, config)
    _publish_font(files, config, root)
    if (katex := root / "node_modules" / KATEX).exists():
        stylesheet = formulas.stylesheet(katex)
        files.append(_generated(config, "assets/katex/katex.min.css", stylesheet))
        for font in sorted(katex.glob("fonts/*.woff2")):
            uri = f"assets/katex/fonts/{font.name}"
            files.append(File.generated(config, uri, content=font.read_bytes()))
    return files


def _publish_lab(files, config, root):
    """Publish what the page "Try your own image" loads."""
    if not (root / "lab" / lab.PAGE).exists():
        return
    for name in lab.published(root):
        files.append(File(name, str(root), config.site_dir, config.use_directory_urls))
    for name, content in lab.made(root, on_disk=_for_disk(config)).items():
        files.append(_generated(config, f"lab/{name}", content))


def _publish_printed(files, config):
    """Publish slides and sheets as they are printed, where `make slides` has made them.

    Without it they stay known, as excluded, so that links to them warn nobody: see _without_dead().
    """
    folder = _root(config) / printed.OUT.relative_to(ROOT)
    for uri in printed.addresses(Path(config.docs_dir)):
        path = folder / uri
        there = InclusionLevel.INCLUDED if path.exists() else InclusionLevel.EXCLUDED
        content = path.read_bytes() if path.exists() else b""
        if path.suffix == ".html" and not config.use_directory_urls:
            content = DECK_LINK.sub(r'href="\1.html', content.decode("utf-8")).encode()
        files.append(File.generated(config, uri, content=content, inclusion=there))


def _without_dead(content, page, files):
    """Leave the words alone of links to slides and sheets that are not made yet."""

    def kept(words):
        def kept(match):
            here = posixpath.dirname(page.file.dest_uri)
            file = files.get_file_from_path(posixpath.normpath(posixpath.join(here, match[1])))
            return words(match) if file and file.inclusion.is_excluded() else match[0]

        return kept

    content = PRINTED_PICTURE.sub(kept(lambda match: ""), content)
    return PRINTED_LINK.sub(kept(lambda match: match[2]), content)


@event_priority(-50)  # after everything else
@stops_the_build
def _one_script(files, *, config):
    """For the disk, put one plain script in the place of the modules and their data."""
    if _for_disk(config):
        modules = [file for file in files if offline.is_part(file.dest_uri)]
        texts = {file.dest_uri: file.content_string for file in modules}
        for file in modules:
            files.remove(file)
        files.append(_generated(config, offline.SCRIPT, offline.bundled(texts)))
    return files


on_files = CombinedEvent(_publish_all, _one_script)


def _last_committed(name, root):
    """A folder that holds a notebook as git has it, while its reader works in it; None if none."""
    try:
        text = run(["git", "show", f"HEAD:./{name}"], "there is none", cwd=root)
    except (OSError, Stop):  # a download has no commits
        return None
    file = root / "build" / "committed" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return root / "build" / "committed"


@stops_the_build
def on_page_markdown(markdown, *, page, config, files):
    """Put in figures, numbers, papers, terms and quiz; the edit link leads to the page's source."""
    path = getattr(page.file, "repository_path", f"docs/{page.file.src_uri}")
    if config.repo_url:
        page.edit_url = f"{config.repo_url.rstrip('/')}/edit/{_branch(config)}/{path}"
    if getattr(page.file, "notebook", None):  # Jupyter shows a notebook's text as it stands
        return markdown
    where, measured, root = page.file.src_uri, config.extra["numbers"], _root(config)

    def relative(uri):
        return posixpath.relpath(uri, posixpath.dirname(where))

    markdown = figures.expand(markdown, where, root)
    if page.file.abs_src_path:
        page.quiz = quizzes.render(
            markdown, Path(page.file.abs_src_path),
            lambda text: numbers.fill(text, measured, where),
        )  # fmt: skip
    if glossary.MARKER in markdown:
        listing = glossary.listing(config.extra["terms"], relative)
        markdown = markdown.replace(glossary.MARKER, listing)
    if helper_api.MARKER in markdown:
        package = root / "src" / "bioimage_course"
        markdown = markdown.replace(helper_api.MARKER, helper_api.listing(package))
    if shelf_life.MARKER.search(markdown):
        kept = measured.get("shelf_life", {})
        markdown = shelf_life.fill(
            markdown, kept, root, relative, lambda name: _file(name, page, config)
        )
    markdown = figures.light_and_dark(markdown, where, root)
    markdown = citations.fill(markdown, config.extra["papers"], where, relative)
    taken = reading_time.minutes(
        markdown, (getattr(page, "quiz", None) or "").count('class="question"')
    )
    return numbers.fill(markdown, measured | {"page": {"minutes": taken}}, where)


def _file(name, page, config):
    """The address of a file in the repository, as seen from a page of docs/; None if none."""
    source = f"docs/{page.file.src_uri}"
    up = posixpath.relpath(name, posixpath.dirname(source))
    return config.extra["links"].target(up, source, source)


@stops_the_build
def on_page_content(content, *, page, config, files):
    """Tidy what mkdocs-jupyter made; put in quiz, hints and picture sizes."""
    notebook = getattr(page.file, "notebook", None)
    if getattr(page, "quiz", None):
        content = content.replace(quizzes.MARKER, page.quiz)
    if page.file.src_uri.split("/")[0] in CHAPTERS:
        glossary_page = built_address("reference/glossary.md", folders=config.use_directory_urls)
        content = glossary.explain(
            content, config.extra["terms"], get_relative_url(glossary_page, page.url)
        )
    if notebook:
        wheel = _wheel(config, _root(config))
        content = notebook_pages.tidy(
            content,
            notebook,
            anchors=[heading.id for heading in _headings(page.toc)],
            resolve=lambda href, where: _resolve(href, where, page, config, files),
            figures=get_relative_url("notebooks/figures/", page.url),
            setup_cell=setup_cell(notebook.course, wheel) if wheel else "",
            facts=_notebook_links(page, config) + freshness(notebook.course),
            after=page.next_page and page.next_page.file.url_relative_to(page.file),
        )
        # MkDocs compares these for pages of its own; it does so for notebooks too when told.
        page.present_anchor_ids = set(re.findall(r'\bid="([^"]+)"', content))
    content = _without_dead(content, page, files)
    by_address = {file.dest_uri: file for file in files}
    content = pictures.complete(content, page.file, by_address.get)
    content = tables.as_cards(content)
    config.extra["search"].append(_searched(page, content))
    return search_index.without_marks(content)


def _searched(page, content):
    """What the search knows of a page."""
    return search_index.page_entry(
        page.url,
        page.title,
        content,
        part=page.parent.title if page.parent else "",
        description=page.meta.get("description", ""),
    )


def _headings(toc):
    for heading in toc:
        yield heading
        yield from _headings(heading.children)


def _resolve(href, where, page, config, files):
    """Where a notebook's link leads on the site; None where the site does not have the file."""
    target = config.extra["links"].target(href, page.file.repository_path, where)
    if target is None or urlsplit(target).scheme:
        return target
    path, hash_sign, anchor = target.partition("#")
    uri = posixpath.normpath(posixpath.join(posixpath.dirname(page.file.src_uri), path))
    file = files.get_file_from_path(uri) if path else page.file
    if file is None:
        raise Stop(f"{where}: the link to {href!r} leads nowhere")
    if anchor:
        page.links_to_anchors = page.links_to_anchors or {}
        page.links_to_anchors.setdefault(file, {})[anchor] = href
    return (file.url_relative_to(page.file) if path else "") + hash_sign + anchor


@event_priority(-50)  # after other plugins
@stops_the_build
def on_post_page(output, *, page, config):
    """Render math last, so that search indexes what the author wrote; then slim the page."""
    output, has_math = formulas.render(
        output, page.file.src_uri, _root(config) / "node_modules" / KATEX
    )
    stylesheets = ["assets/katex/katex.min.css"] if has_math else []
    shown = dict.fromkeys(figures.DATA_FIGURE.findall(output))  # as site.js loads their modules
    for stylesheet in [figures.FRAME, *(f"figures/{name}/figure.css" for name in shown)]:
        stylesheets += [stylesheet] if shown and (_root(config) / stylesheet).exists() else []
    if LAB in output:
        stylesheets.append("lab/lab.css")
    addresses = [get_relative_url(stylesheet, page.url) for stylesheet in stylesheets]
    links = "".join(f'<link rel="stylesheet" href="{address}">' for address in addresses)
    output = slim(output.replace("</head>", f"{links}</head>", 1))
    return offline.for_disk(output) if _for_disk(config) else output


@stops_the_build
def on_post_build(config):
    """Write what the search loads when it is opened; for the disk, leave out what servers read."""
    file, synonyms = Path(config.docs_dir) / "reference" / "synonyms.yml", []
    if file.exists():
        synonyms = search_index.read_synonyms(file.read_text(encoding="utf-8"))
    script = Path(config.site_dir) / search_index.SCRIPT
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(search_index.script(config.extra["search"], synonyms), encoding="utf-8")
    if _for_disk(config):
        for name in offline.FOR_SERVERS:
            (Path(config.site_dir) / name).unlink(missing_ok=True)


def slim(page_html):
    """Leave out what no reader sees: half of a notebook's page is tags around single commas.

    Highlighting keeps the tags that the stylesheet colours; indentation goes, except in code.
    """
    page_html = PLAIN_TOKEN.sub(r"\1", page_html)
    page_html = STRINGS.sub(
        lambda match: f'<span class="s2">{re.sub("<[^>]*>", "", match[0])}</span>', page_html
    )
    parts = re.split(r"(<(pre|script|textarea)\b.*?</\2>)", page_html, flags=re.S)
    return "".join(
        part if index % 3 else re.sub(r"\s*\n\s*", "\n", part)
        for index, part in enumerate(parts)
        if index % 3 != 2  # the name of the tag
    )


def freshness(course):
    """One line: on what and with which versions a notebook's outputs were made, or why none are."""
    versions = course["packages"]
    if "python" in course:
        versions = {"Python": course["python"], **versions}
    made_with = " · ".join(f"{name} {version}" for name, version in versions.items())
    if course.get("runs") == "elsewhere":
        where = f"Not executed here: {course['why']}. Its outputs appear when you run it"
    else:
        where = f"Executed on the {course['device']}"  # how long it takes, its head says
    return f'<p class="freshness"><b>{html.escape(where)}</b> · {html.escape(made_with)}</p>'


def _notebook_links(page, config):
    """Links to Colab and to the notebook's file; none while the site has no address."""
    if not config.site_url:
        return ""
    name = posixpath.basename(page.file.src_uri)
    links = [
        f'<a class="md-button" href="{get_relative_url(page.file.src_uri, page.url)}" '
        f'download="{name}">Download notebook</a>'
    ]
    address = urlsplit(config.repo_url or "")
    if address.netloc == "github.com":
        repository = address.path.strip("/").removesuffix(".git")
        branch = config.extra.get("colab_branch", "gh-pages")
        colab = f"https://colab.research.google.com/github/{repository}/blob/{branch}/"
        links.insert(
            0,
            f'<a class="md-button md-button--primary" href="{colab}{page.file.src_uri}">'
            "Open in Colab</a>",
        )
    return f'<p class="notebook-links">{" ".join(links)}</p>'


def _wheel(config, root):
    """The address of the course's wheel on the published site; None while it has no address."""
    if not config.site_url:
        return None
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = f"{project['name'].replace('-', '_')}-{project['version']}-py3-none-any.whl"
    return f"{config.site_url.rstrip('/')}/wheels/{name}"


def _for_elsewhere(text, config):
    """Let a notebook's copy, which is opened away from the repository, lead to the site's pages."""

    def on_the_site(words, target):
        page, anchor = linked_page(target, "notebooks/any.ipynb")
        site = config.site_url.rstrip("/")
        return page and f"[{words}]({site}/{built_address(page)}{anchor})"

    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = each_link(cell.source, on_the_site)
    return nbformat.writes(notebook) + "\n"


def _publish_student_notebooks(files, config, root):
    """Offer the notebooks without solutions in one zip; on a published site, for Colab, singly."""
    texts = students.make(root / "notebooks", wheel=_wheel(config, root))
    if config.site_url:
        texts = {name: _for_elsewhere(text, config) for name, text in texts.items()}
        for name, text in texts.items():
            _publish_notebook(files, config, f"notebooks/student/{name}", text)
    if texts:
        packed = students.pack(texts)
        files.append(_generated(config, "teach/student-notebooks.zip", packed))


def _publish_notebook(files, config, uri, text):
    """Publish a notebook as the file it is, not as a page."""
    copy = _generated(config, f"published/{uri}", text)
    copy.dest_uri = uri
    files.append(copy)


def _publish(files, config, uri, repository_path, markdown):
    page = PublishedPage.generated(config, uri, content=markdown)
    page.repository_path = repository_path
    files.append(page)
    return page


def _publish_font(files, config, root):
    folder = root / "node_modules" / FONT
    fonts = sorted(folder.glob("files/*-latin-wght-normal.woff2"))
    if not fonts:
        raise Stop(f"node_modules/{FONT} is missing: run `npm ci`")
    for font in fonts:
        files.append(_generated(config, f"assets/fonts/{font.name}", font.read_bytes()))


def _generated(config, uri, content):
    return File.generated(config, uri, content=content)


def _branch(config):
    return config.extra.get("branch", "main")


def _root(config):
    return Path(config.config_file_path).parent
