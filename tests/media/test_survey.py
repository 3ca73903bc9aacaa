"""survey.py: what is known of a video beforehand is what decoding it finds."""

import numpy as np
import pytest
from odd_clips import CODECS, PART, SIZE, clip

from faceswap_lib.media import survey


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("sound", [True, False])
def test_times_count_and_length_are_those_of_the_clip(tmp_path, suffix, sound):
    truth = clip(tmp_path / f"in{suffix}", 3, sound=sound)
    seen = survey.survey(tmp_path / f"in{suffix}")
    info = seen.info
    assert (info.width, info.height, info.frames, info.has_audio) == (*SIZE, PART, sound)
    assert info.fps == pytest.approx(24, rel=0.01) and info.duration == pytest.approx(1, abs=0.01) and not info.variable
    times = seen.times * float(seen.base)
    wanted = np.array([float(time - truth.pictures[0]) for time in truth.pictures])
    assert np.abs(times - times[0] - wanted).max() < 0.0011 and 0 <= times[0] < 0.05


def test_what_comes_first_is_at_0_and_packets_tell_it(tmp_path):
    clip(tmp_path / "in.mp4", 3, sound=False)
    clock, times = survey.promised(tmp_path / "in.mp4")
    assert len(times) == PART and times[0] * clock.bases[clock.picture] == 3 and clock.begin(times[0]) == 0
    clip(tmp_path / "in.ts", 3)
    assert survey.promised(tmp_path / "in.ts")[1] == [], "of a transport stream only decoding tells"


def test_decoding_gives_as_many_frames_as_were_promised(tmp_path):
    clip(tmp_path / "in.mkv")
    seen = survey.survey(tmp_path / "in.mkv")
    decoded = list(survey.decode(tmp_path / "in.mkv", seen.clock, seen.info.frames))
    assert len(decoded) == PART and not any(damaged for _, damaged in decoded)
