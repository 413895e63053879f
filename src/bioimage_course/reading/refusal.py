"""Why a file is not read, in two halves: what is the matter, and what to do."""


class Unreadable(ValueError):
    """An image that cannot be segmented: `what` is the matter, and what to `do`."""

    def __init__(self, what, do):
        super().__init__(f"{what}: {do}")
        self.what, self.do = what, do


def cut_off(how):
    """The refusal of a file of which only a part arrived; `how` that shows."""
    return Unreadable(
        f"The file is broken or cut off ({how})",
        "copy it again; if Fiji opens it, save it there as TIFF",
    )


def short(error, path):
    """What an error says, in one short line and without the folder's name."""
    words = " ".join(str(error).split()) or type(error).__name__
    words = words.replace(str(path), path.name).replace(str(path.parent), "…")
    return words if len(words) <= 80 else words[:79] + "…"
