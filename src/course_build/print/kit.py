"""Pack what trainers print or change into one zip: slides, run sheets, worksheets, template."""

import io
import zipfile

from course_build import ROOT
from course_build.print import OUT, addresses

DOCS = ROOT / "docs"
ZIP = "teach/kit.zip"
#: What the pages of the kit offer as files, beside what is printed.
MORE = {
    "learning-template.csv": DOCS / "teach" / "learning-template.csv",
    "LICENSE.txt": ROOT / "LICENSE-docs",
}


def make(out=OUT, docs=DOCS):
    """Write the zip if something in it has changed; return its path in a list, or []."""
    names = [name for name in addresses(docs) if name.endswith((".pdf", ".pptx"))]
    files = {name.removeprefix("teach/"): out / name for name in names} | MORE
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            entry = zipfile.ZipInfo(f"trainers-kit/{name}")  # without the time: the same each time
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    file = out / ZIP
    if file.exists() and file.read_bytes() == packed.getvalue():
        return []
    file.write_bytes(packed.getvalue())
    return [file]
