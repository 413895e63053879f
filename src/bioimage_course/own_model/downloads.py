"""A download by another library: said before, and a failure answered."""

from contextlib import contextmanager


@contextmanager
def announced(what, megabytes, instead):
    """Say what is loaded from where, and what to do if it cannot be had.

    Parameters
    ----------
    what : str
        What is loaded, and from whom.
    megabytes : float
    instead : str
        What to do without it.

    Raises
    ------
    ConnectionError
        If whatever stands under this `with` fails.
    """
    print(f"Now {what}: {megabytes:g} MB, unless it lies here from an earlier time.")
    try:
        yield
    except Exception as error:  # libraries raise anything here
        words = " ".join(str(error).split())[:120]
        raise ConnectionError(
            f"It could not be loaded ({type(error).__name__}: {words}). Is this computer online, "
            f"and does it need a proxy? Nothing is lost: try again, or {instead}."
        ) from None
