"""cuts.py: a video is cut only where both sides stand for themselves, and its pieces are its frames."""

from pathlib import Path

import av
import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.media import cuts, video
from faceswap_lib.media.remarks import Remarks

GAP, FRAMES = 12, 50


def noise(count: int = FRAMES) -> list[np.ndarray]:
    """Frames with enough in them for x264 to use its B-frames."""
    base = np.random.default_rng(0).integers(0, 255, (96, 96 + count, 3), dtype="u1")
    return [np.ascontiguousarray(base[:, i : i + 96]) for i in range(count)]


def written(path: Path, more: str = "", **codec: str) -> Path:
    with av.open(str(path), "w") as container:
        parameters = {"x264-params": f"keyint={GAP}:min-keyint={GAP}:scenecut=0:bframes=3:b-adapt=0{more}"}
        stream = container.add_stream(codec.get("name", "libx264"), 24, {"crf": "20"} | parameters)
        stream.height, stream.width, stream.pix_fmt = 96, 96, codec.get("form", "yuv420p")
        for frame in noise():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch):
    monkeypatch.setattr(cuts, "SECONDS", 0.5)
    monkeypatch.setattr(cuts, "LEAD", 5)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_pieces_are_the_videos_own_frames_and_lead_in_with_those_before(tmp_path, name):
    info = video.probe(written(tmp_path / name))
    pieces, whole = cuts.pieces(info), list(video.frames(info.path))
    assert [(one.first, one.stop) for one in pieces] == [(0, 12), (12, 24), (24, 36), (36, 50)]
    remarks = Remarks()
    found = [each for one in pieces for each in cuts.frames(one, remarks)]
    assert [index for index, _ in found] == list(range(FRAMES)) and remarks.frames == FRAMES
    assert all((frame == whole[index]).all() for index, frame in found)
    for one in pieces:
        remarks = Remarks()
        late = [(index, frame.whole()) for index, frame in cuts.late(one, remarks)]
        assert [index for index, _ in late] == list(range(max(0, one.first - 5), one.stop))
        assert all((frame == whole[index]).all() for index, frame in late)
        assert remarks.frames == one.stop - one.first, "those before are another piece's"
    assert [second for one in pieces for second in one.seconds] == pytest.approx(np.arange(FRAMES) / 24, abs=1e-3)


def test_where_frames_before_a_key_frame_need_it_there_is_no_cut(tmp_path):
    info = video.probe(written(tmp_path / "open.mp4", ":open-gop=1"))
    keys = [frame.key_frame for frame in av.open(str(info.path)).decode(video=0)]
    assert sum(keys) > 3
    (one,) = cuts.pieces(info)
    assert (one.first, one.stop, one.since) == (0, FRAMES, None)
    assert [index for index, _ in cuts.frames(one, Remarks())] == list(range(FRAMES))
    assert [index for index, _ in cuts.late(one, Remarks())] == list(range(FRAMES))


def test_where_pictures_are_renewed_stripe_by_stripe_what_is_cut_is_exact(tmp_path):
    info = video.probe(written(tmp_path / "stripes.mkv", ":intra-refresh=1:ref=1"))
    whole = list(video.frames(info.path))
    found = [each for one in cuts.pieces(info) for each in cuts.frames(one, Remarks())]
    assert [index for index, _ in found] == list(range(FRAMES))
    assert all((frame == whole[index]).all() for index, frame in found)


def test_short_ones_and_those_whose_packets_are_no_frames_stay_whole(tmp_path, monkeypatch):
    path = written(tmp_path / "a.mp4")
    for other in (written(tmp_path / "a.avi"), written(tmp_path / "b.mkv", name="mpeg4")):
        assert len(cuts.pieces(video.probe(other))) == 1
    assert len(cuts.pieces(video.probe(written(tmp_path / "half.mp4", ":interlaced=1")))) == 1
    monkeypatch.setattr(cuts, "SECONDS", 1.1)
    assert len(cuts.pieces(video.probe(path))) == 1, "of less than two pieces none is cut off"
    monkeypatch.setattr(cuts, "SECONDS", 0.8)
    assert [one.first for one in cuts.pieces(video.probe(path))] == [0, 24]


def test_a_piece_that_ends_too_early_is_said(tmp_path):
    path = written(tmp_path / "a.mp4")
    piece = cuts.pieces(video.probe(path))[-1]
    with pytest.raises(UserError, match="damaged or cut off"):
        list(cuts.frames(cuts.replace(piece, stop=60, seconds=tuple(range(60))), Remarks()))
    assert piece.abroad().info.path.is_absolute()
