"""Trainings are repeated with other seeds, and what their checks found is kept."""

import json

import nbformat
import numpy as np
import pytest

from course_build.notebooks import seeds
from course_build.notebooks.run import NOTEBOOKS


def notebook(*cells):
    made = nbformat.v4.new_notebook()
    for identity, source in cells:
        made.cells.append(nbformat.v4.new_code_cell(source, id=identity))
    return made


@pytest.fixture
def checked():
    """What the checks of one cell find, and the names that it leaves."""

    def run(source, **names):
        checks = seeds.Checks()
        checks.run(source, "a-cell", names)
        return [(check["claim"], check["holds"], check["sides"]) for check in checks.found], names

    return run


def test_a_check_that_fails_is_noted_with_both_sides_and_the_cell_goes_on(checked):
    found, names = checked("assert score > 0.9, 'too low'\nafter = 1", score=0.5)
    assert ("score > 0.9", False, [0.5, 0.9]) in found
    assert names["after"] == 1


def test_a_check_that_holds_is_noted_with_both_sides(checked):
    found, _ = checked("assert score > 0.9", score=0.95)
    assert ("score > 0.9", True, [0.95, 0.9]) in found
    assert all(holds for _, holds, _ in found)


def test_what_a_cell_prints_or_stores_as_a_comparison_is_a_check_too(checked, capsys):
    found, names = checked("print(f'fell: {b < a}')\nworse = b > a", a=2, b=1)
    assert found == [("b < a", True, [1, 2]), ("b > a", False, [1, 2])]
    assert capsys.readouterr().out == "fell: True\n"
    assert names["worse"] is False


def test_a_chain_is_two_checks(checked):
    found, _ = checked("assert low < score < high", low=0, score=2, high=1)
    assert ("low < score", True, [0, 2]) in found
    assert ("score < high", False, [2, 1]) in found


def test_pictures_are_compared_as_ever_and_are_no_check(checked):
    found, names = checked("mask = picture > 1\nassert np.all(picture > 1)", np=np,
                           picture=np.array([2, 3]))  # fmt: skip
    assert names["mask"].tolist() == [True, True]
    assert found == [("np.all(picture > 1)", True, None)]


def test_only_the_seeds_of_trainings_are_shifted(monkeypatch):
    monkeypatch.setattr(np.random, "seed", np.random.seed)
    monkeypatch.setattr(np.random, "default_rng", np.random.default_rng)
    monkeypatch.setattr("sys.modules", {})
    plain = {seed: np.random.default_rng(seed).random() for seed in (0, 2000)}
    is_data = False
    seeds.shift_seeds(2, lambda: is_data)
    seeds.shift_seeds(2, lambda: is_data)  # as after every cell
    assert np.random.default_rng(0).random() == plain[2000]
    is_data = True
    assert np.random.default_rng(0).random() == plain[0]


def test_a_notebook_is_run_without_its_exercises(tmp_path):
    path = tmp_path / "tiny.ipynb"
    cells = [
        ("train", "import numpy as np\nscore = np.random.default_rng(0).random()"),
        ("exercise-try", "assert False"),
        ("look", "assert score > 0.5\nassert score < 2"),
        ("broken", "1 / 0"),
    ]
    nbformat.write(notebook(*cells), path)
    first, again, other = (seeds.start(path, seed, 1, tmp_path / "run.json") for seed in (0, 0, 1))
    sides = [[check["sides"] for check in run["checks"]] for run in (first, again, other)]
    assert sides[0] == sides[1] != sides[2]
    assert first["error"].startswith("broken: ZeroDivisionError")
    assert (other["seed"], other["threads"]) == (1, 1)


def test_a_run_of_other_checks_than_the_notebook_has_now_is_done_again(tmp_path, monkeypatch):
    monkeypatch.setattr(seeds, "NOTEBOOKS", tmp_path)
    for source, same in (("assert 1 < 2", True), ("assert 1 < 3", False)):
        made = notebook(("look", source))
        nbformat.write(made, tmp_path / "tiny.ipynb")
        if same:
            row = {"notebook": "tiny", "claims": seeds.claims_hash(made)}
            (tmp_path / "run.json").write_text(json.dumps(row))
        assert bool(seeds.stored(tmp_path / "run.json")) is same
    assert seeds.stored(tmp_path / "none.json") is None


def run(*sides, claim="score > 0.5", seed=0):
    holds = [left > right for left, right in sides]
    checks = [
        {"cell": "look", "claim": claim, "holds": one, "sides": list(pair)}
        for one, pair in zip(holds, sides, strict=True)
    ]
    return {"seed": seed, "threads": 1, "claims": "x", "error": None, "checks": checks}


def test_runs_are_put_together_as_lowest_median_and_highest_against_the_limit():
    together = seeds.summary(
        [run((value, 0.5), seed=seed) for seed, value in enumerate((0.9, 0.4, 0.6))]
    )
    (check,) = together["checks"]
    assert (check["lowest"], check["median"], check["highest"]) == (0.4, 0.6, 0.9)
    assert (check["limit"], check["failed"], together["failed"]) == (0.5, 1, 1)
    assert check["values"] == [0.9, 0.4, 0.6]
    assert together["runs"] == [[0, 1], [1, 1], [2, 1]]


def test_a_check_that_hangs_on_no_training_is_left_out():
    assert seeds.summary([run((0.9, 0.5)), run((0.9, 0.5))])["checks"] == []


def test_two_sides_that_vary_are_one_ratio():
    (check,) = seeds.summary([run((6, 3)), run((5, 4)), run((9, 3))])["checks"]
    assert (check["values"], check["limit"]) == ([2, 1.25, 3], 1)


def test_two_sides_that_vary_around_zero_are_one_difference():
    (check,) = seeds.summary([run((5, 0)), run((5, 4)), run((7, 3))])["checks"]
    assert (check["values"], check["limit"]) == ([5, 1, 4], 0)


def test_a_check_asked_twice_in_a_loop_is_two():
    assert len(seeds.summary([run((1, 0), (2, 0)), run((3, 0), (4, 0))])["checks"]) == 2


def test_an_assertion_that_fails_in_the_first_run_is_a_failure_and_a_printed_no_is_none():
    asserted = {"cell": "look", "claim": "score > 0.5", "holds": False, "sides": None}
    printed = [run((0.4, 0.5)), run((0.3, 0.5))]
    assert seeds.summary(printed)["failed"] == 0
    for one in printed:
        one["checks"].append(asserted)
    together = seeds.summary(printed)
    assert together["failed"] == 2
    assert [(check["says"], check["failed"]) for check in together["checks"]] == [(True, 2)]


def test_close_is_nearer_to_the_limit_than_the_values_lie_apart():
    near, safe = (
        seeds.summary([run((low, 0.5)), run((0.9, 0.5))])["checks"][0] for low in (0.6, 0.8)
    )
    assert seeds.close(near) and not seeds.close(safe)


def test_what_a_notebook_claims_is_told_apart_from_how_it_says_it():
    plain = seeds.claims_hash(notebook(("look", "assert score > 0.5, 'too low'")))
    assert plain == seeds.claims_hash(notebook(("look", "x = 1\nassert score > .5, 'hm'")))
    assert plain != seeds.claims_hash(notebook(("look", "assert score > 0.6, 'too low'")))
    assert plain != seeds.claims_hash(notebook(("look", "print(score > 0.7)\nassert score > 0.5")))


# --- Today's notebooks ----------------------------------------------------------------------------
TRAINING = (".backward(", ".train(", "train_seg(")


def trains(path):
    cells = seeds.claiming_cells(nbformat.read(path, as_version=4))
    return any(call in cell.source for cell in cells for call in TRAINING)


def test_every_notebook_that_trains_is_repeated():
    training = {path.stem for path in NOTEBOOKS.glob("*.ipynb") if trains(path)}
    assert training == set(seeds.TRAINS)


@pytest.mark.parametrize("name", seeds.TRAINS)
def test_what_is_kept_is_of_the_checks_that_the_notebook_has_now(name):
    kept = json.loads(seeds.KEPT.read_text(encoding="utf-8"))["notebooks"][name]
    now = seeds.claims_hash(nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4))
    assert kept["claims"] == now, f"checks of {name} changed: make seeds ARGS={name[:2]}"
    assert kept["failed"] == 0
