"""record.py: what a model folder says of itself comes from its training; what is damaged or foreign is refused."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from faceswap_lib import UserError, profiles
from faceswap_lib.face import anatomy, faceset
from faceswap_lib.face.mesh import canvas
from faceswap_lib.network import batches, record

SMOKE = profiles.get("smoke")


def test_a_model_folder_says_what_made_it(trained, facesets):
    about = record.read_about(trained.model)
    assert (about["profile"], about["alignment"], about["gan"], about["seed"]) == ("smoke", "mesh", True, 0)
    assert about["iteration"] == 40 and about["history"] == trained.history
    for side in "ab":
        source = faceset.load(facesets[side]).source
        assert about["data"][side] == {"video": source.name, "sha256": source.sha256, "faces": 30}
        assert np.shape(about["shapes"][side]) == (478, 3)
        mean = faceset.read_image(trained.model / f"mean_{side}.png")
        side_mean = batches.load_side(faceset.load(facesets[side]), canvas("mesh", SMOKE.texture), 60).mean
        assert mean == pytest.approx(np.round(side_mean * 255))
    assert about["versions"]["keras"] == keras.__version__ and about["machine"]["cores"] == os.cpu_count()
    names = {p.name for p in trained.model.iterdir()}
    assert names == {"model.json", "model.weights.h5", "mean_a.png", "mean_b.png", "previews"}


def test_an_older_model_is_moved_aside(facesets, trained, tmp_path):
    model = shutil.copytree(trained.model, tmp_path / "model")
    (tmp_path / "model-before").mkdir()
    (tmp_path / "model-before" / "older").write_text("")
    record.move_aside(model)
    assert list(model.iterdir()) == [] and record.read_about(tmp_path / "model-before")["iteration"] == 40
    assert not (tmp_path / "model-before" / "older").exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "{", '{"profile": ["smoke"]}'])
def test_a_damaged_record(trained, tmp_path, text):
    model = shutil.copytree(trained.model, tmp_path / "model")
    (model / "model.json").write_text(text)
    with pytest.raises(UserError, match="model.json is damaged"):
        record.read_about(model)


@pytest.mark.parametrize(
    "change",
    [{"alignment": "affine"}, {"shapes": {}}, {"shapes": {"a": [], "b": []}}, {"history": None}, {"alignment": None}],
)
def test_a_record_whose_contents_do_not_fit_is_damaged(trained, tmp_path, change):
    model = shutil.copytree(trained.model, tmp_path / "model")
    about = json.loads((model / "model.json").read_text())
    for other in (about | change, {key: value for key, value in about.items() if key not in change}):
        (model / "model.json").write_text(json.dumps(other))
        with pytest.raises(UserError, match="damaged"):
            record.read_about(model)


def test_there_is_no_room_for_a_model_where_a_file_is(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="is a file"):
        record.move_aside(tmp_path / "file")
    with pytest.raises(UserError, match="cannot be made"):
        record.move_aside(tmp_path / "file" / "model")
    record.move_aside(tmp_path / "deep" / "model")
    assert (tmp_path / "deep" / "model").is_dir()


def test_a_mesh_is_known_by_its_own_file():
    content = (Path(anatomy.__file__).with_name("canonical.json")).read_bytes()
    assert record.mesh() == hashlib.sha256(content).hexdigest()[:12]


def test_a_model_is_resumed_as_what_it_is_and_as_nothing_else(trained):
    assert record.check_resume(trained.model, "smoke", "mesh") is None
    for profile, alignment, said in (("demo", "mesh", "'smoke', not 'demo'"), ("smoke", "affine", "not 'affine'")):
        with pytest.raises(UserError, match=said):
            record.check_resume(trained.model, profile, alignment)
