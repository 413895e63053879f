"""Watch a training and lose nothing: a curve that grows, the time left, a record of every epoch.

What was trained stands in the model's folder after each epoch. Whatever ends Python, the next run
goes on from there.
"""

import contextlib
import io
import json
import logging
import os
import re
import time
from pathlib import Path

from bioimage_course.folder import FULL, write_whole

CHECKPOINTS = ("checkpoint", "model")  # of StarDist, a folder; of Cellpose, a file


class Progress:
    """The record of one training, kept beside its model.

    Parameters
    ----------
    model_folder : path
        Where the model lies; it is made.
    epochs : int
        How many there will be, all in all.
    settings : dict
        Whatever must be the same for a training to go on: data, start, learning rate.
    batch_size : int, optional
        It may change on the way; where the memory is too small, a smaller one is proposed.

    Raises
    ------
    ValueError
        If a training with other settings has begun under this name.
    """

    def __init__(self, model_folder, epochs, settings, batch_size=4):
        self.folder, self.epochs, self.batch_size = Path(model_folder), epochs, batch_size
        self.file = self.folder / "training.json"
        self.settings = json.loads(json.dumps(settings))
        self.losses = self._read()  # [epoch, loss, validation loss or None], counted from 1
        self._display = self._begun = None

    @property
    def done(self):
        """How many epochs are done."""
        return int(self.losses[-1][0]) if self.losses else 0

    @property
    def finished(self):
        """Whether there is nothing left to train."""
        return self.done >= self.epochs

    def _read(self):
        try:
            record = json.loads(self.file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        if not any((self.folder / name).exists() for name in CHECKPOINTS):
            return []  # without weights there is nothing to go on from
        if record["settings"] != self.settings:
            old, new = record["settings"], self.settings
            other = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
            raise ValueError(
                f"{self.folder.name} was begun with another {', '.join(other)}: choose another "
                "my_name, or delete its folder."
            )
        return record["losses"]

    def epoch(self, loss=None, validation_loss=None):
        """Note that an epoch is done, and draw the curve.

        Parameters
        ----------
        loss, validation_loss : float or None
            None where none was measured.
        """
        self.losses.append([self.done + 1, loss, validation_loss])
        self._write()
        self.draw()

    def _pad(self, epochs):
        """Add rows without losses until there are so many."""
        while self.done < epochs:
            self.losses.append([self.done + 1, None, None])

    def _write(self):
        record = {"settings": self.settings, "epochs": self.epochs, "losses": self.losses}
        write_whole(self.file, json.dumps(record, indent=1).encode())

    # --- Around a training ----------------------------------------------------------------------

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._begun, self._before = time.monotonic(), self.done
        self._quiet = contextlib.ExitStack()
        self._quiet.enter_context(contextlib.redirect_stdout(io.StringIO()))
        self._quiet.enter_context(contextlib.redirect_stderr(io.StringIO()))
        self.draw()
        return self

    def __exit__(self, kind, error, _):
        self._quiet.close()
        self._begun = None
        if kind is None:
            self._pad(self.epochs)  # Python may have ended between a checkpoint and its row
            self._write()
            self.draw()
            return False
        if kind is KeyboardInterrupt:
            print(
                f"Stopped. {self.done} of {self.epochs} epochs are kept: run this cell again, and "
                "it goes on from there."
            )
            return True
        if isinstance(error, OSError) and error.errno in FULL:
            raise OSError(
                error.errno,
                f"The disk is full. {self.done} epochs are kept: free some space, run again",
            ) from None
        if is_out_of_memory(error):
            raise MemoryError(
                f"The memory is too small for {self.batch_size} patches at once. "
                f"{smaller(self.batch_size)} and run again; on a GPU, restart the kernel first, "
                "so that its memory is given back."
            ) from None
        return False

    # --- In the two libraries -------------------------------------------------------------------

    def keras_callbacks(self, model):
        """Callbacks for StarDist: the curve, and a checkpoint with the optimiser after each epoch.

        Parameters
        ----------
        model : StarDist2D
            After `prepare_for_training`: its own checkpoint is told the lowest loss so far.
        """
        import keras

        measured = [validation for *_, validation in self.losses if validation is not None]
        for callback in model.callbacks:
            if isinstance(callback, keras.callbacks.ModelCheckpoint) and measured:
                callback.best = min(measured)
        backup = keras.callbacks.BackupAndRestore(
            str(self.folder / "checkpoint"), double_checkpoint=True, delete_checkpoint=False
        )
        return [backup, keras.callbacks.LambdaCallback(on_epoch_end=self._after_keras_epoch)]

    def _after_keras_epoch(self, epoch, logs):
        del self.losses[epoch:]  # one of them was noted, and its checkpoint lost
        self._pad(epoch)
        self.epoch(float(logs["loss"]), float(logs["val_loss"]))

    def watch_cellpose(self, net):
        """Let a Cellpose network be saved in one step, and each time count an epoch.

        Parameters
        ----------
        net : the network that `train_seg` gets, with save_every=1
        """
        lines, save = _LossLines(), net.save_model
        logger = logging.getLogger("cellpose.train")
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [lines]
        first, calls = self.done, 0

        def save_model(filename):
            nonlocal calls
            calls += 1
            half = Path(f"{filename}.part")
            save(half)
            os.replace(half, filename)
            # The first call comes after two epochs (in the very first, the rate is 0), and one
            # more at the end.
            while self.done < min(first + calls + 1, self.epochs):
                self.epoch(*lines.found.get(self.done - first, (None, None)))

        net.save_model = save_model

    # --- Draw -----------------------------------------------------------------------------------

    def draw(self):
        """Draw the losses so far; in a notebook, the picture is exchanged."""
        import matplotlib.pyplot as plt
        from IPython.display import display

        with plt.ioff():
            figure = self._figure(plt)
            if self._display is None:
                self._display = display(figure, display_id=True)  # None outside of a notebook
            else:
                self._display.update(figure)
            plt.close(figure)

    def _figure(self, plt):
        from bioimage_course import show

        figure, axes = plt.subplots(figsize=(8, 3.4))
        for column, name, colour in (
            (1, "training", show.PREDICTED),
            (2, "validation", show.TRUTH),
        ):
            points = [(row[0], row[column]) for row in self.losses if row[column] is not None]
            axes.plot(*(zip(*points, strict=True) if points else ([], [])), "o-", color=colour,
                      markersize=4, label=name)  # fmt: skip
        axes.set(xlabel="epoch", ylabel="loss", xlim=(0, self.epochs + 0.5), ylim=(0, None))
        axes.set_title(f"{self.done} of {self.epochs} epochs{self._time_left()}")
        axes.legend(loc="lower left")
        return figure

    def _time_left(self):
        """In words; nothing where it is not known, or nothing is left."""
        if self._begun is None or self.finished:
            return ""
        here = self.done - self._before
        if not here:
            return ", the first one is on its way"
        an_epoch = (time.monotonic() - self._begun) / here
        return f", about {spoken(an_epoch * (self.epochs - self.done))} left"


class _LossLines(logging.Handler):
    """Reads what Cellpose logs in some of its epochs."""

    def __init__(self):
        super().__init__()
        self.found = {}

    def emit(self, record):
        match = re.match(r"(\d+), train_loss=([\d.]+), test_loss=([\d.]+)", record.getMessage())
        if match:
            self.found[int(match[1])] = float(match[2]), float(match[3])


def spoken(seconds):
    """A time in words, rounded as it deserves."""
    if seconds < 90:
        return f"{max(5, 5 * round(seconds / 5))} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h"


def is_out_of_memory(error):
    """Whether an error says that the computer's or the GPU's memory is too small."""
    if isinstance(error, MemoryError) or type(error).__name__ in (
        "ResourceExhaustedError",
        "OutOfMemoryError",
    ):
        return True
    words = str(error).lower()
    return "out of memory" in words or "can't allocate memory" in words or "oom when" in words


def smaller(batch_size):
    """What to try next, in words."""
    if batch_size > 1:
        return f"Set my_batch_size = {batch_size // 2}"
    return "Set my_patch to half of what it was"
