"""List every link that leads to another site, and ask each whether it still answers.

python -m course_build.external_links            # build/external-links.md, from the built site
python -m course_build.external_links --online   # and ask them; ends with 1 when one is dead
"""

import argparse
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urldefrag

import requests
from bs4 import BeautifulSoup
from tqdm import tqdm

from course_build import ROOT

REPORT = ROOT / "build" / "external-links.md"
GONE = {404, 410}
# Some hosts refuse programs: that says nothing about the page.
BROWSER = {"User-Agent": "Mozilla/5.0 (link check of a course)"}
PATIENCE = 30  # seconds


def external_links(site):
    """Return {address: pages that link to it}, addresses without their anchors, in order."""
    pages = defaultdict(set)
    for page in sorted(site.rglob("*.html")):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for link in soup.select('main a[href^="http"]'):
            pages[urldefrag(link["href"]).url].add(page.relative_to(site).as_posix())
    return {address: sorted(pages[address]) for address in sorted(pages)}


def ask(address):
    """Say what is wrong with an address: nothing (''), 'dead: …', or 'unclear: …'."""
    try:
        with requests.get(address, headers=BROWSER, timeout=PATIENCE, stream=True) as answer:
            if answer.status_code in GONE:
                return f"dead: {answer.status_code}"
            return "" if answer.ok else f"unclear: {answer.status_code}"
    except requests.ConnectionError:
        return "dead: no such host, or it does not answer"
    except requests.RequestException as error:
        return f"unclear: {type(error).__name__}"


def report(links, problems):
    """Return the Markdown table of all links."""
    rows = [f"| {problems.get(a, '')} | {a} | {', '.join(links[a])} |" for a in links]
    return "\n".join(["| problem | address | pages |", "| --- | --- | --- |", *rows]) + "\n"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--online", action="store_true", help="ask every address")
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="the built site")
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args(arguments)
    if not (options.site / "index.html").exists():
        sys.exit(f"There is no site in {options.site}: run `make site` first.")

    links, problems = external_links(options.site), {}
    if options.online:
        with ThreadPoolExecutor(8) as pool:
            answers = tqdm(pool.map(ask, links), total=len(links), desc="Links")
            problems = {a: problem for a, problem in zip(links, answers, strict=True) if problem}
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(report(links, problems), encoding="utf-8")
    print(f"{len(links)} addresses on other sites, in {options.report.name}")
    for address, problem in problems.items():
        print(f"{problem}: {address} (on {', '.join(links[address])})")
    return 1 if any(problem.startswith("dead") for problem in problems.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
