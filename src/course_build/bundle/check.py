"""Try the offline bundle as a room without internet does (`make bundle-check`).

    python -m course_build.bundle.check       the zip that `make bundle` wrote into build/bundle/

Unpacks it, compares every file, installs, runs the notebooks 00 and 05, opens the site from disk
and searches in it. All that happens in a network namespace without any interface; where the system
permits none, Python refuses connections to other machines (tests/offline). What was measured goes
into src/course_build/measured/bundle.json, for the page. A fault ends the run with status 1.
"""

import json
import math
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
import zipfile

from playwright.sync_api import sync_playwright

import setup_env
from course_build import ROOT, Stop
from course_build.bundle import make as bundle
from course_build.programs import run
from course_build.site_check import dead_links

KEPT = ROOT / "src" / "course_build" / "measured" / "bundle.json"
WORK = ROOT / "build" / "bundle-check"
NOTEBOOKS = {
    "00_check_your_setup": "Everything the course needs is here.",
    "05_stardist_nuclei": "",
}
WORD = "watershed"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
PATIENCE = 60_000  # milliseconds
STARTS_WITHIN = 10  # seconds
# What a figure's module puts into it; before that there are words.
WORKS = "figure => figure.querySelector('canvas, svg, button, input, select') !== null"


# --- The site, from disk ----------------------------------------------------------------------


def open_site(browser, site, faults):
    """Return a page of a browser without a network; what goes wrong on it goes into `faults`."""
    page = browser.new_context(offline=True, reduced_motion="reduce").new_page()
    page.set_default_timeout(PATIENCE)
    here = site.resolve().as_uri()

    def requested(request):
        if not request.url.startswith((here, "data:", "blob:", "about:")):
            faults.append(f"asked for {request.url}")

    def failed(request):
        if request.failure != "net::ERR_ABORTED":  # that is how the browser leaves a page
            faults.append(f"{request.url}: {request.failure}")

    page.on("request", requested)
    page.on("requestfailed", failed)
    page.on("console", lambda line: line.type == "error" and faults.append(line.text))
    page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
    return page


def site_faults(browser, site, pages=None):
    """Open every page from disk; return what is wrong, one sentence for each fault.

    browser : a Playwright browser
    site : pathlib.Path of the folder with index.html
    pages : the paths of those to open; all if None
    """
    faults, on_page = [], []
    page = open_site(browser, site, on_page)
    for file in sorted(pages or site.rglob("*.html")):
        page.goto(file.resolve().as_uri(), wait_until="load")
        for figure in page.locator("figure[data-figure]").all():
            name = figure.get_attribute("data-figure")
            if not appears(figure):
                faults.append(f"{file.relative_to(site)}: the figure {name} does not start")
        faults += [f"{file.relative_to(site)}: {line}" for line in on_page]
        on_page.clear()
    page.context.close()
    return faults


def appears(figure):
    """Return whether a figure starts in time."""
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if figure.evaluate(WORKS):
            return True
        time.sleep(0.05)
    return False


def search(browser, site, word=WORD):
    """Type a word into the site's search; return the addresses of the pages that it offers."""
    page = open_site(browser, site, [])
    page.goto((site / "index.html").resolve().as_uri(), wait_until="load")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("textbox", name="Search").fill(word)
    results = page.locator(".search-results a")
    results.first.wait_for()
    addresses = results.evaluate_all("all => all.map(a => a.href)")
    page.context.close()
    return addresses


# --- In the room ------------------------------------------------------------------------------


def loopback_up():
    """Let this machine reach itself, and nothing else: Jupyter talks to its kernels that way."""
    import fcntl  # not on Windows

    name, up_and_running = b"lo", 0x1 | 0x40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14s", name, up_and_running, b""))


def surroundings(home, refuse):
    """Return the variables of a new account: none that leads pip or the course elsewhere.

    refuse : whether Python has to refuse connections, since the system has not cut the network
    """
    left_out = ("PIP_", "PYTHON", "VIRTUAL_ENV", "BIOIMAGE_COURSE", "JUPYTER", "UV_", "XDG_")
    variables = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    variables |= {"HOME": str(home), "USERPROFILE": str(home)}
    if refuse:
        variables["PYTHONPATH"] = str(ROOT / "tests" / "offline")
    return variables


def timed(what, command, **options):
    """Run a command and return the seconds that it took. A failure is a Stop, with its last words.

    options : for course_build.programs.run
    """
    started = time.monotonic()
    run(command, f"{what} failed", explain=last_words, **options)
    seconds = round(time.monotonic() - started)
    print(f"· {what}: {seconds} s", flush=True)
    return seconds


def last_words(text):
    """Return the last thirty lines of what a program printed."""
    return "\n".join(text.strip().splitlines()[-30:])


def try_out(packed, work, refuse):
    """Do all of it with the zip `packed` in the folder `work`; return what was measured."""
    home = work / "home"
    home.mkdir(parents=True)
    env = surroundings(home, refuse)
    check = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    cut = subprocess.run([sys.executable, "-c", check], env=env, capture_output=True, text=True)
    if "unreachable" not in cut.stderr and "the network is cut off" not in cut.stderr:
        raise Stop(f"the network is not cut off here:\n{cut.stderr[-400:]}")

    started = time.monotonic()
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(work)
    measured = {"unpack_seconds": round(time.monotonic() - started)}
    folder = work / packed.stem
    windows = os.name == "nt"
    verify = [sys.executable, "-B", "verify.py"]
    measured["verify_seconds"] = timed("comparing every file", verify, cwd=folder, env=env)
    install = ["cmd", "/c", "install.bat"] if windows else ["sh", "install.sh"]
    measured["install_seconds"] = timed("installing", install, cwd=folder, env=env)
    measured["environment_gigabytes"] = round(
        setup_env.folder_size(folder / "environment") / 1e9, 1
    )

    scripts = folder / "environment" / ("Scripts" if windows else "bin")
    for name, words in NOTEBOOKS.items():
        notebook = folder / "notebooks" / "trainer" / f"{name}.ipynb"
        command = [scripts / "python", "-m", "jupyter", "nbconvert", "--to", "notebook"]
        command += ["--execute", "--output-dir", work, notebook]
        seconds = timed(f"running {name}", command, cwd=notebook.parent, env=env)
        measured[f"notebook_{name[:2]}_seconds"] = seconds
        if words not in (work / notebook.name).read_text(encoding="utf-8"):
            raise Stop(f"{name} does not say {words!r}")

    faults = dead_links(folder / "site", from_disk=True)
    with sync_playwright() as playwright:
        chromium = setup_env.find_chromium()
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        faults += site_faults(browser, folder / "site")
        results = search(browser, folder / "site")
        browser.close()
    if faults:
        raise Stop("the site does not work from disk:\n" + "\n".join(faults))
    print(f"· {len(results)} places in the site for {WORD!r}")
    timed("comparing every file again", verify, cwd=folder, env=env)  # nothing wrote into it
    return measured


def main(arguments=None):
    """Try the bundle from the command line; the exit status says whether it keeps its promises."""
    packed = bundle.OUT / f"{bundle.name()}.zip"
    if not packed.exists():
        print(f"{packed} is missing: run `make bundle` first.", file=sys.stderr)
        return 1
    inside = "--without-network" in (sys.argv[1:] if arguments is None else arguments)
    if not inside and may_cut():
        command = ["unshare", "--map-root-user", "--net", sys.executable, "-m", __spec__.name]
        return subprocess.call([*command, "--without-network"])
    if inside:
        loopback_up()
    else:
        print("· no network namespace here: Python refuses connections to other machines")
    shutil.rmtree(WORK, ignore_errors=True)
    try:
        measured = try_out(packed, WORK, refuse=not inside)
    except Stop as fault:
        print(fault, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
    made = json.loads((bundle.OUT / bundle.MEASURED).read_text(encoding="utf-8"))
    kept = made | measured
    sizes = ("zip", "folder", "environment")
    kept["room_gigabytes"] = math.ceil(sum(kept[f"{name}_gigabytes"] for name in sizes))
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"The bundle works without a network. Measured: {KEPT.relative_to(ROOT)}")
    return 0


def may_cut():
    """Return whether this system lets us make a network namespace without being root."""
    command = ["unshare", "--map-root-user", "--net", "true"]
    return bool(shutil.which("unshare")) and not subprocess.call(command, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
