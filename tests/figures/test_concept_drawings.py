"""The scripts of the concept chapters: run twice, they write the same files."""

import importlib

import pytest

SCRIPTS = {
    "neuron": {"neuron"},
    "convolution": {"convolution", "feature_maps"},
    "receptive_field": {"receptive_field"},
    "touching": {"touching", "threshold"},
    "unet": {"unet", "unet_levels"},
    "images_as_numbers": {"normalisation", "label_files"},
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_writes_the_same_drawings_and_numbers_again(script, docs):
    module = importlib.import_module(script)
    written = []
    for _ in range(2):
        module.main()
        written.append({path.relative_to(docs): path.read_bytes() for path in docs.rglob("*.*")})
    assert written[0] == written[1]
    names = {f"{name}-{page}.svg" for name in SCRIPTS[script] for page in ("light", "dark")}
    assert {path.name for path in written[0]} == names | {f"{script}.json"}


def test_light_and_dark_differ_only_in_colour(docs):
    from figures.convolution import draw as convolution

    convolution.main()
    light, dark = (
        (docs / "images" / f"convolution-{page}.svg").read_text() for page in ("light", "dark")
    )
    assert "#1f2933" in light and "#e6edf3" in dark
    assert light.count("<path") == dark.count("<path")
