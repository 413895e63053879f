"""A download is said before it begins, and a failure says what to do."""

import pytest

from bioimage_course.own_model.downloads import announced


def test_what_is_loaded_is_said_before(capsys):
    with announced("Cellpose’s cyto3", 27, "do without"):
        assert "Cellpose’s cyto3: 27 MB" in capsys.readouterr().out


@pytest.mark.parametrize("error", [OSError("no route"), Exception("URL fetch failure"), ValueError])
def test_a_failure_says_what_to_do(error):
    with (
        pytest.raises(ConnectionError, match=r"online.*Nothing is lost.*set my_start"),
        announced("a model", 5, 'set my_start = "course"'),
    ):
        raise error


def test_the_stop_button_is_no_failure():
    with pytest.raises(KeyboardInterrupt), announced("a model", 5, "wait"):
        raise KeyboardInterrupt
