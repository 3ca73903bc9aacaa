"""drawn.py: whoever draws the faces, every frame is the same, and the output is written in the one way there is."""

import os
import signal
from pathlib import Path

import agreed
import numpy as np
import pytest
from keyed_clips import FRAMES, keyed, start

from faceswap_lib import UserError, convert, extract
from faceswap_lib.compose import model_swap
from faceswap_lib.face import faceset
from faceswap_lib.media import cuts, video
from faceswap_lib.pieces import drawn
from faceswap_lib.trust import inspection, sidecar


@pytest.fixture(scope="module")
def faces(clip, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("faces") / "a"
    extract.extract(clip, folder, profile="smoke")
    return folder


def frames(path: Path) -> np.ndarray:
    return np.stack(list(video.frames(path)))


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_two_workers_write_what_one_process_writes(clip, faces, trained, two, tmp_path):
    told: dict[str, list] = {"alone": [], "two": []}
    for name, how in (("alone", {}), ("two", {"crew": two})):
        out = tmp_path / f"{name}.mp4"
        progress = lambda *step, name=name: told[name].append(step[:2])  # noqa: E731
        result = agreed.swap(clip, faces, trained.model, out, progress=progress, **how)
        assert (result.out, result.frames, result.swapped, result.remarks) == (out, FRAMES, FRAMES, "")
    one, other = (frames(tmp_path / f"{name}.mp4") for name in told)
    assert one.shape == (FRAMES, 320, 320, 3) and (one == other).all()
    assert np.abs(one.astype(int) - frames(clip)).mean() > 0.5, "a face was drawn"
    assert told["two"] == told["alone"] == [(i, FRAMES) for i in range(1, FRAMES + 1)]
    assert left(tmp_path) == {f"{name}{end}" for name in told for end in (".mp4", "_mp4.synthetic.json")}
    facts = [inspection.signed_facts(tmp_path / f"{name}.mp4") for name in told]
    assert facts[0].pop("video") != facts[1].pop("video"), "a signature has a time in it"
    assert facts[0] == facts[1] and facts[0]["source"] == video.sha256(clip)
    assert all(inspection.whole(tmp_path / f"{name}.mp4") for name in told)


def test_a_worker_killed_in_the_middle_changes_nothing(clip, faces, trained, two, tmp_path):
    how = {"untrained": True, "color_match": "mean"}  # without TensorFlow
    agreed.swap(clip, faces, trained.model, tmp_path / "alone.mkv", **how)
    seen = []

    def kill(done: int, total: int | None, note: str) -> None:
        seen.append(left(tmp_path))
        if done == 1:
            os.kill(next(iter(two._client.run(os.getpid).values())), signal.SIGKILL)

    agreed.swap(clip, faces, trained.model, tmp_path / "two.mkv", **how, crew=two, progress=kill)
    assert (frames(tmp_path / "alone.mkv") == frames(tmp_path / "two.mkv")).all()
    assert ".pieces.two.mkv" in seen[0] and ".pieces.two.mkv" not in left(tmp_path)
    said = [sidecar.read(tmp_path / f"{name}.mkv") for name in ("alone", "two")]
    assert [one.state for one in said] == ["intact", "intact"]


def test_a_conversion_begins_anew_at_each_piece_wherever_it_is_drawn(clip, faces, trained, tmp_path, monkeypatch):
    given = []

    def swap(*args, borders: tuple, **how) -> None:
        given.append(borders)
        raise UserError("seen")

    monkeypatch.setattr(model_swap, "swap", swap)
    drawn._swap.cache_clear()
    pieces, settings = cuts.pieces(video.probe(clip)), model_swap.Settings()
    with pytest.raises(UserError, match="seen"):
        agreed.swap(clip, faces, trained.model, tmp_path / "out.mp4")
    job = drawn.Job(faces, trained.model, settings, False, (16, 32), "1")
    with pytest.raises(UserError, match="seen"):
        drawn.faces(pieces[1], job, tmp_path / "piece.zip")
    assert given == [(16, 32), (16, 32)] and left(tmp_path) == set()


class Near:
    """A crew that works as one elsewhere does, in this process."""

    far, width = True, 1

    def each(self, work: object, tasks: list, tell: object = None):
        return (work(*task) for task in tasks)


class Lazy:
    """A crew that says that it has done all."""

    far, width = True, 1

    def __init__(self, wrong: bytes | None):
        self.wrong = wrong

    def each(self, work: object, tasks: list, tell: object = None):
        for _, _, path in tasks:
            if self.wrong is not None:
                path.write_bytes(self.wrong)
            yield path


@pytest.mark.parametrize("wrong", [None, b"", b"no archive"])
def test_a_piece_that_is_not_there_or_damaged_is_said_and_nothing_is_left(clip, faces, trained, tmp_path, wrong):
    with pytest.raises(UserError, match="000000000.zip is not there, or damaged: all workers have to write into"):
        agreed.swap(clip, faces, trained.model, tmp_path / "out.mp4", crew=Lazy(wrong))
    assert left(tmp_path) == set()


def test_without_consent_nobody_is_asked_to_work(clip, faces, trained, tmp_path):
    with pytest.raises(UserError, match="there has to be a record of consent"):
        convert.convert(clip, faces, trained.model, tmp_path / "out.mp4", crew=Lazy(None))


def test_what_has_changed_is_put_back_pixel_by_pixel():
    frame = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype="u1")
    other = frame.copy()
    other[7:20, 11:30] = 255 - other[7:20, 11:30]
    x, y, part = drawn._changed(frame, other)
    assert (x, y, part.shape) == (11, 7, (13, 19, 3))
    assert drawn._changed(frame, frame)[2].shape == (1, 1, 3)


def test_frames_without_a_face_stay(trained, tmp_path):
    wall = np.full_like(start("a")[0], 110)
    path = keyed(tmp_path / "in.mp4", [*start("a")[:12], *[wall] * 20])
    extract.extract(path, tmp_path / "f", profile="smoke")
    shown = len(faceset.load(tmp_path / "f").frames)
    how = {"untrained": True, "color_match": "mean"}
    for name, more in (("alone.mkv", {}), ("two.mkv", {"crew": Near()})):
        assert agreed.swap(path, tmp_path / "f", trained.model, tmp_path / name, **how, **more).swapped == shown < 16
    assert (frames(tmp_path / "alone.mkv") == frames(tmp_path / "two.mkv")).all()
