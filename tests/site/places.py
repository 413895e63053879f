"""Where things lie, and where the site pretends to be published."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
# In a sub-folder, as GitHub Pages does it: an address that begins with / would miss it.
FOLDER = "/lessons/"
SITE_URL = f"https://course.bioimage.test{FOLDER}"
REPO_URL = "https://github.com/a-facility/bioimage-course"
