"""inspection.py: every layer is told apart, on files of ours and of others."""

import shutil

import cv2
import pytest

from faceswap_lib import UserError, samples
from faceswap_lib.media import video
from faceswap_lib.trust import consent, inspection, keys, label, marked, sidecar
from faceswap_lib.trust.statement import Statement


@pytest.fixture(scope="module")
def made(short, tmp_path_factory):
    stamp = label.Label(320, 320, {}).stamp
    out = tmp_path_factory.mktemp("made") / "made.mp4"
    facts = Statement("test", video.sha256(short["a"]), consent=consent.NONE_NEEDED)
    marked.rewrite(short["a"], out, lambda numbered: (stamp(*one) for one in numbered), facts)
    return out


def states(path) -> list[str]:
    return [layer.state for layer in inspection.inspect(path)]


def test_a_file_of_ours_has_all(made):
    layers = inspection.inspect(made)
    assert [layer.state for layer in layers] == ["intact"] * 4 and inspection.whole(made)
    assert "visible label, Content Credentials" in inspection.told(layers)


def test_of_a_copy_that_was_encoded_anew_label_and_mark_are_left(made, tmp_path):
    video.write(tmp_path / "again.mp4", video.frames(made), 24, crf=28)
    assert states(tmp_path / "again.mp4") == ["intact", "missing", "missing", "intact"]


def test_of_a_crop_the_mark_is_left(made, tmp_path):
    video.write(tmp_path / "crop.mp4", [frame[:288] for frame in video.frames(made)], 24, crf=23)
    assert not inspection.whole(tmp_path / "crop.mp4")
    assert states(tmp_path / "crop.mp4") == ["missing", "missing", "missing", "intact"]


@pytest.mark.parametrize("name", ("frame.png", "frame.jpg"))
def test_a_single_picture_has_label_and_mark(made, tmp_path, name):
    cv2.imwrite(str(tmp_path / name), cv2.cvtColor(video.frame(made, 7), cv2.COLOR_RGB2BGR))
    assert states(tmp_path / name) == ["intact", "missing", "missing", "intact"]


def test_what_a_stranger_has_signed_steers_no_terminal(made, tmp_path, monkeypatch):
    copy = tmp_path / "made.mp4"
    shutil.copy(made, copy)
    sidecar.write(copy, copy, Statement("\x1b[2J", "0" * 64, consent="\x1b[31m"))
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "other"))
    said = [layer.says for layer in (*inspection.inspect(copy), inspection.agreement(copy))]
    assert "?[2J" in "".join(said) and not any("\x1b" in each for each in said)


def test_a_recording_has_none_and_that_proves_nothing():
    layers = inspection.inspect(samples.path("person_b"))
    assert {layer.state for layer in layers} == {"missing"}
    assert "does not make it real" in inspection.told(layers)


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match="no picture"):
        inspection.inspect(tmp_path / "no.png")
    with pytest.raises(UserError):
        inspection.inspect(tmp_path / "nothing.mp4")
