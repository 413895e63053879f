"""Take out of a text what it tells about a person: home folders, names of user and computer."""

import contextlib
import getpass
import os
import platform
import re
import socket
from pathlib import Path

SLASH = r"[\\/]+"  # one, or two where a path stands quoted in an error message


def private(text):
    """Hide home folders, user names and names of this computer.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        A home folder has become ~, a name …; everything else is as it was.
    """
    for place in sorted(_homes(), key=len, reverse=True):
        parts = [re.escape(part) for part in re.split(SLASH, place)]
        text = re.sub(SLASH.join(parts) + r"(?![\w-])", "~", text, flags=re.IGNORECASE)
    # Homes of others, and of this user under another name.
    text = re.sub(r"(?<![\w.])/(?:home|Users)/[^/\s:'\"]+", "~", text)
    text = re.sub(rf"\b[A-Za-z]:{SLASH}Users{SLASH}[^\\/\s:'\"]+", "~", text)
    for name in sorted(_names(), key=len, reverse=True):
        if len(name) > 2:
            pattern = rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
        else:  # too often a word of its own: hidden only as a part of a path
            pattern = rf"(?<=[\\/]){re.escape(name)}(?=[\\/]|$)"
        text = re.sub(pattern, "…", text)
    return text


def _homes():
    """The path of the home folder, as it is called and as it really lies."""
    try:
        home = Path.home()
    except RuntimeError:  # a container's user may have none
        return set()
    homes = {home}
    with contextlib.suppress(OSError):
        homes.add(home.resolve())
    return {str(place) for place in homes if len(place.parts) > 1}  # / is nobody's home


def _names():
    """What this user and this computer are called."""
    names = {re.split(SLASH, place)[-1] for place in _homes()}
    names |= {platform.node(), socket.gethostname()}
    names |= {os.environ.get(variable, "") for variable in ("USER", "LOGNAME", "USERNAME")}
    with contextlib.suppress(OSError, KeyError, ImportError):
        names.add(getpass.getuser())
    names |= {name.split(".")[0] for name in names}
    return names - {"", "localhost"}
