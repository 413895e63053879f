"""Refuse connections to other machines, so that what needs the network fails wherever it runs."""

import ipaddress
import socket


class NetworkUsed(OSError):
    """Something tried to reach another machine."""


def is_here(address):
    """Return whether a socket's address stays on this machine."""
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = address[0]
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_other_machines():
    """Let every connection of this process that leaves the machine fail at once."""
    connect = socket.socket.connect

    def guarded(self, address):
        if not is_here(address):
            raise NetworkUsed(f"the network is cut off here: this connects to {address}")
        return connect(self, address)

    socket.socket.connect = guarded
