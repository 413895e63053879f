"""Serve a built site on loopback the way a static host does: gzip, a 404 page, a sub-folder."""

import gzip
import socket
import threading
from contextlib import contextmanager, suppress
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TEXT = {".html", ".css", ".js", ".mjs", ".json", ".svg", ".xml", ".txt", ".ipynb", ".map"}


@cache
def gzipped(path: Path) -> bytes:
    """The bytes a host sends for a file: text is compressed, pictures and fonts are not."""
    content = path.read_bytes()
    return gzip.compress(content, 6) if path.suffix in TEXT else content


class _Handler(SimpleHTTPRequestHandler):
    """Answer with gzip; below `prefix` only, and with the site's own page when nothing is there."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args, prefix, **kwargs):
        self.prefix = prefix
        super().__init__(*args, **kwargs)

    def do_GET(self):
        inside = self.path.startswith(self.prefix)
        self.path = "/" + self.path.removeprefix(self.prefix)
        file = Path(self.translate_path(self.path))
        if inside and file.is_dir() and not self.path.split("?")[0].endswith("/"):
            self.send_response(301)
            self.send_header("Location", self.prefix + self.path.lstrip("/") + "/")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if file.is_dir():
            file /= "index.html"
        if inside and file.is_file():
            self._send(200, file)
        else:
            self._send(404, Path(self.directory) / "404.html")

    def _send(self, status, file):
        body = gzipped(file) if file.is_file() else b"nothing here"
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(str(file)))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")  # what is measured is a first visit
        if file.suffix in TEXT and file.is_file():
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Stay quiet: pytest shows what matters."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, *args):
        self.connections = set()
        super().__init__(*args)

    def get_request(self):
        connection, client = super().get_request()
        self.connections.add(connection)
        return connection, client

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def shutdown(self):
        """Be gone: browsers keep connections for later, and would go on asking through them."""
        super().shutdown()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """A browser that leaves a page cuts its connections: no news."""


@contextmanager
def serve(site: Path, prefix: str = "/"):
    """Yield the address of `site`, served in a thread on a free loopback port.

    `prefix` is the folder it is published under, with a slash at both ends.
    """
    handler = partial(_Handler, directory=str(site), prefix=prefix)
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
        server.shutdown()
