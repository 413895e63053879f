"""Which half of a class a code belongs to; theme/javascripts/still.js computes the same."""

import unicodedata

HALVES = ("moving", "still")


def plain(code):
    """Return a code as it is compared: small letters and digits, nothing else."""
    text = unicodedata.normalize("NFKC", code).lower()
    return "".join(letter for letter in text if unicodedata.category(letter)[0] in "LN")


def half(code):
    """Return "moving" or "still": always the same for one code, and nearly even over all codes."""
    value = 0
    for letter in plain(code):
        value = (value * 31 + ord(letter)) % 65537
    return HALVES[value % 2]
