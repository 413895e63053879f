"""Source Sans, in which the course's pages and drawings are set, for the notebooks' pictures.

The two files are those of the npm package @fontsource/source-sans-3, unpacked: Matplotlib reads no
WOFF. The licence, beside them, lets them travel with the course.
"""

import sys
from pathlib import Path

FILES = sorted(Path(__file__).parent.glob("*.ttf"))


def register():
    """Make the typeface known to Matplotlib, if that is loaded and does not know it yet."""
    fonts = sys.modules.get("matplotlib.font_manager")
    if fonts is None:
        return
    known = {entry.fname for entry in fonts.fontManager.ttflist}
    for file in FILES:
        if str(file) not in known:
            fonts.fontManager.addfont(str(file))
