"""selfswap.py at the smoke profile's size: one clip cut in two and put on itself; what cannot be is said before."""

import json
import re
import shutil
from itertools import islice

import agreed
import numpy as np
import page_loads
import pytest

from faceswap_lib import UserError, samples, selfswap
from faceswap_lib.classroom import kit_model
from faceswap_lib.media import video
from faceswap_lib.trust import consent, inspection

COUNT = 36  # frames: two parts of 12, half a second between them
SHARES = np.array([[0.1, 0.6], [0.2, 0.4]])


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A second and a half of A."""
    path = tmp_path_factory.mktemp("own") / "me.mp4"
    video.write(path, islice(video.frames(samples.path("person_a")), 60, 60 + COUNT), 24)
    return path


@pytest.fixture(scope="module")
def made(clip, tmp_path_factory):
    """The self-swap of it, two steps of training, and the steps that its progress told of."""
    run, told = tmp_path_factory.mktemp("self") / "run", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selfswap, "shining", lambda: SHARES)
        how = {"profile": "smoke", "iterations": 2, "every": 6, "progress": lambda *one: told.append(one)}
        how |= {"consent": agreed.of(clip)}
        return selfswap.selfswap(clip, run, **how), told


def test_the_parts_are_the_clips_beginning_and_end(made, clip):
    frames = list(video.frames(clip))
    for name, first in (("a", 0), ("b", COUNT - 12)):
        part = list(video.frames(made[0].folder / f"{name}.mp4"))
        assert len(part) == 12
        assert np.abs(np.int16(part) - np.int16(frames[first : first + 12])).mean() < 2


def test_it_lies_between_the_mean_and_the_limit(made):
    found = made[0]
    assert list(found.figures) == ["B's mean", "swap", "the limit"]
    ssim = {name: row["ssim"] for name, row in found.figures.items()}
    assert ssim["the limit"] > max(ssim["swap"], ssim["B's mean"])
    face = found.rows[0]
    assert face["region"] == "face" and face["the limit"] < min(face["swap"], face["B's mean"])
    assert found.shining == (0.15, 0.5)
    report = json.loads((found.folder / "report" / "report.json").read_text())
    assert report["figures"]["ssim"]["value"] == ssim["swap"] and report["figures"]["ssim"]["reference"]["ideal"] == 1


def test_all_that_is_drawn_is_marked(made, clip):
    folder, digest = made[0].folder, consent.read(agreed.of(clip)).hash
    drawn = [folder / "self-swap.mp4", folder / "limit.mp4", *(folder / "report" / "references").glob("*.mp4")]
    assert len(drawn) == 5 and all(inspection.whole(path) for path in drawn)
    assert {inspection.signed_facts(path)["consent"] for path in drawn} == {digest}
    assert set(consent.made(agreed.of(clip))) == set(drawn)


def test_the_page_says_it_and_loads_nothing(made):
    found, text = made[0], made[0].page.read_text(encoding="utf-8")
    assert found.sentence.replace("'", "&#x27;") in text and "not swapping at all would" in text
    assert "A shining through" in text and "0.15" in text and not page_loads.loads(text)
    assert len(images := re.findall(r"<img[^>]*>", text)) == 2 and all('alt="' in each for each in images)
    assert found.sentence in (told := selfswap.told(found)) and "A shining through" in told and str(found.page) in told


def test_every_step_has_its_number(made):
    heads = list(dict.fromkeys(note.partition(":")[0] for _, _, note in made[1]))
    assert heads == [f"step {i + 1} of 7, {name}" for i, name in enumerate(selfswap.STAGES)]


def test_what_cannot_be_cut_in_two_is_said(clip, tmp_path):
    for frames, given in ((COUNT - 4, {}), (COUNT, {"frames": 5})):
        video.write(tmp_path / f"{frames}.mp4", islice(video.frames(clip), frames), 24)
        with pytest.raises(UserError, match="too few to be cut in two"):
            selfswap.selfswap(
                tmp_path / f"{frames}.mp4", tmp_path / "run", consent=agreed.of(tmp_path / f"{frames}.mp4"), **given
            )


def test_it_needs_the_consent_of_the_one_who_is_shown(clip, tmp_path):
    with pytest.raises(UserError, match="--video-a .*me.mp4 .*--video-b .*me.mp4"):
        selfswap.selfswap(clip, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_two_people_are_not_put_on_one_another(clip, tmp_path):
    both = [video.frames(clip), islice(video.frames(samples.path("person_b")), COUNT)]
    video.write(two := tmp_path / "two.mp4", (frame for part in both for frame in islice(part, 18)), 24)
    with pytest.raises(UserError, match="show two people"):
        selfswap.selfswap(two, tmp_path / "run", profile="smoke", consent=agreed.of(two))
    assert not (tmp_path / "run" / "model").exists()


def test_a_folder_with_other_things_is_left_alone(clip, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="holds other things"):
        selfswap.selfswap(clip, tmp_path, consent=agreed.of(clip))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_what_shines_through_is_measured_on_the_built_in_pair(trained, monkeypatch):
    monkeypatch.setattr(kit_model, "unpack", lambda folder: shutil.copytree(trained.model, folder))
    shares = selfswap.shining()
    assert shares.shape == (12, 2) and np.abs(shares.mean(0)).max() < 0.15, "of A .01 and of B .03 by the kit's model"
