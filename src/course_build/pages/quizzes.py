"""Turn `NAME.quiz.yml` beside a chapter into questions with a folded key; quiz.js does the rest.

The file is a list. A question has `options` (each with `text`, `why` and, where it is right,
`right: true`) or `order` (the steps in the right order) with one `why`. Texts are one line of
Markdown. Readers get options and steps shuffled, alike at every build; numbers that rise or fall
stay as they are. The chapter says where the quiz stands: `<!-- quiz -->`.
"""

import html
import random
import re
from pathlib import Path

import yaml
from markdown import Markdown

from course_build import Stop

MARKER = "<!-- quiz -->"
NUMBER = re.compile(r"[\d,]*\.?\d+")
KEYS = {"options": {"question", "options"}, "order": {"question", "order", "why"}}


def render(markdown, chapter, fill):
    """The HTML of a chapter's quiz; None where it has none.

    chapter : pathlib.Path of the Markdown file
    fill : function that puts measured numbers into a text

    Raises
    ------
    Stop
        If there is a marker without a file, a file without a marker, or a question that nobody
        could answer.
    """
    path = chapter.with_suffix(".quiz.yml")
    if not path.exists():
        if MARKER in markdown:
            raise Stop(f"{chapter.name}: {MARKER} needs {path.name} beside the chapter")
        return None
    if markdown.count(MARKER) != 1:
        raise Stop(f"{chapter.name}: say once where {path.name} stands: {MARKER}")
    questions = read(path, fill)
    items = "".join(_question(number, question) for number, question in enumerate(questions, 1))
    return f'<div class="quiz"><ol class="questions">{items}</ol></div>'


def read(path, fill=str):
    """Read and check a quiz: a list of questions."""
    try:
        questions = yaml.safe_load(fill(Path(path).read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise Stop(f"{path}: not YAML that can be read ({error})") from error
    if not isinstance(questions, list) or not questions:
        raise Stop(f"{path}: a quiz is a list of questions")
    for number, question in enumerate(questions, 1):
        if problem := _problem(question):
            raise Stop(f"{path}, question {number}: {problem}")
    return questions


def _problem(question):
    """What keeps a question from being answered, or nothing."""
    kind = next((kind for kind in KEYS if isinstance(question, dict) and kind in question), None)
    if kind is None:
        return "needs `options` or `order`"
    if set(question) != KEYS[kind]:
        return f"needs {sorted(KEYS[kind])}, has {sorted(map(str, question))}"
    if kind == "order":
        steps = question["order"]
        if not isinstance(steps, list) or len(steps) < 3 or len(set(map(str, steps))) < len(steps):
            return "an order needs three different steps or more"
        return None
    options = question["options"]
    if not isinstance(options, list) or len(options) < 2:
        return "needs two options or more"
    for option in options:
        known = isinstance(option, dict) and {"text", "why"} <= set(option)
        if not known or set(option) > {"text", "why", "right"}:
            return f"an option needs `text` and `why`, and may have `right`: {option}"
    right = sum(option.get("right") is True for option in options)
    return None if right else "no option is right"


def _question(number, question):
    if "order" in question:
        return _order(number, question)
    shown = as_shown(question)
    rights = [option.get("right") is True for option in shown]
    kind = "one" if sum(rights) == 1 else "several"
    options = "".join(
        f'<li data-right="{str(right).lower()}">{_inline(option["text"])}</li>'
        for option, right in zip(shown, rights, strict=True)
    )
    key = "".join(
        f"<li><b>{'Right' if right else 'Not right'}:</b> {_inline(option['text'])} "
        f'<span class="why">{_inline(option["why"])}</span></li>'
        for option, right in zip(shown, rights, strict=True)
    )
    hint = "" if kind == "one" else " <em>More than one is right.</em>"
    return _item(number, kind, question, options, f"<ul>{key}</ul>", hint)


def as_shown(question):
    """The options of a question as readers see them: authors tend to write the right one first."""
    options = list(question["options"])
    numbers = [NUMBER.match(str(option["text"])) for option in options]
    if all(numbers):
        values = [float(number[0].replace(",", "")) for number in numbers]
        if values in (sorted(values), sorted(values, reverse=True)):
            return options
    random.Random(question["question"]).shuffle(options)
    return options


def _order(number, question):
    steps = list(enumerate(question["order"]))
    while steps == sorted(steps):  # the same at every build, never the answer
        random.Random(question["question"]).shuffle(steps)
        if steps == sorted(steps):
            steps = steps[1:] + steps[:1]
    options = "".join(f'<li data-place="{place}">{_inline(step)}</li>' for place, step in steps)
    right = "".join(f"<li>{_inline(step)}</li>" for step in question["order"])
    key = f'<ol>{right}</ol><p class="why">{_inline(question["why"])}</p>'
    return _item(number, "order", question, options, key, "")


def _item(number, kind, question, options, key, hint):
    return (
        f'<li class="question" id="question-{number}" data-kind="{kind}">'
        f'<p class="asked">{_inline(question["question"])}{hint}</p>'
        f'<ul class="options">{options}</ul>'
        f'<details class="key"><summary>Answer to question {number}</summary>{key}</details></li>'
    )


def _inline(text):
    """One line of Markdown as HTML."""
    rendered = Markdown().convert(html.escape(str(text), quote=False).replace("&gt;", ">"))
    return rendered.removeprefix("<p>").removesuffix("</p>")
