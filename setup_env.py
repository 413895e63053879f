"""Make what the course needs: .venv, the browser libraries and, for the tests, a browser.

    python3 setup_env.py            what `make serve` needs
    python3 setup_env.py --test     also what `make test` needs
    python3 setup_env.py --port N   first look whether that port is free
    python3 setup_env.py --yes      fetch Python 3.12 without asking, if there is none that fits

It may run again at any time. Where everything is in place it only looks, in a fraction of a
second; after an interruption it goes on where it stopped. Standard library only, and no syntax
newer than Python 3.8: any Python may start it.
"""

import argparse
import contextlib
import glob
import hashlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
WINDOWS = os.name == "nt"
VENV = os.path.join(ROOT, ".venv")
SCRIPTS = os.path.join(VENV, "Scripts" if WINDOWS else "bin")
VENV_PYTHON = os.path.join(SCRIPTS, "python.exe" if WINDOWS else "python")
UV = os.path.join(ROOT, ".cache", "uv")
FETCHED = os.path.join(ROOT, ".python")  # a Python of the course's own, where no other fits
SAM = os.path.join(VENV, "cellpose-sam")  # on PYTHONPATH, it takes the place of Cellpose 3
SAM_LOCK = "requirements-sam.txt"
# Installed without asking what they need, which the lock names as well: Cellpose 3 would refuse the
# numpy that TensorFlow needs on Python 3.13. It runs with it.
ALONE = ("-e ", "cellpose==")

SUPPORTED = ("3.12", "3.13", "3.11")  # the first is fetched where none is there
WHICH = "3.11, 3.12 or 3.13"
# The computers that TensorFlow and torch have packages for, as Python's `platform` names them.
COMPUTERS = ("Linux x86_64", "Linux aarch64", "Darwin arm64", "Windows AMD64")
GIGABYTE = 1e9
NEEDED = 6 * GIGABYTE  # .venv with the CPU build of torch takes 4 GB, the downloads the rest
NEEDED_FOR_GPU_LIBRARIES = 15 * GIGABYTE

NO_SPACE = (
    r"No space left on device|\[?Errno 28\]?|ENOSPC|[Dd]isk quota|not enough space on the disk"
)
NO_TRUST = (
    r"SELF_SIGNED_CERT|UNABLE_TO_(?:GET_ISSUER|VERIFY)|CERTIFICATE_VERIFY_FAILED|"
    r"invalid peer certificate"
)
NO_NETWORK = (  # pip's words, uv's, then those of npm, Playwright and apt-get
    r"connection broken by|(?:Connection|NameResolution|Protocol|Proxy|Reset|Timeout)Error|"
    r"error sending request|"
    r"ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|getaddrinfo|"
    r"[Nn]ame resolution|Network is unreachable|Could not (?:resolve|connect)|"
    r"Temporary failure resolving"
)


class Stop(Exception):
    """The set-up cannot go on; the message is the one line that says why and what to do."""


# --- Python ---------------------------------------------------------------------------------


def probe(command):
    """Ask a Python for its version.

    A command that exists need not run: pyenv leaves shims on the path for versions that are off.

    Parameters
    ----------
    command : list of str

    Returns
    -------
    version : str
        Such as "3.12"; "" if the command does not run.
    makes_environments : bool
        Whether its module venv is complete; Debian has that in a package of its own.
    """
    code = "import sys; print('%d.%d' % sys.version_info[:2], flush=True); import ensurepip, venv"
    status, version = ask([*command, "-I", "-c", code])
    return version, status == 0


def candidates():
    """Yield the commands that may start a fitting Python, the one that runs this file first."""
    yield [getattr(sys, "_base_executable", None) or sys.executable]
    for name in ["python" + version for version in SUPPORTED] + ["python3", "python"]:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = shutil.which(name, path=folder)
            if path:
                yield [path]
    if WINDOWS:
        for version in SUPPORTED:
            yield ["py", "-" + version]
    for path in fetched_pythons():
        yield [path]


def find_python(yes=False):
    """Return the command of a Python that fits; fetch one if need be, with `yes` unasked."""
    others, incomplete = [], None
    for command in candidates():
        version, makes_environments = probe(command)
        if version in SUPPORTED and makes_environments:
            return command
        if version in SUPPORTED:
            incomplete = incomplete or (command, version)
        elif version and version not in others:
            others.append(version)
    if incomplete:
        command, version = incomplete
        add_venv_module(version)
        return command
    ask_to_fetch(
        f"The course needs Python {WHICH}, because StarDist is built for no other; "
        f"here is only {', '.join(others)}.",
        yes,
    )
    return fetch_python()


def add_venv_module(version):
    """Install what Debian leaves out of its Python, or say how."""
    package = f"python{version}-venv"
    if not can_apt():
        raise Stop(f"Python {version} lacks its venv module: sudo apt-get install {package}")
    apt_install(package)


def ask_to_fetch(reason, yes):
    """Return if Python 3.12 may be fetched; stop where it may not, or where nobody can answer."""
    if yes:
        return
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        python = "py" if WINDOWS else "python3"
        raise Stop(
            f"{reason} To fetch Python 3.12 into the course's folder, type: "
            f"{python} setup_env.py --yes (with make: make serve YES=1)"
        )
    print(reason)
    print("Fetch Python 3.12 into this folder, for the course alone (30 MB)? [Y/n] ", end="")
    sys.stdout.flush()
    try:
        answer = input()
    except EOFError:
        answer = "n"
    if answer.strip().lower() not in ("", "y", "yes"):
        raise Stop("Install Python 3.12 beside the one you have, then run this again.")


def fetched_pythons():
    """Return the paths of the Pythons that were fetched before."""
    program = "python.exe" if WINDOWS else os.path.join("bin", "python3.12")
    return sorted(glob.glob(os.path.join(FETCHED, "*", program)))


def fetch_python():
    """Fetch Python 3.12 into the folder .python; return its command.

    uv knows where it lies and checks its hash. UV_PYTHON_INSTALL_MIRROR may name another place.
    """
    say("fetching Python 3.12 into the folder .python (30 MB)")
    nothing_elsewhere = {"UV_PYTHON_INSTALL_BIN": "0", "UV_PYTHON_INSTALL_REGISTRY": "0"}
    environment = dict(os.environ, UV_PYTHON_INSTALL_DIR=FETCHED, UV_NO_CACHE="1")
    environment.update(nothing_elsewhere)
    if "PIP_CERT" in environment:
        environment.setdefault("SSL_CERT_FILE", environment["PIP_CERT"])
    beside = os.path.dirname(sys.executable)
    uv = shutil.which("uv", path=beside + os.pathsep + os.environ.get("PATH", "")) or install_uv()
    try:
        run("uv", [uv, "python", "install", "3.12"], env=environment)
    finally:
        shutil.rmtree(UV, ignore_errors=True)
    return fetched_pythons()[:1]


def install_uv():
    """Install uv into an environment of its own; return the path of the program."""
    version, makes_environments = probe([sys.executable])
    if not makes_environments:
        add_venv_module(version)
    run("venv", [sys.executable, "-I", "-m", "venv", "--clear", UV])
    pinned = re.search(r"^uv==\S+", read(os.path.join(ROOT, "requirements.txt")), re.MULTILINE)
    scripts = os.path.join(UV, os.path.basename(SCRIPTS))
    python = os.path.join(scripts, os.path.basename(VENV_PYTHON))
    pip("install", "--quiet", pinned.group() if pinned else "uv", python=python)
    return shutil.which("uv", path=scripts)


# --- Running other programs -----------------------------------------------------------------


def explain(program, errors):
    """Say in one line why a program failed and what to do.

    Parameters
    ----------
    program : str
        Its name, for the reader.
    errors : str
        What it wrote to its error output.

    Returns
    -------
    str
        Below the program's own last words, if they are of no known kind.
    """
    if re.search(NO_SPACE, errors):
        return (
            f"No disk space left: free at least {NEEDED / GIGABYTE:.0f} GB on the disk of {ROOT} "
            f"(on Linux {NEEDED_FOR_GPU_LIBRARIES / GIGABYTE:.0f} GB, for torch's GPU libraries), "
            "then run this again; it goes on where it stopped."
        )
    package = re.search(r"No matching distribution found for (\S+)", errors)
    saw_the_index = re.search(r"from versions: \d", errors)
    if package and (saw_the_index or not re.search(f"{NO_TRUST}|{NO_NETWORK}", errors)):
        return explain_missing(package.group(1))
    if re.search(NO_TRUST, errors):
        return (
            f"{program} does not trust the network's certificate, probably because your institute "
            "looks into downloads. Ask its IT for the file with its certificates, set PIP_CERT and "
            "NODE_EXTRA_CA_CERTS to the path of that file, then run this again; it goes on where "
            "it stopped."
        )
    if re.search(NO_NETWORK, errors):
        return (
            f"{program} could not download: there is no network, or a proxy is in the way. "
            "Connect, then run this again; it goes on where it stopped."
        )
    last_words = "\n".join(errors.strip().splitlines()[-12:])
    return f"{last_words}\n{program} failed, with the words above. Running this again is safe."


def explain_missing(package):
    """Say in one line why pip has nothing for this computer, and what to do."""
    version, _ = probe([VENV_PYTHON])
    computer = f"{platform.system()} {platform.machine()}"
    if version and version not in SUPPORTED:
        return (
            f"pip found no {package} for Python {version}: the course needs {WHICH}. Delete the "
            "folder .venv, then run this again; it looks for a Python that fits."
        )
    if computer in COMPUTERS:
        return (
            f"pip found no {package} for this computer ({computer}), though there should be one: "
            "the system may be too old, or pip asks an index of your institute's that lacks it "
            "(`pip config list` names it). Colab works all the same: see docs/start/set-up.md."
        )
    others = "Intel Macs, nor for an Intel Python on a newer Mac"
    others = others if platform.system() == "Darwin" else f"this kind of computer ({computer})"
    return (
        f"There are no packages of TensorFlow and torch for {others}: pip found no {package}. "
        "The pages can be read, and the notebooks run on Colab: see docs/start/set-up.md."
    )


def ask(command):
    """Return a program's exit status and what it prints; None and "" if it does not start."""
    quiet = {"stderr": subprocess.DEVNULL, "timeout": 60}
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, **quiet)
    except (OSError, subprocess.SubprocessError):
        return None, ""
    return answer.returncode, answer.stdout.strip()


def run(program, command, **options):
    """Run a command; its progress shows, its errors are kept and explained if it fails."""
    try:
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **options)
    except OSError as error:
        raise Stop(f"{program} does not start: {error}") from None
    try:
        _, errors = process.communicate()
    except KeyboardInterrupt:
        process.wait()  # it got the same Ctrl-C, and tidies up
        raise
    if process.returncode:
        raise Stop(explain(program, errors))


def can_apt():
    """Return whether Debian's packages can be installed without asking anyone."""
    return bool(shutil.which("apt-get")) and hasattr(os, "geteuid") and os.geteuid() == 0


def apt_install(package):
    """Install one of Debian's packages, as root."""
    say(f"installing Debian's package {package}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", package]):
        run("apt-get", ["apt-get", "-q", *arguments], env=environment)


def say(text):
    """Print a line at once, also where the output goes to a file."""
    print("· " + text, flush=True)


# --- .venv ----------------------------------------------------------------------------------


def fingerprint(kind):
    """Return what the environment depends on: this folder, and the locks."""
    digest = hashlib.sha256()
    names = ["requirements.txt", "package-lock.json"]
    for name in [*names, SAM_LOCK] if kind == "test" else names:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    return ROOT + "\n" + digest.hexdigest()


def read(path):
    """Return a file's text, or "" where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def stamp(kind):
    """Return the path of the file that says: this much was in place at the end of a set-up."""
    return os.path.join(VENV, ".ready" if kind == "site" else ".ready-test")


def libraries(kind):
    """Return the names of the browser libraries that package.json asks for."""
    asked = json.loads(read(os.path.join(ROOT, "package.json")))
    return [*asked["dependencies"], *(asked["devDependencies"] if kind == "test" else ())]


def is_ready(kind):
    """Return whether nothing is left to do: same locks, same folder, a Python that runs."""
    return (
        read(stamp(kind)) == fingerprint(kind)
        and all(os.path.isdir(os.path.join(ROOT, "node_modules", name)) for name in libraries(kind))
        and (kind == "site" or os.path.isdir(SAM))
        and probe([VENV_PYTHON])[0] in SUPPORTED
    )


def is_usable():
    """Return whether the .venv that lies here can be completed, rather than made anew."""
    made_in = read(stamp("site")).split("\n")[0] or ROOT  # a moved .venv has dead scripts
    if made_in != ROOT or probe([VENV_PYTHON])[0] not in SUPPORTED:
        return False
    return ask([VENV_PYTHON, "-I", "-m", "pip", "--version"])[0] == 0


def folder_size(folder):
    """Return the bytes of the files below a folder."""
    sizes = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # gone meanwhile
                sizes += os.lstat(os.path.join(parent, name)).st_size
    return sizes


def check_space():
    """Stop before anything is written where the disk cannot hold it."""
    free = shutil.disk_usage(ROOT).free
    missing = NEEDED - folder_size(VENV) - free
    if missing > 0:
        raise Stop(
            f"Too little disk space: the course needs {NEEDED / GIGABYTE:.0f} GB in {ROOT}, and "
            f"{free / GIGABYTE:.1f} GB are free. Free {max(missing / GIGABYTE, 0.1):.1f} GB more, "
            "then run this again."
        )


def drop_half_installed():
    """Forget packages whose installation was cut off, so that pip installs them again.

    pip writes INSTALLER after the last of a package's files. Without it, pip would still take
    the package for installed.
    """
    packages = "Lib" if WINDOWS else os.path.join("lib", "python*")
    for record in glob.glob(os.path.join(VENV, packages, "site-packages", "*.dist-info")):
        if not os.path.exists(os.path.join(record, "INSTALLER")):
            shutil.rmtree(record)


def make_environment(python):
    """Bring .venv to the state of requirements.txt, from whatever state it is in.

    `python` is the command to make it with; None: the one that lies here can be completed.
    """
    if python:
        if os.path.lexists(VENV):
            say("the .venv that lies here does not work: making it anew")
            shutil.rmtree(VENV)
        run("venv", [*python, "-I", "-m", "venv", VENV])
    drop_half_installed()
    say("installing the packages that requirements.txt names")
    lines = read(os.path.join(ROOT, "requirements.txt")).splitlines()
    alone = [line for line in lines if line.startswith(ALONE)]
    others = os.path.join(VENV, "requirements.txt")
    with open(others, "w", encoding="utf-8") as file:
        file.write("\n".join(line for line in lines if line not in alone))
    pip("install", "-r", others)
    if alone:
        pip("install", "--quiet", "--no-deps", *(part for line in alone for part in line.split()))


def pip(*arguments, python=VENV_PYTHON):
    """Run the pip of an environment, and let nothing outside it count as installed (-I).

    Unpacking beside the environment spares a small /tmp, and what is left of an interrupted run
    goes away with the next one.
    """
    temporary = os.path.join(os.path.dirname(os.path.dirname(python)), "tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    os.makedirs(temporary)
    environment = dict(os.environ, TMPDIR=temporary, TEMP=temporary, PIP_USER="0")
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    try:
        run("pip", [python, "-I", "-m", "pip", *arguments], env=environment)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def fetch_cellpose_sam():
    """Put Cellpose 4 into a folder of its own: it cannot stand beside Cellpose 3."""
    say("fetching Cellpose-SAM, without its weights, for the test of its notebook")
    half = SAM + ".part"  # so that the folder is there only when it is complete
    for folder in (half, SAM):
        shutil.rmtree(folder, ignore_errors=True)
    pip("install", "--quiet", "--no-deps", "--target", half, "-r", SAM_LOCK)
    os.rename(half, SAM)


def fetch_browser_libraries(kind):
    """Fill node_modules from package-lock.json, with the npm that lies in .venv."""
    say("fetching the browser libraries that package-lock.json names")
    # npm is a script that looks for node on the path.
    environment = dict(os.environ, PATH=SCRIPTS + os.pathsep + os.environ.get("PATH", ""))
    if not os.access(os.path.expanduser("~"), os.W_OK):  # where npm would keep its downloads
        environment.setdefault("npm_config_cache", os.path.join(VENV, "npm"))
    npm = os.path.join(SCRIPTS, "npm.exe" if WINDOWS else "npm")
    omit = ["--omit=dev"] if kind == "site" else []
    run("npm", [npm, "ci", "--no-fund", "--no-audit", "--loglevel=error", *omit], env=environment)


# --- Chromium -------------------------------------------------------------------------------


def starts(browser):
    """Return whether a browser is really there; Ubuntu's chromium may only be a signpost."""
    if WINDOWS:  # there, --version opens a window
        return os.path.isfile(browser)
    return ask([browser, "--version"])[0] == 0


def playwright_chromium():
    """Return where Playwright keeps its own Chromium, or "" if it cannot tell.

    Of the two that it may have, the one without windows comes first.
    """
    code = (
        "from pathlib import Path\n"
        "from playwright.sync_api import sync_playwright as start\n"
        "with start() as playwright: whole = Path(playwright.chromium.executable_path)\n"
        "folder = next(p for p in whole.parents if p.name.startswith('chromium-'))\n"
        "shell = folder.with_name(folder.name.replace('chromium', 'chromium_headless_shell'))\n"
        "print(next(shell.glob('*/*headless[-_]shell*'), whole))"
    )
    return ask([VENV_PYTHON, "-c", code])[1]


def find_chromium():
    """Find a Chromium or Chrome that starts.

    Returns
    -------
    str or None
        Its path. COURSE_CHROMIUM, which may name one, is asked first. Then come the browsers that
        never open a window: a page costs them less than half of what it costs the whole browser.
    """
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    own = playwright_chromium()
    places = [os.environ.get("COURSE_CHROMIUM"), shutil.which("chromium-headless-shell")]
    places += [own if "headless" in own else None, *map(shutil.which, names)]
    places.append("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    if WINDOWS:
        for variable in ("ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"):
            folder = os.environ.get(variable, "")
            places.append(os.path.join(folder, "Google", "Chrome", "Application", "chrome.exe"))
    return next((place for place in [*places, own] if place and starts(place)), None)


def attempt(install, *arguments):
    """Install what another way may bring instead: a failure is said, and does not stop."""
    try:
        install(*arguments)
    except Stop as problem:
        say(str(problem))


def need_chromium():
    """Find a Chromium for the browser tests, or install one, or say how to.

    Debian's is the smaller one. Ubuntu's starts only with snap; there Playwright brings its own,
    and for root the system's libraries, too.
    """
    if find_chromium():
        return
    playwright = [VENV_PYTHON, "-m", "playwright", "install", "chromium", "--only-shell"]
    if can_apt():
        playwright.append("--with-deps")
        attempt(apt_install, "chromium-headless-shell")
    if not find_chromium():
        say("downloading Chromium with Playwright (about 120 MB)")
        attempt(run, "Playwright", playwright)
    if find_chromium():
        return
    if not sys.platform.startswith("linux"):
        command = "install Google Chrome"
    elif os.path.isfile(playwright_chromium()):  # so the system lacks libraries for it
        command = f"sudo {VENV_PYTHON} -m playwright install-deps chromium"
    elif shutil.which("apt-get"):
        command = "sudo apt-get install chromium-headless-shell"
    else:
        command = "install your system's package chromium"
    raise Stop(
        "The browser tests need Chromium, and it could not be installed. "
        f"Try: {command} (or set COURSE_CHROMIUM to a Chromium you have)."
    )


# --- All together ---------------------------------------------------------------------------


def check_port(port):
    """Stop if another program already serves on this port of 127.0.0.1."""
    with socket.socket() as listener:
        if not WINDOWS:  # there the option means something else
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            raise Stop(
                f"Port {port} is taken by another program (the course in another window?). "
                f"Use another one: make serve PORT={port + 1}"
            ) from None


def announce(kind):
    """Say what the first run does, how long it takes and how much it stores."""
    print("Setting up the course. This happens once, and needs the network:")
    print("  .venv         Python packages, 4 GB; 2 to 10 minutes, mostly downloading")
    if sys.platform.startswith("linux"):
        print("                (on Linux torch may bring its GPU libraries: 9 GB in all)")
    print("  node_modules  browser libraries, 5 MB; seconds")
    if kind == "test":
        print("  for the tests Lighthouse and Marp, 310 MB, Cellpose-SAM without its weights,")
        print("                30 MB, and Chromium if there is none; a minute")
    print("pip is quiet for a minute or two at its end. Ctrl-C is safe: run the same again.")
    sys.stdout.flush()


def set_up(kind, yes=False):
    """Do what is still to be done for "site" or "test"."""
    if not is_ready(kind):
        complete = is_ready("site")
        python = None if complete or is_usable() else find_python(yes)
        check_space()
        if not os.path.exists(stamp("site")):
            announce(kind)
        if not complete:
            make_environment(python)
        fetch_browser_libraries(kind)
        if kind == "test":
            fetch_cellpose_sam()
        for done in {"site", kind}:
            with open(stamp(done), "w", encoding="utf-8") as file:
                file.write(fingerprint(done))
        say("the set-up is complete")
    if kind == "test":
        need_chromium()


def main(arguments=None):
    """Run from the command line; the exit status is 0 only if everything is in place."""
    parser = argparse.ArgumentParser(description="Make .venv and what else the course needs.")
    parser.add_argument("--test", action="store_true", help="also what the tests need")
    parser.add_argument("--yes", action="store_true", help="fetch Python 3.12 if none here fits")
    parser.add_argument("--port", type=int, help="first look whether this port is free")
    options = parser.parse_args(arguments)
    try:
        if options.port:
            check_port(options.port)
        set_up("test" if options.test else "site", options.yes)
    except Stop as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(explain("The set-up", str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run the same again: it goes on where it stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
