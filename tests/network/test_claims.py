"""claims.py: a record that a stranger may have written is believed only where it could be one of this kit."""

import copy
import json
import math
import shutil

import numpy as np
import pytest

from faceswap_lib import UserError, files
from faceswap_lib.face import faceset
from faceswap_lib.network import claims, pretrained, record

HUGE = 1e308


@pytest.fixture
def model(trained, tmp_path):
    """A copy of the smoke model, to be changed."""
    return shutil.copytree(trained.model, tmp_path / "models" / "model")


@pytest.fixture
def found(trained) -> dict:
    """What a good record says."""
    return copy.deepcopy(record.read_about(trained.model))


CHANGES = {
    "a profile that is none": lambda r: r.update(profile="../demo"),
    "a list for a profile": lambda r: r.update(profile=["smoke"]),
    "a base elsewhere": lambda r: r.update(start="../../private/base"),
    "a base with a full path": lambda r: r.update(start="/tmp/base"),
    "a hidden base": lambda r: r.update(start=".base"),
    "a seed below zero": lambda r: r.update(seed=-1),
    "a seed without end": lambda r: r.update(seed=10**400),
    "an iteration below zero": lambda r: r.update(iteration=-5),
    "no history": lambda r: r["history"].clear(),
    "a check without its losses": lambda r: r["history"][0].pop("held_a"),
    "a loss that is none": lambda r: r["history"][0].update(held_a="low"),
    "a loss beyond all": lambda r: r["history"][0].update(held_b=HUGE),
    "a loss that is no number": lambda r: r["history"][0].update(loss_a=math.nan),
    "a shape beyond all": lambda r: r["shapes"]["a"][7].__setitem__(1, HUGE),
    "a shape of four dimensions": lambda r: r["shapes"]["a"][7].append(1.0),
    "a shape too few": lambda r: r["shapes"]["b"].pop(),
    "a shape without size": lambda r: r["shapes"]["a"].__setitem__(slice(None), [[0.0, 0.0, 0.0]] * 478),
    "one shape": lambda r: r["shapes"].pop("b"),
    "a third person": lambda r: r["data"].update(c=r["data"]["a"]),
    "a fingerprint that is none": lambda r: r["data"]["a"].update(sha256="x" * 64),
    "a name without end": lambda r: r["data"]["a"].update(video="x" * 10**6),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_claim_that_cannot_be_true(model, found, what):
    assert claims.check(found, model) is None
    CHANGES[what](found)
    with pytest.raises(ValueError):
        claims.check(found, model)


def test_a_record_of_a_million_checks_is_refused_at_the_first_that_is_none(model, found):
    found["history"] = [{}] * 10**6
    with pytest.raises(ValueError) as caught:
        claims.check(found, model)
    assert len(caught.value.errors()) < 10, "a million errors would take a gigabyte"


@pytest.mark.parametrize("name", ["mean_a.png", "mean_b.png"])
def test_a_mean_texture_is_of_the_networks_size_and_there(model, found, name):
    faceset.save_image(model / name, np.zeros((99, 98, 3), "u1"))
    with pytest.raises(ValueError, match=f"{name} has 98 × 99 pixels, not 64 × 64"):
        claims.check(found, model)
    (model / name).unlink()
    with pytest.raises(ValueError, match="not there"):
        claims.check(found, model)


def test_a_model_does_not_reach_out_of_its_folder(model, found):
    """What a resumed training would write through: its previews and its mean textures."""
    outside = model.parent / "pictures"
    outside.mkdir()
    shutil.rmtree(model / "previews")
    (model / "previews").symlink_to(outside)
    with pytest.raises(ValueError, match="previews is a link to another folder"):
        claims.check(found, model)
    with pytest.raises(UserError, match="model is damaged .previews is a link to another folder.; put it back"):
        record.read_about(model)


def test_a_file_beyond_all_bounds_is_not_read(model, monkeypatch):
    monkeypatch.setattr(claims, "MOST", 1000)
    with pytest.raises(UserError, match="is damaged"):
        record.read_about(model)


def test_weights_beyond_all_bounds_are_not_even_read(model, monkeypatch):
    """A hole of a file takes no disk, and hours to read."""
    with (model / "model.safetensors").open("r+b") as file:
        file.truncate(1 << 40)
    read = []
    monkeypatch.setattr(files, "sha256", lambda path: read.append(path.name))
    with pytest.raises(UserError, match="is damaged"):
        record.read_about(model)
    assert read == []


def test_a_base_is_one_that_comes_with_the_kit(tmp_path):
    np.savez(tmp_path / "theirs.npz", encoder00=np.zeros(1))
    for name in (f"../../../../..{tmp_path}/theirs", str(tmp_path / "theirs")):
        with pytest.raises(UserError, match="which is not here; convert with --pull 0"):
            pretrained.pull(None, name, 0.5, {})


def test_a_base_holds_numbers_and_nothing_that_runs(tmp_path):
    """A pickle in a .npz runs what it says when it is read as an object; it is not."""
    ran = tmp_path / "ran"

    class Payload:
        def __reduce__(self):
            return ran.write_text, ("gotcha",)

    np.savez(tmp_path / "base.npz", encoder00=np.array([Payload()], object), decoder00=np.zeros(1))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        pretrained._pairs(None, tmp_path / "base.npz")
    assert not ran.exists()


def test_a_record_is_json_of_plain_values(found):
    assert json.loads(json.dumps(found)) == found
