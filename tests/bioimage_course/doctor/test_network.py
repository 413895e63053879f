"""A site that does not answer is a note, and everything else goes on."""

import http.server
import importlib.util
import threading
from pathlib import Path

import pytest

from bioimage_course import data
from bioimage_course.doctor import network


def only(findings):
    (finding,) = findings
    assert all((finding.what, finding.why, finding.fix))
    return finding


@pytest.fixture
def site(monkeypatch):
    """A site on this computer that answers with the status in its address: site(404)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response(int(self.path[1:]))
            self.end_headers()

        def log_message(self, *_):
            pass

    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield lambda status: f"http://127.0.0.1:{server.server_port}/{status}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_a_site_that_answers_whatever_can_be_reached(site, status):
    assert network.site_error(site(status)) is None


def test_a_site_that_cannot_be_reached_is_a_note_and_the_rest_works(site):
    assert "proxy asks for a name" in network.site_error(site(407))
    closed = site(200)
    error = network.site_error("http://127.0.0.1:1/")
    assert "refused" in error.lower()
    finding = only(network.network_findings({closed: None, "https://github.com/x": error}))
    assert finding.what == f"github.com cannot be reached: {error}"
    assert "All else works offline" in finding.why
    assert "HTTPS_PROXY" in finding.fix
    assert not finding.stops


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed", "SSL_CERT_FILE"),
        ("the proxy asks for a name and a password", "ask your IT for the proxy's address"),
        ("[Errno -2] Name or service not known", "connect to the network"),
    ],
)
def test_the_fix_fits_the_reason(error, fix):
    assert fix in only(network.network_findings({"https://github.com/x": error})).fix


def test_the_sites_are_those_that_the_course_downloads_from():
    dataset = data.DATASETS["dsb2018"]
    assert {dataset.base_url + file for file in dataset.registry} <= network.SITES.keys()
    cellpose = Path(importlib.util.find_spec("cellpose").origin).parent
    address = next(address for address in network.SITES if "cellpose.org" in address)
    assert address.rpartition("/")[0] in (cellpose / "models.py").read_text(encoding="utf-8")
