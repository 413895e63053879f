"""The bundle's `serve.py` serves the site to this computer alone, each file as what it is."""

import threading
import urllib.request

import pytest

from course_build.bundle.scripts import serve


@pytest.fixture
def address(tmp_path):
    (tmp_path / "served.js").write_text("export {}")
    (tmp_path / "runtime.wasm.xz").write_bytes(b"xz")
    serving = serve.server(0, str(tmp_path))
    threading.Thread(target=serving.serve_forever, daemon=True).start()
    host, port = serving.server_address
    assert host == "127.0.0.1"
    yield f"http://{host}:{port}/"
    serving.shutdown()
    serving.server_close()


def test_scripts_are_scripts_whatever_the_system_calls_them(address, monkeypatch):
    monkeypatch.setattr("mimetypes.guess_type", lambda *_, **__: ("text/plain", None))
    for name, kind in (("served.js", "text/javascript"), ("runtime.wasm.xz", "application/octet")):
        with urllib.request.urlopen(address + name) as answer:
            assert answer.headers["Content-Type"].startswith(kind)


def test_a_port_that_is_taken_is_told_with_another(address, capsys):
    port = int(address.rsplit(":", 1)[1].strip("/"))
    assert serve.main([str(port)]) == 1
    assert f"python3 serve.py {port + 1}" in capsys.readouterr().out
