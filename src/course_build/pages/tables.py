"""Let a table of words that is too wide for a phone read there as cards, one for each row.

The look is in theme/stylesheets/site.css. Each cell knows the head of its column, which stands
before it on a phone; roles keep it a table for a screen reader, whatever its stylesheet says.
Columns of numbers are compared with each other: such a table stays one, and scrolls.
"""

import html
import re

PHONE = 50  # characters that a line of a table has room for on a phone
WRAPS = 16  # of words; a column narrower than that is hard to read
COLUMNS = range(3, 7)

TABLE = re.compile(r"<table>.*?</table>", re.S)
ROW = re.compile(r"<tr>(.*?)</tr>", re.S)
WORD = re.compile(r"[^\W\d_]{3}")
CELL = re.compile(r"<(t[hd])\b([^>]*)>(.*?)</\1>", re.S)
ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row"}


def as_cards(page_html):
    """Return a page with labels and roles in each table that a phone shows as cards."""
    return TABLE.sub(lambda match: _table(match[0]), page_html)


def _table(table):
    heads, *rows = [[_words(cell[2]) for cell in CELL.findall(row)] for row in ROW.findall(table)]
    if "arithmatex" in table or not _too_wide(heads, rows):
        return table
    for tag, role in ROLES.items():
        table = table.replace(f"<{tag}>", f'<{tag} role="{role}">')
    table = table.replace("<table", "<table data-cards")
    return re.sub(r"<tr\b.*?</tr>", lambda row: _row(row[0], heads), table, flags=re.S)


def _row(row, heads):
    labels = iter(heads)

    def labelled(cell):
        tag, attributes, content = cell.groups()
        role = "columnheader" if tag == "th" else "cell"
        head = next(labels)
        label = f' data-label="{html.escape(head)}"' if tag == "td" and head else ""
        return f'<{tag} role="{role}"{label}{attributes}>{content}</{tag}>'

    return CELL.sub(labelled, row)


def _words(cell):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", cell)).split())


def _too_wide(heads, rows):
    if len(heads) not in COLUMNS or not rows:
        return False
    columns = list(zip(heads, *rows, strict=True))
    words = any(WORD.search(cell) for row in rows for cell in row[1:])
    return words and sum(map(_width, columns)) > PHONE


def _width(column):
    """How many characters a column needs, and its margin."""
    return 2 + max(max(min(len(cell), WRAPS), *map(len, cell.split() or [""])) for cell in column)
