"""What was trained is noted after each epoch; whatever stops it, the next run goes on."""

import errno
import json
import logging

import matplotlib.pyplot as plt
import pytest

from bioimage_course.own_model.progress import Progress, is_out_of_memory, spoken

SETTINGS = {"learning rate": 0.001, "images": ["a.tif"]}


@pytest.fixture(autouse=True)
def drawn(monkeypatch):
    """Draw nothing; count how often it would have been."""
    calls = []
    monkeypatch.setattr(Progress, "draw", lambda self: calls.append(self.done))
    return calls


@pytest.fixture
def folder(tmp_path):
    """A model's folder with weights in it."""
    (tmp_path / "models" / "mine" / "checkpoint").mkdir(parents=True)
    return tmp_path / "models" / "mine"


def test_an_epoch_that_is_noted_is_found_again(folder, drawn):
    progress = Progress(folder, 3, SETTINGS)
    assert progress.done == 0 and not progress.finished
    progress.epoch(0.5, 0.6)
    progress.epoch(0.4)
    again = Progress(folder, 3, SETTINGS)
    assert again.done == 2 and again.losses == [[1, 0.5, 0.6], [2, 0.4, None]]
    again.epoch(0.3, 0.5)
    assert again.finished and not Progress(folder, 5, SETTINGS).finished  # more may be asked for
    assert drawn == [1, 2, 3]


def test_other_settings_do_not_go_on_and_the_difference_is_named(folder):
    Progress(folder, 3, SETTINGS).epoch(0.5, 0.6)
    with pytest.raises(ValueError, match=r"mine was begun with another learning rate: choose"):
        Progress(folder, 3, SETTINGS | {"learning rate": 0.01})
    Progress(folder, 3, SETTINGS, batch_size=1)  # may change on the way


def test_a_record_whose_weights_are_gone_is_begun_anew(folder):
    Progress(folder, 3, SETTINGS).epoch(0.5, 0.6)
    (folder / "checkpoint").rmdir()
    assert Progress(folder, 3, SETTINGS).done == 0
    (folder / "model").write_bytes(b"of Cellpose")
    assert Progress(folder, 3, SETTINGS).done == 1


def test_an_epoch_whose_row_was_lost_still_counts(folder):
    progress = Progress(folder, 4, SETTINGS)
    progress._after_keras_epoch(0, {"loss": 0.5, "val_loss": 0.6})
    progress._after_keras_epoch(2, {"loss": 0.3, "val_loss": 0.4})
    assert progress.losses == [[1, 0.5, 0.6], [2, None, None], [3, 0.3, 0.4]]
    with progress:
        pass  # the last epoch had its checkpoint before
    assert Progress(folder, 4, SETTINGS).finished


def test_an_epoch_whose_checkpoint_was_lost_is_counted_once(folder):
    progress = Progress(folder, 4, SETTINGS)
    for epoch in (0, 1, 1):
        progress._after_keras_epoch(epoch, {"loss": 0.5, "val_loss": 0.6})
    assert progress.done == 2


def test_a_record_that_was_cut_off_is_begun_anew(folder):
    (folder / "training.json").write_text('{"settings": ')
    assert Progress(folder, 3, SETTINGS).done == 0


def test_the_stop_button_stops_it_and_says_how_to_go_on(folder, capsys):
    progress = Progress(folder, 3, SETTINGS)
    with progress:
        print("a library's progress bar")
        progress.epoch(0.5, 0.6)
        raise KeyboardInterrupt
    printed = capsys.readouterr().out
    assert "1 of 3 epochs are kept: run this cell again" in printed
    assert "progress bar" not in printed


class ResourceExhaustedError(Exception):
    """As TensorFlow calls it."""


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        ResourceExhaustedError("OOM when allocating tensor"),
        RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 99 bytes"),
    ],
)
def test_too_small_a_memory_proposes_a_batch_size(folder, error):
    with pytest.raises(MemoryError, match="Set my_batch_size = 2"), Progress(folder, 3, {}):
        raise error
    with pytest.raises(MemoryError, match="my_patch to half"), Progress(folder, 3, {}, 1):
        raise error


def test_any_other_error_is_shown_as_it_is(folder):
    assert not is_out_of_memory(RuntimeError("sizes differ"))
    with pytest.raises(RuntimeError, match="sizes differ"), Progress(folder, 3, {}):
        raise RuntimeError("sizes differ")


def test_a_full_disk_says_what_is_kept(folder):
    progress = Progress(folder, 3, SETTINGS)
    with pytest.raises(OSError, match=r"disk is full. 1 epochs are kept"), progress:
        progress.epoch(0.5)
        raise OSError(errno.ENOSPC, "No space left on device")


class Net:
    """Saves like Cellpose's network; may be cut off while it does."""

    def __init__(self, text="weights"):
        self.text = text

    def save_model(self, filename):
        filename.write_text(self.text)
        if self.text == "half":
            raise KeyboardInterrupt


def train_like_cellpose(net, path, epochs):
    """Log and save in the order in which train_seg does, with save_every=1."""
    for epoch in range(epochs):
        if epoch == 5 or epoch % 10 == 0:
            logging.getLogger("cellpose.train").info(
                f"{epoch}, train_loss={epoch + 1:.4f}, test_loss=0.5000, LR=0.1, time 9.99s"
            )
        if epoch:
            net.save_model(path)
    net.save_model(path)


def test_cellposes_epochs_are_counted_with_the_losses_it_logs(folder):
    progress, net = Progress(folder, 12, SETTINGS), Net()
    with progress:
        progress.watch_cellpose(net)
        train_like_cellpose(net, folder / "model", 12)
    assert progress.finished and len(progress.losses) == 12
    measured = [row for row in progress.losses if row[1] is not None]
    assert measured == [[1, 1.0, 0.5], [6, 6.0, 0.5], [11, 11.0, 0.5]]


def test_a_network_that_is_cut_off_while_it_is_saved_leaves_the_old_one_whole(folder):
    progress = Progress(folder, 12, SETTINGS)
    with progress:
        net = Net("whole")
        progress.watch_cellpose(net)
        net.save_model(folder / "model")
        raise KeyboardInterrupt
    with progress:
        net = Net("half")
        progress.watch_cellpose(net)
        net.save_model(folder / "model")
    assert (folder / "model").read_text() == "whole" and progress.done == 2


def test_the_curve_shows_what_was_measured(folder, monkeypatch):
    monkeypatch.undo()
    progress = Progress(folder, 3, SETTINGS)
    progress.losses = [[1, 0.5, 0.6], [2, 0.4, None]]
    axes = progress._figure(plt).axes[0]
    assert [len(line.get_xdata()) for line in axes.lines] == [2, 1]
    assert axes.get_title() == "2 of 3 epochs"


@pytest.mark.parametrize(
    ("seconds", "words"), [(2, "5 s"), (43, "45 s"), (300, "5 min"), (7300, "2 h")]
)
def test_the_time_left_is_said_as_people_do(seconds, words):
    assert spoken(seconds) == words


def test_the_record_can_be_read_by_people(folder):
    Progress(folder, 3, SETTINGS).epoch(0.5, 0.6)
    assert json.loads((folder / "training.json").read_text())["epochs"] == 3
