"""The account of a run: written, read back, refused when it is none."""

import json
from pathlib import Path

import pytest

from faceswap_lib import UserError
from faceswap_lib.interop import spending
from faceswap_lib.interop.application import Spent

RUN = spending.Run(
    date="2026-11-28", machine="two cores", commit="acdcfa87", torch="2.12.1", commands=["faceswap.py train"],
    install_minutes=9, install_gigabytes=5.6, faces=(200, 240), frames=200, cut=(12.5, 10, 10**9),
    trainer="lightweight", batch=4, steps=100, egs=7.25, train=(600, 900, 2 * 10**9), convert=(40, 60, 10**9),
    history=[[1, 0, 0.5, 0.4], [100, 590, 0.2, 0.1]],
)  # fmt: skip


def test_a_run_is_read_as_it_was_written(tmp_path):
    spending.save(tmp_path, RUN)
    found = spending.read(tmp_path)
    assert found == RUN and found.trained.spent == Spent(600, 900, 2 * 10**9) and found.trained.egs == 7.25


def test_what_each_step_took_is_a_line(tmp_path):
    lines = spending.costs(RUN.trained, Spent(12.5, 10, 10**9), Spent(40, 60, 10**9), 200)
    assert [line["step"] for line in lines] == ["cut the faces", "train 100 steps", "convert 200 frames"]
    assert lines[1] == {"step": "train 100 steps", "minutes": "10.0", "processor minutes": "15.0", "memory, GB": "2.0",
                        "pace": "7.2 EGs/s"}  # fmt: skip
    assert lines[2]["pace"] == "5 frames/s"


@pytest.mark.parametrize(
    "change", [{"more": 1}, {"history": [[1, 2]]}, {"egs": float("inf")}, {"notes": ["x" * 2000]}, {"steps": "many"}]
)
def test_what_is_no_account_is_refused(tmp_path, change):
    (tmp_path / spending.NAME).write_text(json.dumps(RUN.model_dump() | change))
    with pytest.raises(UserError, match="cannot be read"):
        spending.read(tmp_path)


def test_a_folder_without_one_is_refused(tmp_path):
    with pytest.raises(UserError, match="it is no file"):
        spending.read(tmp_path)


def test_the_kits_own_recorded_run_is_there_and_small():
    folder = Path(__file__).parents[2] / "notebooks" / "measured" / "faceswap"
    run = spending.read(folder)
    assert run.steps > 20 and run.egs > 0 and run.faces == (200, 240) and run.frames == 200
    assert sum(path.stat().st_size for path in folder.iterdir()) < 600_000
