"""Do the sites answer that the course can download from? Asked only if somebody wants to know."""

import urllib.error
import urllib.request

from bioimage_course.doctor.finding import Finding, first_line

#: Addresses that the course can download from, and what comes from there.
SITES = {
    "https://github.com/stardist/stardist/releases/download/0.1.0/dsb2018.zip": (
        "the training images, and StarDist's published models"
    ),
    "https://www.cellpose.org/models/cyto3": "Cellpose's published models",
    "https://huggingface.co/mouseland/cellpose-sam": "the weights of Cellpose-SAM (notebook 14)",
}


def site_error(address, *, seconds=10):
    """Ask a site whether it answers, and look no further at what it answers.

    Parameters
    ----------
    address : str
        A web address.
    seconds : float
        How long to wait.

    Returns
    -------
    str or None
        Why it cannot be reached; None if it answers.
    """
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=seconds):
            return None
    except urllib.error.HTTPError as error:
        if error.code == 407:
            return "the proxy asks for a name and a password"
        return None
    except urllib.error.URLError as error:
        return str(error.reason)
    except (OSError, ValueError) as error:
        return first_line(error)


def host(address):
    """The name of a site in an address."""
    return address.split("/")[2]


def network_findings(errors):
    """Notes on sites that do not answer.

    Parameters
    ----------
    errors : dict of str to str or None
        Web address to what `site_error` returned.

    Returns
    -------
    list of Finding
    """
    return [
        Finding(
            f"{host(address)} cannot be reached: {error}",
            f"from there come {SITES.get(address, 'downloads')}. All else works offline.",
            _mend(error),
            stops=False,
        )
        for address, error in errors.items()
        if error
    ]


def _mend(error):
    if "CERTIFICATE" in error.upper():
        return "ask your IT for the certificate of its proxy; set SSL_CERT_FILE to that file."
    if "proxy" in error.lower():
        return "ask your IT for the proxy's address; set HTTPS_PROXY to it."
    return (
        "connect to the network. Behind a proxy, set HTTPS_PROXY to its address; else load the "
        "file on another computer: Set up says where to put it."
    )
