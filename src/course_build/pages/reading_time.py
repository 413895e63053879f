"""How long a chapter takes: counted from what stands in it, and rounded to five minutes.

A first reader takes 130 words a minute where every third term is new, three minutes to look at a
figure and its caption, a minute for a question and five seconds for a line of code. What is folded
away does not count.
"""

import re

WORDS, FIGURE, QUESTION, LINES = 130, 3, 1, 12  # words a minute, minutes, minutes, lines a minute
STEP = 5  # minutes

HEADER = re.compile(r"\A---\n.*?\n---\n", re.S)
FENCE = re.compile(r"^( *)(```+).*?^\1\2\s*$", re.M | re.S)
FOLD = re.compile(r"^\?\?\?.*\n(?:(?: {4}.*)?\n)*", re.M)


def minutes(markdown, questions=0):
    """Minutes that a page takes.

    Parameters
    ----------
    markdown : str
        The page, with the text of its figures.
    questions : int
        How many its quiz asks.

    Returns
    -------
    int
        A multiple of five, at least five.
    """
    unfolded = FOLD.sub("", markdown)
    code = sum(len(block.group().splitlines()) - 2 for block in FENCE.finditer(unfolded))
    taken = len(words(plain(markdown, folds=False))) / WORDS + code / LINES
    taken += markdown.count("<figure") * FIGURE + questions * QUESTION
    return max(STEP, STEP * round(taken / STEP))


def plain(markdown, *, folds=True):
    """The words of a page; paragraphs stay apart. `folds`: with what is folded away."""
    text = HEADER.sub("", markdown)
    if not folds:
        text = FOLD.sub("\n", text)
    text = FENCE.sub("\n", text)
    text = re.sub(r"<!--.*?-->|\$\$.*?\$\$", " ", text, flags=re.S)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)(\{[^}]*\})?", " ", text)  # pictures
    text = re.sub(r"\[@\w+\]", "Author 2000", text)
    text = re.sub(r"\]\([^)\s]*(\([^)]*\))?[^)]*\)(\{[^}]*\})?", "]", text)  # addresses of links
    text = re.sub(r"`[^`\n]+`", "code", text)
    text = re.sub(r"\$[^$\n]+\$", "x", text)
    text = re.sub(r"\{\{.*?\}\}", "0", text)
    text = re.sub(r"\{[:.#][^}]*\}|<[^>]+>", " ", text)
    return re.sub(r"[*_\[\]]", "", text)


def words(text):
    """The words of a text, numbers left out."""
    return re.findall(r"[^\W\d_]+(?:[’'-][^\W\d_]+)*", text)
