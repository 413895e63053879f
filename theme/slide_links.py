"""Let the slides' links lead to pages where a site has NAME.html instead of NAME/index.html.

tools/slides.py writes them for the site on a server. The site that is opened from disk lays its
pages out differently, and MkDocs does not look into files that it only copies.
"""

import re

from mkdocs.structure.files import File

DECK = re.compile(r"teach/slides/[\w-]+\.html")
LINK = re.compile(r'href="((?:\.\./)+(?:[\w-]+/)*[\w-]+)/index\.html')


def on_files(files, *, config):
    """Replace the decks by copies whose links fit the site's layout."""
    if config.use_directory_urls:
        return files
    for file in [file for file in files if DECK.fullmatch(file.src_uri)]:
        files.remove(file)
        fitting = LINK.sub(r'href="\1.html', file.content_string)
        files.append(File.generated(config, file.src_uri, content=fitting))
    return files
