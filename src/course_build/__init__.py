"""What builds and publishes the course: pages, notebooks, print, bundle, and the checks of all."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Stop(Exception):
    """Building cannot go on; the message says where, why, and what to do."""
