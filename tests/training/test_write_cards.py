import pytest

import write_cards
from bioimage_course import WEIGHTS

CARDS = sorted(WEIGHTS.glob("*/MODEL_CARD.md"))


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.parent.name)
def test_cards_say_what_the_last_run_wrote(card):
    text = card.read_text()
    assert write_cards.filled(text, card.parent.name) == text, "run training/write_cards.py"


def test_there_is_a_card_for_every_model():
    assert [card.parent.name for card in CARDS] == ["cellpose_nuclei", "stardist_nuclei"]


def test_a_card_without_its_block_is_refused():
    with pytest.raises(ValueError, match="exactly one <!-- training --> block"):
        write_cards.filled("# A card\n", "stardist_nuclei")
