"""kit_model.py: a model packed and unpacked draws as it did, says whose it is, and replaces nothing."""

import numpy as np
import pytest

from faceswap_lib import UserError, samples
from faceswap_lib.classroom import kit_model
from faceswap_lib.media import video
from faceswap_lib.network import pretrained, record


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


def test_a_model_packed_again_has_the_same_numbers(unpacked, tmp_path):
    kit_model.pack(unpacked, tmp_path)
    with np.load(tmp_path / "pair_weights.npz") as one, np.load(pretrained.FOLDER / "pair_weights.npz") as two:
        assert sorted(one) == sorted(two) and any(np.abs(one[name]).max() == kit_model.STEPS for name in one)
        assert all(np.allclose(one[name], two[name], rtol=1e-4) for name in one)


def test_a_model_that_is_there_stays(unpacked):
    with pytest.raises(UserError, match="it stays"):
        kit_model.unpack(unpacked)


def test_a_damaged_one_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    (tmp_path / "pair_model.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        kit_model.people()
