"""What a package says of itself where it is published."""


def readme(distribution):
    """Return the readme of an installed package, as one line."""
    words = distribution.metadata
    # importlib_metadata, once imported, answers in metadata's place and keeps them elsewhere.
    return " ".join((words.get_payload() or words["Description"]).split())
