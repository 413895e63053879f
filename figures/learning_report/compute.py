"""A made class of twelve: its answers go through the trainers' script, and so into the figure."""

from pathlib import Path

import numpy as np

from course_build.learning import answers, gains, items
from course_build.learning.halves import HALVES, half
from course_build.learning.report import WIDTH, height, paint
from course_build.learning.result import evaluate
from figures._shared.files import write
from figures._shared.style import draw

HERE = Path(__file__).parent
SEED = 12
PEOPLE = 12
#: How likely a person of the made class answers right: the figures make no difference.
CHANCES = {"recall": {"before": 0.35, "after": 0.7}, "transfer": {"before": 0.3, "after": 0.45}}
EFFECT = 0.1  # a difference that a trainer would like to see


def made_class(asked, seed=SEED, people=PEOPLE):
    """Return the answers of a made class as a CSV text, half of it with form A before."""
    random = np.random.default_rng(seed)
    lines = [",".join(answers.WIDE)]
    for person in range(people):
        code = "abcdefghklmnoprstuvw"[person % 20] + f"e{random.integers(1, 32)}"
        talent = random.normal(0, 0.1)  # some know more, before and after
        forms = ("A", "B") if person % 2 else ("B", "A")
        for when, form in zip(answers.TIMES, forms, strict=True):
            given = []
            for place in items.PLACES:
                item = asked[f"{form}{place}"]
                wrong = items.LETTERS.replace(item.right, "")
                right = random.random() < CHANCES[item.kind][when] + talent
                given.append(item.right if right else random.choice([*wrong, ""]))
            lines.append(",".join([code, when, form, *given]))
    return "\n".join(lines)


def compute():
    """Return the made class, evaluated, and the numbers that the page quotes."""
    asked = items.read()
    result = evaluate(answers.parse(made_class(asked), asked), asked, halves=True)
    numbers = {"people": PEOPLE, "classes": 1000, "effect": 100 * EFFECT}
    for kind, part in result.kinds.items():
        numbers[kind] = _interval(part.gain) | {
            "before": 100 * part.before,
            "after": 100 * part.after,
            "truth": 100 * (CHANCES[kind]["after"] - CHANCES[kind]["before"]),
        }
    spread = float(np.std(list(result.kinds["transfer"].each.values()), ddof=1))
    numbers["spread"] = 100 * spread
    numbers["root"] = PEOPLE**0.5
    numbers["error"] = 100 * spread / PEOPLE**0.5
    numbers["by_hand"] = 100 * gains.half_width(spread, PEOPLE)
    numbers["half"] = PEOPLE // 2
    numbers["between_halves"] = 100 * gains.half_width(spread, PEOPLE // 2, PEOPLE // 2)
    numbers["needed"] = gains.people_needed(spread, EFFECT)
    numbers["needed_in_each_half"] = gains.people_needed(spread, EFFECT, groups=2)
    numbers["held"] = 100 * gains.coverage(spread, PEOPLE, numbers["classes"])
    numbers["split"] = {name: sum(half(code) == name for code in result.people) for name in HALVES}
    numbers["difference"] = _interval(result.differences["transfer"])
    return result, numbers


def _interval(found):
    return {"gain": 100 * found.value, "low": 100 * found.low, "high": 100 * found.high}


def main():
    """Write the drawings and data.json."""
    result, numbers = compute()
    high = height(result)
    draw(HERE / "learning_report", paint, result, width=WIDTH, height=high, narrow=high)
    write(HERE, numbers)


if __name__ == "__main__":
    main()
