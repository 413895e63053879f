"""Train the course's Cellpose model for whole cells, `cellpose_cells`, from nothing.

    python training/train_cellpose_cells.py            # start, or go on from the last checkpoint
    python training/train_cellpose_cells.py --restart  # forget the checkpoint

Reads the sets of `training_cells`. The first channel shows the cell, the second the nucleus or
nothing; where there is a nucleus, it is left out now and then, so that the network works with
and without. How it learns stands in `cellpose_training`.
"""

from training import cellpose_training, training_cells
from training.cellpose_training import Settings, Stage

# --- What you may want to change -----------------------------------------------------------------
SHARES = {"usiigaci_t98g": 0.42, "jump_cellpainting": 0.22, "kc167_actin_dna": 0.21,
          "embl_membranes": 0.15}  # fmt: skip
SETTINGS = Settings(
    name="cellpose_cells",
    diameter=30.0,  # pixels; as in Cellpose's own `cyto`
    one_channel=0.35,
    unstained=("usiigaci_t98g", "embl_membranes"),
    stages=[
        Stage(1200, 2e-3, SHARES, augmented=0.5, inverted={}, cosine=2400),
        Stage(500, 1.2e-3, SHARES, augmented=0.5, inverted={}, warm_up=20),
        Stage(1500, 1e-3, SHARES, augmented=0.5, inverted={}, average=0.7, warm_up=20),
    ],
)
# -------------------------------------------------------------------------------------------------


def read():
    """Samples to learn from, and the hand-drawn ones kept aside; there are no families."""
    used, known = training_cells.read(SETTINGS)
    return cellpose_training.Groups(used, known, {})


def main():
    cellpose_training.run(SETTINGS, read, __doc__.splitlines()[0])


if __name__ == "__main__":
    main()
