"""marked.py: every way to make a video leaves all four marks, and without a key there is no video."""

import ast
import json
import re
from pathlib import Path

import agreed
import av
import numpy as np
import pytest

import faceswap_lib
from faceswap_lib import UserError, samples
from faceswap_lib.measure import damage
from faceswap_lib.media import video
from faceswap_lib.trust import inspection, keys, marked, sidecar
from faceswap_lib.trust.statement import Statement

LIBRARY = Path(faceswap_lib.__file__).parent


def states(path) -> dict[str, str]:
    return {layer.layer: layer.state for layer in inspection.inspect(path)}


ALL = dict.fromkeys(("visible label", "Content Credentials", "file beside it", "mark in the pixels"), "intact")


@pytest.fixture(scope="module")
def swapped(short, facesets, trained, tmp_path_factory):
    out = tmp_path_factory.mktemp("swapped") / "swapped.mp4"
    agreed.swap(short["a"], facesets["a"], trained.model, out, untrained=True)
    return out


def plain(numbered):
    for _, frame in numbered:
        yield frame


def test_a_conversion_leaves_all_marks(swapped):
    assert states(swapped) == ALL


@pytest.mark.parametrize("how", ("blur", "tint", "delay"))
def test_what_is_broken_on_purpose_keeps_them(swapped, facesets, tmp_path, how):
    out = tmp_path / "broken.mp4"
    damage.delay(swapped, out) if how == "delay" else getattr(damage, how)(swapped, out, facesets["a"])
    assert states(out) == ALL


def test_a_mov_is_signed_and_an_mkv_has_the_file_beside_it(short, tmp_path):
    for name, held in (("a.mov", "intact"), ("a.mkv", "missing")):
        marked.rewrite(short["a"], tmp_path / name, plain, Statement("test", video.sha256(short["a"]), consent="test"))
        found = states(tmp_path / name)
        assert inspection.whole(tmp_path / name) is False, "there is no label"
        assert found["Content Credentials"] == held and found["file beside it"] == "intact"


def test_the_container_says_it_too(swapped):
    with av.open(str(swapped)) as container:
        said = container.metadata["description"]
    assert "SYNTHETIC" in said and "compositeWithTrainedAlgorithmicMedia" in said


def test_without_a_key_there_is_no_video(short, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "file" / "keys"))
    with pytest.raises(UserError, match="key that signs"):
        marked.rewrite(short["a"], tmp_path / "out.mp4", plain, Statement("test", "0" * 64, consent="test"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_what_fails_while_it_is_signed_leaves_nothing(short, tmp_path, monkeypatch):
    def full(*args):
        raise UserError("the disk is full")

    monkeypatch.setattr(sidecar, "write", full)
    with pytest.raises(UserError, match="disk"):
        marked.rewrite(short["a"], tmp_path / "out.mp4", plain, Statement("test", "0" * 64, consent="test"))
    assert list(tmp_path.iterdir()) == []


def test_the_pixels_are_those_of_the_stream_but_for_the_mark(short, tmp_path):
    marked.rewrite(short["a"], tmp_path / "out.mp4", plain, Statement("test", "0" * 64, consent="test"))
    pairs = zip(video.frames(short["a"]), video.frames(tmp_path / "out.mp4"), strict=True)
    assert max(np.abs(before.astype(int) - after).mean() for before, after in pairs) < 2


def test_the_built_in_ideal_is_no_work_of_the_kits():
    assert set(states(samples.path("truth_a_as_b")).values()) == {"missing"}


# Who calls what writes changed videos. Each is tried here, or in the test that is named; a new one belongs here.
WAYS = {
    "video.rewrite": {"trust/marked"},
    "marked.rewrite": {"compose/render", "interop/converted", "measure/damage"},
    "render.render": {"measure/references", "pieces/drawn", "selfswap"},
    "render.written": {"pieces/drawn"},
}
TRIED = {
    "interop/converted": "interop/test_converted.py",
    "measure/references": "measure/test_references.py",
    "pieces/drawn": "pieces/test_drawn.py",
    "selfswap": "test_selfswap.py",
}


def test_there_is_no_other_way_to_make_a_video():
    found: dict[str, set[str]] = {way: set() for way in WAYS}
    for path in LIBRARY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.get(f"{node.value.id}.{node.attr}", set()).add(str(path.relative_to(LIBRARY).with_suffix("")))
    assert found == WAYS
    for name in TRIED.values():
        assert re.search(r"inspection\.(whole|inspect)\(", (LIBRARY.parent / "tests" / name).read_text("utf-8")), name


def test_nobody_writes_one_without_saying_what_consent_there_is(short, tmp_path):
    with pytest.raises(UserError, match="nothing says whether who is shown has agreed"):
        marked.rewrite(short["a"], tmp_path / "out.mp4", plain, Statement("test", "0" * 64))
    assert list(tmp_path.iterdir()) == []


def test_the_container_names_the_consent(swapped):
    with av.open(str(swapped)) as container:
        said = container.metadata["description"]
    told = json.loads(said.partition(". ")[2])
    assert len(told["consent"]) == 64 and told.items() <= sidecar.read(swapped).facts.items()
