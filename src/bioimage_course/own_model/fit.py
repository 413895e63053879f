"""Which tool suits these objects, and why: from their shape and size alone."""

ENOUGH = 0.8  # of the mean IoU of objects redrawn with rays; the authors of StarDist say so


def suits(redrawn_iou, extent, view, not_annotated=False):
    """The tool to begin with.

    Parameters
    ----------
    redrawn_iou : float
        Mean IoU of the annotated objects and what StarDist's rays can draw of them.
    extent : float
        Median height or width of an object, the larger one, in pixels.
    view : int
        How far StarDist's network sees in each direction, in pixels.
    not_annotated : bool
        Whether labels hold -1 for “not annotated”.

    Returns
    -------
    tool : "StarDist" or "Cellpose"
    why : str
    """
    if not_annotated:
        return "StarDist", "your labels say −1 for “not annotated”, which Cellpose does not know"
    if redrawn_iou < ENOUGH:
        return "Cellpose", (
            f"32 rays redraw your objects with a mean IoU of {redrawn_iou:.2f} only: they are bent "
            "or branched, and no training teaches StarDist what its rays cannot draw"
        )
    if extent > 2 * view:
        return "Cellpose", (
            f"a median object is {extent:.0f} px long, and StarDist's network sees {view} px in "
            "each direction: it would cut them. Cellpose resizes images by the diameter"
        )
    return "StarDist", (
        f"32 rays redraw your objects with a mean IoU of {redrawn_iou:.2f}, and the network sees "
        "whole ones. Cellpose would do, too"
    )
