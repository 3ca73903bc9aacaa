"""Faceswap's frames become a video with all of this kit's marks."""

import shutil

import agreed
import cv2
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.face import faceset
from faceswap_lib.interop import converted, exchange
from faceswap_lib.media import video
from faceswap_lib.trust import inspection, label


@pytest.fixture
def given(short, facesets, tmp_path) -> exchange.Exported:
    """A's short clip, exported, and its frames as Faceswap would write them: here each one is made darker."""
    out = exchange.export(facesets["a"], short["a"], tmp_path / "out")
    (tmp_path / "frames").mkdir()
    for i, frame in enumerate(video.frames(short["a"])):
        faceset.save_image(tmp_path / "frames" / f"a_{i + 1:06d}.png", frame // 2)
    return out


def test_the_video_has_its_frames_and_all_marks(given, facesets, short, tmp_path):
    out, weights = tmp_path / "s.mp4", tmp_path / "w.keras"
    weights.write_bytes(b"weights")
    sides = (facesets["a"], facesets["b"])
    how = {"consent": agreed.of(*short.values())}
    count = converted.write(given, tmp_path / "frames", out, *sides, trainer="lightweight", weights=weights, **how)
    frames, source = list(video.frames(out)), list(video.frames(short["a"]))
    assert count == len(frames) == 30
    assert label.share_of(frames) == 1
    top = [frame[:200].mean() / (now[:200] // 2).mean() for frame, now in zip(frames, source, strict=True)]
    assert np.allclose(top, 1, atol=0.05)
    layers = {layer.layer: layer for layer in inspection.inspect(out)}
    assert len(layers) == 4 and all(layer.state in ("intact", "there") for layer in layers.values()), layers
    assert "deepfakes/faceswap, lightweight" in (tmp_path / "s_mp4.synthetic.json").read_text()


def test_a_frame_that_is_missing_or_of_another_size_leaves_nothing(given, short, facesets, tmp_path):
    with pytest.raises(UserError, match="there has to be a record of consent"):
        converted.write(given, tmp_path / "frames", tmp_path / "s.mp4", *facesets.values(), trainer="original")
    record = agreed.of(*short.values())
    sides = (facesets["a"], facesets["b"])
    path = tmp_path / "frames" / "a_000009.png"
    kept = shutil.copy(path, tmp_path / "kept.png")
    cv2.imwrite(str(path), np.zeros((8, 8, 3), "u1"))
    with pytest.raises(UserError, match="another size"):
        converted.write(given, tmp_path / "frames", tmp_path / "s.mp4", *sides, trainer="original", consent=record)
    path.unlink()
    with pytest.raises(UserError, match="a_000009.png"):
        converted.write(given, tmp_path / "frames", tmp_path / "s.mp4", *sides, trainer="original", consent=record)
    assert kept and not list(tmp_path.glob("*.mp4")) and not list(tmp_path.glob("*.json"))
