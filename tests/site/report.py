"""Collect what the site's tests measured and write it down: for machines, and for readers."""

import json
from statistics import median

from tests.site.checks import ASPECTS, Visit, summary

SIZES = ("html_raw", "code", "first_view", "everything")


def write_report(shared, folder):
    """Write site-report.json and site-report.md into `folder`, out of what lies in `shared`.

    Sizes and faults by page, Lighthouse's scores, and the time of the build. A dash stands for what
    this run did not measure; a run without any test of the site writes nothing.
    """

    def kept(pattern):
        return {path.stem: json.loads(path.read_text()) for path in sorted(shared.glob(pattern))}

    visits = [Visit(**seen) for path in sorted(shared.glob("visits/*")) for seen in
              kept(f"visits/{path.name}/*.json").values()]  # fmt: skip
    sizes, lighthouse = kept("sizes.json").get("sizes", {}), kept("lighthouse/*.json")
    built = kept("build.json").get("build")
    if not (visits or lighthouse):
        return
    faults = {}
    for seen in visits:
        count = sum(len(faults_of) for faults_of in seen.faults.values())
        faults[seen.path] = faults.get(seen.path, 0) + count
    text = {"build_seconds": built, "sizes": sizes, "faults": faults, "lighthouse": lighthouse}
    folder.mkdir(exist_ok=True)
    (folder / "site-report.json").write_text(json.dumps(text, indent=1), encoding="utf-8")
    lines = ["# What the site tests measured", ""]
    if built:
        lines += [
            f"- `mkdocs build --strict`: {built[0]:.1f} s, {built[1]:.1f} s of processor time"
        ]
    lines += ["", "## Pages", "", "Sizes in kB as a host sends them (text gzipped).", ""]
    lines += ["| page | HTML, raw | HTML + CSS + JS | first view | whole page | faults |"]
    lines += ["|---|--:|--:|--:|--:|--:|"]
    for path, count in sorted(faults.items()):
        page = sizes.get(path, {})
        numbers = [f"{page[size] / 1000:.0f}" if size in page else "–" for size in SIZES]
        lines += [f"| /{path} | {' | '.join(numbers)} | {count} |"]
    if sizes:
        middle = [f"{median(page[size] for page in sizes.values()) / 1000:.0f}" for size in SIZES]
        lines += [f"| **median** | {' | '.join(middle)} | |"]
    if lighthouse:
        kinds = list(next(iter(lighthouse.values())))
        lines += ["", "## Lighthouse", "", f"| page | {' | '.join(kinds)} |"]
        lines += ["|---|" + "--:|" * len(kinds)]
        for page, scores in lighthouse.items():
            lines += [f"| {page} | {' | '.join(str(scores[kind]) for kind in kinds)} |"]
    lines += ["", "## Faults", ""]
    faults = {aspect: summary(visits, aspect) for aspect in ASPECTS}
    for aspect, found in faults.items():
        if found:
            lines += [f"### {ASPECTS[aspect].capitalize()}", "", *(f"- {f}" for f in found), ""]
    lines += [] if any(faults.values()) else ["None."]
    (folder / "site-report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
