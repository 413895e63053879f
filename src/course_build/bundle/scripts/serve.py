"""Open the page "Try your own image" of this folder in the browser, without a network.

    python3 serve.py            until Ctrl-C (on Windows: py serve.py)
    python3 serve.py 9000       at another port, if this one is taken

A page that is opened from disk may not load the networks that find nuclei and cells. This serves
the folder `site` to this computer and to no other. Needs no package.
"""

import os
import sys
import webbrowser
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

SITE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "site")
HERE = "127.0.0.1"  # no other computer reaches it
PORT = 8765


# Browsers insist on it; some Windows computers call scripts text.
KINDS = {".js": "text/javascript", ".css": "text/css", ".json": "application/json",
         ".svg": "image/svg+xml", ".xz": "application/octet-stream",
         ".gz": "application/octet-stream"}  # fmt: skip


class Handler(SimpleHTTPRequestHandler):
    """Quiet, and sure of what a file is."""

    def guess_type(self, path):
        """Say the kind of a file, whatever this computer calls it."""
        return KINDS.get(os.path.splitext(path)[1]) or super().guess_type(path)

    def log_message(self, *args):
        """Stay quiet."""


def server(port, folder=SITE):
    """Return a server of the folder, for this computer alone."""
    return ThreadingHTTPServer((HERE, port), partial(Handler, directory=folder))


def main(arguments):
    """Serve until Ctrl-C; the exit status is 1 if the port is taken."""
    port = int(arguments[0]) if arguments else PORT
    try:
        serving = server(port)
    except OSError:
        print(f"Port {port} is taken. Try another: python3 serve.py {port + 1}")
        return 1
    address = f"http://{HERE}:{port}/lab.html"
    print(f"Open {address} in a browser. Ctrl-C ends it.")
    webbrowser.open(address)
    try:
        serving.serve_forever()
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
