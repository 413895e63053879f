import errno

import numpy as np
import pytest

from training import export


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "run" / "checkpoint.npz"
    export.save_checkpoint(path, [np.arange(3), np.eye(2)], 7, [{"loss": 0.5}])
    return path


def test_a_checkpoint_comes_back_as_it_was_kept(checkpoint):
    arrays, step, history = export.load_checkpoint(checkpoint)
    assert np.array_equal(arrays[0], np.arange(3)) and np.array_equal(arrays[1], np.eye(2))
    assert (step, history) == (7, [{"loss": 0.5}])


def test_a_full_disk_leaves_the_previous_checkpoint(checkpoint, monkeypatch):
    def full(file, **arrays):
        file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export.np, "savez", full)
    with pytest.raises(OSError, match=r"No space left.*Make room and start again"):
        export.save_checkpoint(checkpoint, [np.zeros(3)], 8, [])
    assert [path.name for path in checkpoint.parent.iterdir()] == ["checkpoint.npz"]
    assert export.load_checkpoint(checkpoint)[1] == 7


@pytest.mark.parametrize("keep", [0, 100, -30])
def test_a_damaged_checkpoint_is_named_with_the_way_on(checkpoint, keep):
    checkpoint.write_bytes(checkpoint.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"checkpoint\.npz cannot be read.*--restart"):
        export.load_checkpoint(checkpoint)


def test_hashes_are_written_for_every_file_of_a_model(tmp_path):
    (tmp_path / "model").write_bytes(b"weights")
    (tmp_path / "MODEL_CARD.md").touch()
    export.write_hashes(tmp_path)
    line = (tmp_path / "SHA256SUMS").read_text()
    assert line.endswith("  model\n") and len(line.split()[0]) == 64 and line.count("\n") == 1
