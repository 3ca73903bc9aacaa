"""kit_model.py: a model packed and unpacked draws as it did, says whose it is, and replaces nothing."""

import numpy as np
import pytest

from faceswap_lib import UserError, samples
from faceswap_lib.classroom import kit_model
from faceswap_lib.compose import model_swap
from faceswap_lib.media import video
from faceswap_lib.network import pretrained, record
from faceswap_lib.network.model import draw


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The kit's model in a folder of its own."""
    folder = tmp_path_factory.mktemp("unpacked") / "model"
    kit_model.unpack(folder)
    return folder


def test_it_is_the_built_in_pairs_and_says_that_it_is_the_kits(unpacked):
    assert kit_model.people() == {s: video.sha256(samples.path(f"person_{s}")) for s in "ab"}
    about = record.read_about(unpacked)
    assert about["kit"].startswith("This model came with the kit and was not trained here") and "machine" not in about


def test_it_is_small():
    size = sum(path.stat().st_size for path in pretrained.FOLDER.glob(f"{kit_model.PREFIX}*"))
    assert size < 4e6


def test_a_model_packed_again_draws_the_same(unpacked, tmp_path, monkeypatch):
    for base in pretrained.FOLDER.glob("mesh_*.npz"):
        (tmp_path / base.name).symlink_to(base)
    kit_model.pack(unpacked, tmp_path)
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    kit_model.unpack(tmp_path / "again")
    about, random = record.read_about(unpacked), np.random.default_rng(0)
    seen = random.random((2, 64, 64, 3), "f4"), random.random((2, 64, 64, 4), "f4")
    one, two = (draw(model_swap.network(m, about, 0), *seen, "b") for m in (unpacked, tmp_path / "again"))
    assert np.abs(one - two).max() < 0.02


def test_a_model_that_is_there_stays(unpacked):
    with pytest.raises(UserError, match="it stays"):
        kit_model.unpack(unpacked)


def test_a_damaged_one_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    (tmp_path / "pair_model.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        kit_model.people()
