"""Where things lie, and where the site pretends to be published."""

import re

from course_build import ROOT
from tests.docs.prose import navigation

# In a sub-folder, as GitHub Pages does it: an address that begins with / would miss it.
FOLDER = "/lessons/"
SITE_URL = f"https://course.bioimage.test{FOLDER}"
REPO_URL = "https://github.com/a-facility/bioimage-course"

#: The addresses of all pages, as mkdocs.yml lists them, and of the page for lost readers.
PAGES = [re.sub(r"(^|/)index$", r"\1", path.rpartition(".")[0]) for _, path in navigation()]
PAGES = [*(page if not page or page.endswith("/") else f"{page}/" for page in PAGES), "404.html"]

__all__ = ["FOLDER", "PAGES", "REPO_URL", "ROOT", "SITE_URL"]
