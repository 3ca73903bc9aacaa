"""record.py: what a model folder says of itself comes from its training; what is damaged or foreign is refused."""

import hashlib
import json
import os
import re
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
        found = faceset.load(facesets[side])
        whose = {"video": found.source.name, "sha256": found.source.sha256, "fingerprint": found.fingerprint}
        assert about["data"][side] == whose | {"faces": 30}
        assert np.shape(about["shapes"][side]) == (478, 3)
        mean = faceset.read_image(trained.model / f"mean_{side}.png")
        side_mean = batches.load_side(faceset.load(facesets[side]), canvas("mesh", SMOKE.texture), 60).mean
        assert mean == pytest.approx(np.round(side_mean * 255))
    assert about["versions"]["keras"] == keras.__version__ and about["machine"]["cores"] == os.cpu_count()
    names = {p.name for p in trained.model.iterdir()}
    assert names == {"model.json", "model.weights.h5", "mean_a.png", "mean_b.png", "previews"}


def test_an_older_model_is_kept_under_its_date(trained, tmp_path):
    model = shutil.copytree(trained.model, tmp_path / "model")
    (tmp_path / "model-before").mkdir()
    (tmp_path / "model-before" / "mine").write_text("not the kit's")
    record.move_aside(model)
    (older,) = (path for path in tmp_path.iterdir() if path.name not in ("model", "model-before"))
    assert re.fullmatch(r"model-\d{8}-\d{6}", older.name) and record.read_about(older)["iteration"] == 40
    assert list(model.iterdir()) == [] and (tmp_path / "model-before" / "mine").exists()


def test_the_last_three_older_models_are_kept_and_what_is_not_the_kits_alone(trained, tmp_path):
    mine = {"model-20200101-000001": "with notes", "model-20200101-000002": "no model", "model-old": "no date"}
    for name, what in mine.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(what)
    shutil.copytree(trained.model, tmp_path / "model-20200101-000001", dirs_exist_ok=True)
    for number in range(5):  # five restarts, perhaps within a second
        model = shutil.copytree(trained.model, tmp_path / "model", dirs_exist_ok=True)
        about = json.loads((model / "model.json").read_text())
        (model / "model.json").write_text(json.dumps(about | {"seed": number}))
        record.move_aside(model)
    there = {path.name for path in tmp_path.iterdir()} - {"model", *mine}
    assert sorted(record.read_about(tmp_path / name)["seed"] for name in there) == [2, 3, 4]
    assert all((tmp_path / name / "notes.txt").read_text() == what for name, what in mine.items())


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "{", '{"profile": ["smoke"]}'])
def test_a_damaged_record(trained, tmp_path, text):
    model = shutil.copytree(trained.model, tmp_path / "model")
    (model / "model.json").write_text(text)
    with pytest.raises(UserError, match="model.json is damaged"):
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


def test_there_is_no_room_for_a_model_among_other_things(tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mean_a.png").write_text("mine")
    (tmp_path / "photos" / "holiday.jpg").write_text("mine")
    with pytest.raises(UserError, match="holds other things than a model"):
        record.move_aside(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="not the one you are in"):
        record.move_aside(Path("."))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["holiday.jpg", "mean_a.png", "photos"]


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


def test_a_model_of_before_there_were_fingerprints_can_be_resumed(trained, facesets, tmp_path):
    model = shutil.copytree(trained.model, tmp_path / "model")
    about = json.loads((model / "model.json").read_text())
    for side in "ab":
        del about["data"][side]["fingerprint"]
    (model / "model.json").write_text(json.dumps(about))
    assert record.check_people(model, {s: faceset.load(facesets[s]) for s in "ab"}) is None
