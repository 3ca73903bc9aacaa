"""record.py: what a model folder says of itself comes from its training; what is damaged or foreign is refused."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from faceswap_lib import UserError, files, profiles
from faceswap_lib.face import anatomy, faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, record

SMOKE = profiles.get("smoke")


def test_a_model_folder_says_what_made_it(trained, facesets):
    about = record.read_about(trained.model)
    assert (about["profile"], about["alignment"], about["gan"], about["seed"]) == ("smoke", "mesh", True, 0)
    assert about["iteration"] == 40 and about["history"] == trained.history
    for side in "ab":
        found = faceset.load(facesets[side])
        whose = {"video": found.source.name, "sha256": found.source.sha256, "fingerprint": found.fingerprint}
        assert about["data"][side] == whose | {"faces": 30}
        assert np.shape(about["shapes"][side]) == (478, 3)
        mean = faceset.read_image(trained.model / f"mean_{side}.png")
        side_mean = batches.load_side(faceset.load(facesets[side]), canvas("mesh", SMOKE.texture), 60).mean
        assert mean == pytest.approx(np.round(side_mean * 255))
    assert about["versions"]["keras"] == keras.__version__ and about["machine"]["cores"] == os.cpu_count()
    names = {p.name for p in trained.model.iterdir()}
    assert names == {"model.json", "model.safetensors", "mean_a.png", "mean_b.png", "previews"}


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "{", '{"profile": ["smoke"]}'])
def test_a_damaged_record(trained, tmp_path, text):
    model = shutil.copytree(trained.model, tmp_path / "model")
    (model / "model.json").write_text(text)
    with pytest.raises(UserError, match="model is damaged"):
        record.read_about(model)


@pytest.mark.parametrize(
    "change",
    [
        {"data": {}},
        {"alignment": "affine"},
        {"shapes": {}},
        {"shapes": {"a": [], "b": []}},
        {"history": None},
        {"alignment": None},
    ],
)
def test_a_record_whose_contents_do_not_fit_is_damaged(trained, tmp_path, change):
    model = shutil.copytree(trained.model, tmp_path / "model")
    about = files.unsealed(json.loads((model / "model.json").read_text()))
    for other in (about | change, {key: value for key, value in about.items() if key not in change}):
        (model / "model.json").write_text(json.dumps(files.sealed(other)))
        with pytest.raises(UserError, match="damaged"):
            record.read_about(model)


def test_a_mesh_is_known_by_its_own_file():
    content = (Path(anatomy.__file__).with_name("canonical.json")).read_bytes()
    assert record.mesh() == hashlib.sha256(content).hexdigest()[:12]


def test_a_model_is_resumed_as_what_it_is_and_as_nothing_else(trained):
    same = {"profile": "smoke", "alignment": "mesh", "seed": 0}
    assert record.check_resume(trained.model, **same) is None
    for change, said in (
        ({"profile": "demo"}, "profile 'smoke', not 'demo'"),
        ({"alignment": "affine"}, "alignment 'mesh', not 'affine'"),
        ({"seed": 3}, "seed 0, not 3; resume it with seed 0"),
    ):
        with pytest.raises(UserError, match=said):
            record.check_resume(trained.model, **same | change)


def test_a_model_is_resumed_with_its_own_people_alone(trained, facesets, tmp_path):
    a, b = (faceset.load(facesets[s]) for s in "ab")
    assert record.check_people(trained.model, {"a": a, "b": b}) is None
    with pytest.raises(UserError, match="these two people the other way round"):
        record.check_people(trained.model, {"a": b, "b": a})
    with pytest.raises(UserError, match="B's faces from b.mp4, not a.mp4"):
        record.check_people(trained.model, {"a": a, "b": a})
    fewer = shutil.copytree(facesets["b"], tmp_path / "b")
    next(fewer.glob("*_0.png")).unlink()
    with pytest.raises(UserError, match="B's other faces than .*b holds now"):
        record.check_people(trained.model, {"a": a, "b": faceset.load(fewer)})


def test_a_training_that_was_cut_off_is_known_by_all_that_makes_it_this_one(trained, tmp_path):
    about = record.read_about(trained.model)
    assert about["stopped"] == "budget" and not record.begun(trained.model, about), "it reached its end"
    assert record.begun(trained.model, about, ended=True)
    model = shutil.copytree(trained.model, tmp_path / "model")
    text = json.loads((model / "model.json").read_text())
    (model / "model.json").write_text(json.dumps(files.sealed(files.unsealed(text) | {"stopped": ""})))
    assert record.begun(model, about)
    for key in ("profile", "alignment", "gan", "seed", "start", "mesh", "data"):
        assert not record.begun(model, about | {key: "other"}), key
    assert not record.begun(tmp_path, about), "nothing there"
