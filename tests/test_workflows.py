"""The workflows run what the pages tell readers to type."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github" / "workflows"


def job(file, name):
    return yaml.safe_load((WORKFLOWS / file).read_text(encoding="utf-8"))["jobs"][name]


def test_windows_and_mac_are_set_up_with_the_commands_of_the_page():
    page = (ROOT / "docs" / "start" / "set-up.md").read_text(encoding="utf-8")
    systems = job("nightly.yml", "set-up")["strategy"]["matrix"]["include"]
    assert [system["system"].split("-")[0] for system in systems] == ["windows", "macos"]
    for system in systems:
        assert re.search(rf"^ +{re.escape(system['set-up'])}$", page, re.M), system["set-up"]
        assert re.search(rf"^ +{re.escape(system['python'])} -m mkdocs serve", page, re.M)


def test_a_fork_is_published_by_hand_as_well_but_no_pull_request_is():
    text = (WORKFLOWS / "test.yml").read_text(encoding="utf-8")
    assert re.search(r"^  workflow_dispatch:$", text, re.M)
    condition = job("test.yml", "publish")["if"]
    assert "github.event_name != 'pull_request'" in condition and "== 'push'" not in condition
    assert "github.ref_name == github.event.repository.default_branch" in condition
    page = (ROOT / "docs" / "teach" / "index.md").read_text(encoding="utf-8")
    assert "*Actions* › *test* › *Run workflow*" in page  # the workflow's name


def test_notebooks_that_the_workflow_names_exist():
    steps = [step.get("run", "") for step in job("nightly.yml", "set-up")["steps"]]
    named = re.findall(r"notebooks/\S+\.ipynb", " ".join(steps))
    assert named and all((ROOT / name).is_file() for name in named)


def test_every_action_is_pinned_by_its_hash():
    for file in WORKFLOWS.glob("*.yml"):
        for action in re.findall(r"uses: (\S+)", file.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action), f"{file.name}: {action}"
