import json

import pytest

from bioimage_course import WEIGHTS
from training import write_cards

CARDS = sorted(WEIGHTS.glob("*/MODEL_CARD.md"))


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.parent.name)
def test_cards_say_what_the_last_run_wrote(card):
    text = card.read_text()
    assert write_cards.filled(text, card.parent.name) == text, "run training/write_cards.py"


def test_the_models_page_says_what_the_last_run_wrote():
    text = write_cards.MODELS_PAGE.read_text()
    filled = write_cards.filled(text, "models.md", write_cards.PAGE_BLOCKS)
    assert filled == text, "run training/write_cards.py"


def test_there_is_a_card_for_every_model():
    assert [card.parent.name for card in CARDS] == [
        "cellpose_cells",
        "cellpose_nuclei",
        "stardist_nuclei",
    ]


def test_every_model_has_its_line_and_an_agreement_is_set_apart():
    rows = write_cards.own_models("").splitlines()[2:]
    for name in ("stardist_nuclei", "cellpose_nuclei", "cellpose_cells"):
        assert any(f"`{name}`" in row for row in rows)
    for row in rows:
        by_hand = "by hand" in row
        assert ("*0." in row) != by_hand, row


def test_a_diameter_that_is_a_quarter_off_shows_the_worse_of_both():
    scored = {"0.75": {"ap": {"iou50": 0.6}}, "1.25": {"ap": {"iou50": 0.5}}}
    assert write_cards.worse_of(scored) == 0.5


def test_a_card_without_its_block_is_refused():
    with pytest.raises(ValueError, match="exactly one <!-- training --> block"):
        write_cards.filled("# A card\n", "stardist_nuclei")


def test_a_published_model_says_that_it_was_not_run_until_it_was(tmp_path, monkeypatch):
    scores = write_cards.results("scores")
    scores.pop("cyto3", None)
    monkeypatch.setattr(write_cards, "RESULTS", tmp_path)
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    assert "| `cyto3` (Cellpose 3) | not run here |" in write_cards.comparison("")
    scores["cyto3"] = scores["cellpose_nuclei"]
    (tmp_path / "scores.json").write_text(json.dumps(scores))
    assert "| `cyto3` (Cellpose 3) | 0." in write_cards.comparison("")
