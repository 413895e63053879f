"""Collect what the tests measure and write it down: once for machines, once for readers."""

import json
from pathlib import Path
from statistics import median

from tests.site.checks import ASPECTS, summary


class Report:
    """Sizes and faults by page, Lighthouse scores, and the time of the build."""

    def __init__(self):
        self.build_seconds = self.build_processor_seconds = None
        self.pages = {}
        self.visits = []
        self.lighthouse = {}
        self.dead_links = None

    def add_visits(self, visits):
        """Keep the faults of each visit, by page and variant."""
        self.visits += visits
        for seen in visits:
            page = self.pages.setdefault(seen.path, {})
            faults = {aspect: found for aspect, found in seen.faults.items() if found}
            page.setdefault("faults", {})[seen.variant] = faults

    def as_dict(self) -> dict:
        """Everything measured, ready for JSON."""
        return {
            "build_seconds": self.build_seconds,
            "build_processor_seconds": self.build_processor_seconds,
            "dead_links": self.dead_links,
            "lighthouse": self.lighthouse,
            "pages": self.pages,
        }

    def as_markdown(self) -> str:
        """The same as tables. A dash stands for what this run did not measure."""
        lines = ["# What the site tests measured", ""]
        if self.build_seconds is not None:
            processor = f"{self.build_processor_seconds:.1f} s of processor time"
            lines += [f"- `mkdocs build --strict`: {self.build_seconds:.1f} s, {processor}"]
        if self.dead_links is not None:
            lines += [f"- dead links and anchors: {len(self.dead_links)}"]
        lines += ["", "## Pages", "", "Sizes in kB as a host sends them (text gzipped).", ""]
        lines += ["| page | HTML, raw | HTML + CSS + JS | first view | whole page | faults |"]
        lines += ["|---|--:|--:|--:|--:|--:|"]
        sizes = ("html_raw", "code", "first_view", "everything")
        for path, page in sorted(self.pages.items()):
            numbers = [f"{page[s] / 1000:.0f}" if s in page else "–" for s in sizes]
            lines += [f"| /{path} | {' | '.join(numbers)} | {_count(page)} |"]
        measured = [page for page in self.pages.values() if "code" in page]
        if measured:
            middle = [f"{median(p[s] for p in measured) / 1000:.0f}" for s in sizes]
            lines += [f"| **median** | {' | '.join(middle)} | |"]
        if self.lighthouse:
            kinds = list(next(iter(self.lighthouse.values())))
            lines += ["", "## Lighthouse, desktop", "", f"| page | {' | '.join(kinds)} |"]
            lines += ["|---|" + "--:|" * len(kinds)]
            for path, scores in self.lighthouse.items():
                lines += [f"| /{path} | {' | '.join(str(scores[kind]) for kind in kinds)} |"]
        lines += ["", "## Faults", ""]
        faults = {aspect: summary(self.visits, aspect) for aspect in ASPECTS}
        for aspect, found in faults.items():
            if found:
                lines += [f"### {ASPECTS[aspect].capitalize()}", "", *(f"- {f}" for f in found), ""]
        return "\n".join(lines + ([] if any(faults.values()) else ["None."])) + "\n"

    def write(self, folder: Path) -> None:
        """Write site-report.json and site-report.md into `folder`."""
        folder.mkdir(exist_ok=True)
        text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False)
        (folder / "site-report.json").write_text(text, encoding="utf-8")
        (folder / "site-report.md").write_text(self.as_markdown(), encoding="utf-8")


def _count(page) -> str:
    """How many faults all variants of a page have together."""
    if "faults" not in page:
        return "–"
    return str(sum(len(found) for v in page["faults"].values() for found in v.values()))
