"""Taking Colab's list, against a server on this machine that misbehaves in many ways."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from course_build import Stop
from course_build.colab import refresh_list as refresh_colab_list
from course_build.colab.refresh_list import pin, pins, refresh

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LIST = "# a comment\n" + "".join(
    f"{name}==1.0\n"
    for name in [*refresh_colab_list.EXPECTED, *(f"package-{number}" for number in range(400))]
)
PAGES = {
    "/commits": json.dumps(
        [{"sha": COMMIT, "commit": {"committer": {"date": "2026-10-02T03:04:05Z"}}}]
    ),
    f"/files/{COMMIT}/os-info.txt": "# a comment\nUbuntu 24.04\nPython 3.13.15\nR version 4.5\n",
    f"/files/{COMMIT}/pip-freeze.txt": LIST,
}
FREEZE = f"/files/{COMMIT}/pip-freeze.txt"
OLD = "# the list that was here\nnumpy==0.1\n"


@contextmanager
def serve(pages, status=200, cut=0):
    """Serve `pages`; the list with this status, and `cut` bytes shorter than announced."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            text = pages.get(self.path, "").encode()
            is_list = self.path == FREEZE
            self.send_response(status if is_list else 200 if text else 404)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[: len(text) - cut] if is_list else text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def folder(tmp_path):
    """Return a folder with an old list."""
    (tmp_path / "packages-py313.txt").write_text(OLD)
    return tmp_path


def ask(folder, address):
    """Refresh the list in a folder from a server."""
    return refresh(folder, commits=f"{address}/commits", files=f"{address}/files")


def test_the_new_list_says_its_commit_and_date_and_takes_the_place_of_the_old_one(folder):
    with serve(PAGES) as address:
        path = ask(folder, address)
    assert path == folder / "packages-py313.txt"
    head, numpy, *rest = path.read_text().partition("numpy==1.0\n")
    assert "Python 3.13.15, committed 2026-10-02" in head
    assert COMMIT in head and all(line.startswith("#") for line in head.splitlines())
    assert numpy and len("".join(rest).splitlines()) == 405
    assert [path.name for path in folder.iterdir()] == ["packages-py313.txt"]


def test_a_new_python_gets_a_list_of_its_own(folder):
    pages = PAGES | {f"/files/{COMMIT}/os-info.txt": "Python 3.14.2\n"}
    with serve(pages) as address:
        assert ask(folder, address).name == "packages-py314.txt"
    assert (folder / "packages-py313.txt").read_text() == OLD


@pytest.mark.parametrize(
    ("pages", "options", "words"),
    [
        ({}, {"status": 404}, "answered 404"),
        ({}, {"status": 503}, "answered 503"),
        ({}, {"status": 204}, "answered 204"),
        ({}, {"cut": 100}, "did not arrive whole"),
        ({FREEZE: LIST[: len(LIST) // 2]}, {}, "not the whole list"),
        ({FREEZE: LIST[:-1]}, {}, "not the whole list"),
        ({FREEZE: "<html>sorry</html>\n"}, {}, "not the whole list"),
        ({FREEZE: LIST.replace("torch==1.0\n", "")}, {}, "without \\['torch'\\]"),
        ({"/commits": "[]"}, {}, "names no commit"),
        ({"/commits": "not JSON"}, {}, "names no commit"),
        ({"/commits": '{"message": "rate limit"}'}, {}, "names no commit"),
        ({f"/files/{COMMIT}/os-info.txt": "nothing of use\n"}, {}, "names no Python"),
    ],
)
def test_whatever_goes_wrong_the_old_list_stays_whole(folder, pages, options, words):
    with serve(PAGES | pages, **options) as address, pytest.raises(Stop, match=words):
        ask(folder, address)
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [
        ("packages-py313.txt", OLD)
    ]


def test_without_a_network_the_old_list_stays_whole_and_one_line_says_so(
    folder, monkeypatch, capsys
):
    with serve(PAGES) as address:
        pass  # nobody listens there any more
    monkeypatch.setattr(refresh_colab_list, "refresh", lambda: ask(folder, address))
    assert refresh_colab_list.main([]) == 1
    errors = capsys.readouterr().err
    assert "did not arrive whole" in errors and "look at the network" in errors
    assert len(errors.splitlines()) == 1
    assert (folder / "packages-py313.txt").read_text() == OLD


def test_a_write_that_is_cut_off_leaves_the_old_list(folder, monkeypatch):
    def full_disk(self, text, **_):
        self.write_bytes(text[:100].encode())
        raise OSError("No space left on device")

    monkeypatch.setattr("pathlib.Path.write_text", full_disk)
    with serve(PAGES) as address, pytest.raises(OSError, match="No space"):
        ask(folder, address)
    assert [path.read_text() for path in folder.iterdir()] == [OLD]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("numpy==2.1.3", "numpy==2.1.3"),
        ("torch @ https://host/torch-2.11.0%2Bcpu-cp313-cp313-x.whl", "torch==2.11.0+cpu"),
        ("web_sm @ https://host/web_sm-3.8.0-py3-none-any.whl#sha256=1", "web_sm==3.8.0"),
        ("google-colab @ file:///dist/google_colab-1.0.0.tar.gz", "google-colab==1.0.0"),
        ("gateway @ git+https://host/gateway@b134e9945df25c2dcb98", "gateway"),
    ],
)
def test_of_an_address_only_the_version_stays(line, expected):
    assert pin(line) == expected


def test_a_list_keeps_its_order_and_loses_its_comments():
    assert pins(LIST)[:2] == ["numpy==1.0", "tensorflow==1.0"]
    assert len(pins(LIST)) == 406
