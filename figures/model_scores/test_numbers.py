import json

from figures.model_scores import draw as model_scores


def test_the_drawings_are_the_same_every_time(docs):
    written = []
    for _ in range(2):
        model_scores.main()
        written.append({path.name: path.read_bytes() for path in docs.rglob("*.svg")})
    assert written[0] == written[1]
    pages = ("light", "dark")
    names = {f"{name}-{page}.svg" for name in ("model_scores", "model_training") for page in pages}
    assert set(written[0]) == names


def test_the_curves_are_drawn_from_the_stored_scores(docs, tmp_path, monkeypatch):
    model_scores.main()
    before = (docs / "images" / "model_scores-light.svg").read_text()
    results = tmp_path / "results"
    results.mkdir()
    for path in model_scores.RESULTS.glob("*.json"):
        (results / path.name).write_text(path.read_text())
    scores = json.loads((results / "scores.json").read_text())
    pooled = scores["stardist_nuclei"]["dsb2018_test"]["uncertainty"]["pooled"]
    pooled["iou70"]["value"] = 0.05
    (results / "scores.json").write_text(json.dumps(scores))
    monkeypatch.setattr(model_scores, "RESULTS", results)
    model_scores.main()
    assert (docs / "images" / "model_scores-light.svg").read_text() != before


def test_published_images_are_those_of_the_stored_scores(docs):
    """They would be forgotten otherwise: `make models` draws them, a new score alone does not."""
    model_scores.main()
    published = model_scores.RESULTS.parents[1] / "docs" / "images"
    for path in (docs / "images").glob("*.svg"):
        assert path.read_text() == (published / path.name).read_text(), "run make figures"
