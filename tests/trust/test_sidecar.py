"""sidecar.py: the file beside a video is read back, and every change of it or of the video told."""

import json
import shutil

import pytest

from faceswap_lib import samples
from faceswap_lib.trust import keys, sidecar
from faceswap_lib.trust.statement import Statement

SAID = Statement("trained network", "ab" * 32)


@pytest.fixture
def video(tmp_path):
    path = tmp_path / "swapped.mkv"
    shutil.copy(samples.path("truth_a_as_b"), path)
    sidecar.write(path, path, SAID)
    return path


def test_it_says_what_the_video_is(video):
    found = sidecar.read(video)
    assert found.state == "intact" and found.facts.items() >= SAID.said.items()
    assert sidecar.path_of(video).name == "swapped_mkv.synthetic.json"


def test_another_video_is_told(video):
    video.write_bytes(video.read_bytes() + b"more")
    assert sidecar.read(video).state == "altered"


@pytest.mark.parametrize("what", ("a fact", "the signature", "no JSON", "a list", "no chain", "too much"))
def test_another_text_is_told(video, what):
    path = sidecar.path_of(video)
    told = json.loads(path.read_text())
    other = {
        "a fact": told | {"synthetic": False},
        "the signature": told | {"signature": told["signature"][:-8] + "AAAAAAA="},
        "a list": [told],
        "no chain": {k: v for k, v in told.items() if k != "certificates"},
        "too much": told | {"more": "x" * sidecar.MOST},
    }
    path.write_text("{" if what == "no JSON" else json.dumps(other[what]))
    assert sidecar.read(video).state == "altered"


def test_one_that_is_gone_is_missing(video):
    sidecar.path_of(video).unlink()
    assert sidecar.read(video).state == "missing"


def test_a_strangers_is_unknown(video, tmp_path, monkeypatch):
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "other"))
    assert sidecar.read(video).state == "unknown"
