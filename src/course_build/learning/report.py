"""Write what came out as a page of Markdown, and draw it."""

from course_build.learning.halves import HALVES
from course_build.learning.items import KINDS, PLACES

NOBODY = "–"
TITLES = {"recall": "Recall", "transfer": "Transfer"}


def markdown(result, items, picture):
    """Return the report as Markdown; `picture` is the drawing's file name."""
    parts = [_people(result), _kinds(result, picture), _halves(result), _items(result, items)]
    return "# What the class learned\n\n" + "\n\n".join(part for part in parts if part) + "\n"


def summary(result):
    """Return one sentence for each kind of item, and for each comparison of the halves."""
    sentences = [_gained(kind, result.kinds[kind]) for kind in KINDS]
    return sentences + [_differs(kind, result) for kind in result.differences]


def _gained(kind, part):
    rows = f"{TITLES[kind]}: {percent(part.before)} right before, {percent(part.after)} after"
    gain = f"a gain of {points(part.gain.value)} points (95 %: {_range(part.gain)})"
    if part.gain.holds_zero:
        verdict = f"The interval holds 0: this class does not show a change in {kind}."
    else:
        verdict = f"The interval does not hold 0: {kind} {_rose(part.gain.value)}."
    return f"{rows}, {gain}. {verdict}"


def _differs(kind, result):
    found = result.differences[kind]
    said = (
        f"{TITLES[kind]}, moving figures minus still ones: {points(found.value)} points "
        f"(95 %: {_range(found)})."
    )
    if found.holds_zero:
        return f"{said} The interval holds 0: this class does not tell the two apart."
    better = HALVES[0] if found.value > 0 else HALVES[1]
    return f"{said} The interval does not hold 0: those with {better} figures gained more."


def _rose(value):
    return "rose" if value > 0 else "fell"


def _people(result):
    lines = [
        f"{len(result.people)} people answered before and after; each is compared with themselves. "
        f"{result.first['A']} had form A before, {result.first['B']} form B."
    ]
    if abs(result.first["A"] - result.first["B"]) > 1:
        lines.append(
            "**The forms were not handed out evenly.** If one is easier, a part of each gain is "
            "only that. Compare the two forms in the last table."
        )
    if result.left_out:
        lines.append(
            "Left out:\n\n" + "\n".join(f"- {code} {why}" for code, why in result.left_out.items())
        )
    return "\n\n".join(lines)


def _kinds(result, picture):
    rows = "\n".join(
        f"| {TITLES[kind]} | {percent(part.before)} | {percent(part.after)} | "
        f"{points(part.gain.value)} | {_range(part.gain)} |"
        for kind, part in result.kinds.items()
    )
    alt = "; ".join(
        f"{kind}: gain {points(part.gain.value)}, interval {_range(part.gain)}"
        for kind, part in result.kinds.items()
    )
    return (
        "## Recall and transfer\n\n"
        + "\n\n".join(_gained(kind, result.kinds[kind]) for kind in KINDS)
        + "\n\n| six items each | before | after | gain in points | 95 % interval |\n"
        f"| --- | ---: | ---: | ---: | ---: |\n{rows}\n\n"
        f"![Each person's gain as a dot, the mean with its interval as a bar. {alt}.]({picture})"
    )


def _halves(result):
    if not result.halves:
        return ""
    rows = "\n".join(
        f"| {TITLES[kind]} | {half} | {len(part.each)} | {percent(part.before)} | "
        f"{percent(part.after)} | {points(part.gain.value)} | {_range(part.gain)} |"
        for kind, parts in result.halves.items()
        for half, part in parts.items()
    )
    return (
        "## Still and moving figures\n\n"
        "Only the two chapters whose figure stood still for a half of the class: two items of "
        "each kind for each person.\n\n"
        + "\n\n".join(_differs(kind, result) for kind in result.differences)
        + "\n\n| items | figures | people | before | after | gain in points | 95 % interval |\n"
        f"| --- | --- | ---: | ---: | ---: | ---: | ---: |\n{rows}"
    )


def _items(result, items):
    rows = "\n".join(
        f"| {place} | {items[f'A{place}'].kind} | {items[f'A{place}'].title} | "
        + " | ".join(
            percent(result.shares[f"{form}{place}"][when])
            for form in "AB"
            for when in ("before", "after")
        )
        + f" | {points(result.places[place].gain.value)} | {_range(result.places[place].gain)} |"
        for place in PLACES
    )
    means = " | ".join(
        percent(_mean([result.shares[f"{form}{place}"][when] for place in PLACES]))
        for form in "AB"
        for when in ("before", "after")
    )
    return (
        "## Item by item, and form by form\n\n"
        "Shares of right answers. Those who had A before had B after, so the gain compares each "
        "person's answers to the two items of a line. Of twelve intervals, at least one misses 0 "
        "by chance alone in about every second class: look for what to teach again, and prove "
        "nothing with a single item.\n\n"
        "| item | kind | chapter | A before | A after | B before | B after | gain | 95 % range |\n"
        "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        f"{rows}\n| all | | | {means} | | |"
    )


def _mean(shares):
    return None if None in shares else sum(shares) / len(shares)


def percent(share):
    """Return a share as the report writes it; a dash where nobody answered."""
    return NOBODY if share is None else f"{100 * share:.0f} %"


def points(gain):
    """Return a gain in percentage points, with its sign; a true minus."""
    return f"{100 * gain:+.0f}".replace("-", "−").replace("+0", "0").replace("−0", "0")


def _range(interval):
    return f"{points(interval.low)} to {points(interval.high)}"


# --- The picture ------------------------------------------------------------------------------

WIDTH = 560


def height(result):
    """Return the picture's height: with the halves, it has more lines."""
    return 410 if result.halves else 250


def lines(result):
    """Return what the picture shows, from top to bottom: [(words, gains of people, Interval)]."""
    shown = [(TITLES[kind], list(p.each.values()), p.gain) for kind, p in result.kinds.items()]
    for kind, parts in result.halves.items():
        shown += [
            (f"{TITLES[kind]}, {half}", list(p.each.values()), p.gain) for half, p in parts.items()
        ]
    return shown


def paint(figure, theme, result):
    """Draw everybody's gain as a dot, and the mean with its interval; for style.draw()."""
    shown, high = lines(result), height(result)
    left = 0.36 if theme.narrow else 0.3
    axes = figure.add_axes([left, 60 / high, 0.97 - left, 1 - 68 / high])
    axes.axvline(0, color=theme.muted, linewidth=1.5, linestyle=(0, (4, 3)))
    for row, (_, each, gain) in enumerate(shown):
        for value in sorted(set(each)):  # people with the same gain stand in a pile
            count = sum(abs(other - value) < 1e-9 for other in each)
            heights = [row + 0.22 + 0.085 * place for place in range(count)]
            axes.plot([100 * value] * count, heights, "o", color=theme.muted, markersize=4)
        axes.plot([100 * gain.low, 100 * gain.high], [row, row], color=theme.truth, linewidth=5)
        axes.plot(100 * gain.value, row, "D", color=theme.truth, markersize=11)
    start, end = axes.get_xlim()
    axes.set(
        xticks=[tick for tick in range(-100, 101, 50) if start <= tick <= end],
        xlabel="gain in percentage points",
        ylim=(len(shown) - 0.1, -0.35),
        yticks=range(len(shown)),
        yticklabels=[words for words, *_ in shown],
    )
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
