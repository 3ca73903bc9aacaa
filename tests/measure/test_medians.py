"""medians.py: reports made up here become one table, by NumPy's medians and the intervals of their frames."""

import json

import numpy as np
import pytest

from faceswap_lib.measure import medians

FRAMES, SEEDS = 80, (3, 4, 5)
LEVELS = {
    "ssim": {"swap": 0.7, "0 s": 0.7, "source": 0.5},
    "identity": {"swap": 0.4, "0 s": 0.1, "source": -0.8},
    "flicker": {"swap": 0.9, "0 s": 0.4, "source": 0.0},
    "mouth": {"swap": 0.3, "0 s": 0.3, "source": 0.3},
}


def report(seed: int) -> dict:
    """A report of two moments, the later one the swap: better in identity, worse in flicker, else alike."""
    random = np.random.default_rng(seed)
    hard = random.normal(0, 0.05, FRAMES)  # some frames are hard for all
    frames: dict = {"index": list(range(FRAMES))}
    figures = {"unseen_a": {"value": 1.0, "low": 1.0, "high": 1.0, "reference": {}}}
    for name, levels in LEVELS.items():
        for label, level in levels.items():
            frames.setdefault(label, {})[name] = (level + seed / 1000 + hard + random.normal(0, 0.02, FRAMES)).tolist()
        means = {label: float(np.mean(frames[label][name])) for label in levels}
        value, wide = means.pop("swap"), 0.01 * (seed - 2)
        own = {"B's own": 0.9} if name == "identity" else {}
        figures[name] = {"value": value, "low": value - wide, "high": value + wide, "reference": means | own}
    return {"figures": figures, "frames": frames, "order": ["0 s", "9 s"], "run": {"seed": seed}}


def apart(reports: list[dict], measure) -> float:
    """By how much the swap's frames differ from those of "0 s" in what is measured, median over the reports."""
    return float(np.median([measure(r["frames"]["swap"], r) - measure(r["frames"]["0 s"], r) for r in reports]))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[dict, list[dict]]:
    """What is saved of three seeds, and their reports."""
    reports, path = [report(seed) for seed in SEEDS], tmp_path_factory.mktemp("bench") / "bench.json"
    found = medians.save(path, reports, {"profile": "smoke"}, ["0 s", "9 s"], ["0 s", "9 s"])
    assert json.loads(path.read_text()) == found and list(path.parent.iterdir()) == [path]
    return found, reports


def test_a_row_holds_the_medians_over_the_seeds(made):
    found, reports = made
    assert list(found["rows"]) == ["0 s", "9 s", "source", "B's own"]
    assert set(found["rows"]["9 s"]) == set(LEVELS), "and nothing of faces never seen"
    for name in LEVELS:
        figures = [r["figures"][name] for r in reports]
        assert found["rows"]["9 s"][name] == pytest.approx(np.median([f["value"] for f in figures]), abs=1e-4)
        others = np.median([f["reference"]["0 s"] for f in figures])
        assert found["rows"]["0 s"][name] == pytest.approx(others, abs=1e-4)
        assert found["noise"][name] == pytest.approx(0.02), "half an interval, of the seed in the middle"
    assert found["rows"]["B's own"] == dict.fromkeys(LEVELS) | {"identity": 0.9}
    assert found["about"] == {"profile": "smoke", "run": {"seed": 3}}


def test_two_rows_are_compared_frame_by_frame(made):
    found, reports = made
    assert list(found["against"]) == ["0 s", "9 s"] and list(found["against"]["9 s"]) == ["0 s", "source", "B's own"]
    assert found["against"]["9 s"]["B's own"] == {}, "who has no frames cannot be compared"
    difference, low, high = found["against"]["9 s"]["0 s"]["identity"]
    assert difference == pytest.approx(apart(reports, lambda row, _: np.mean(row["identity"])), abs=1e-4)
    assert low < difference < high < low + 0.05
    assert found["against"]["0 s"]["9 s"]["identity"] == pytest.approx([-difference, -high, -low], abs=1e-3)


def test_a_figure_that_correlates_is_compared_by_its_correlations(made):
    found, reports = made

    def in_step(row: dict, r: dict) -> float:
        return np.corrcoef(row["mouth"], r["frames"]["source"]["mouth"])[0, 1]

    assert in_step(reports[0]["frames"]["swap"], reports[0]) > 0.5, "the hard frames are the same"
    assert found["against"]["9 s"]["0 s"]["mouth"][0] == pytest.approx(apart(reports, in_step), abs=1e-4)


def test_the_table_has_a_line_per_figure(made):
    text = medians.table(made[0])
    assert text.splitlines()[0].split()[:4] == ["0", "s", "9", "s"]
    figures, sides = text.split("\n\n")
    lines = {line.split()[0]: line.split()[1:] for line in figures.splitlines()[1:]}
    assert set(lines) == set(made[0]["noise"]) == set(LEVELS)
    assert lines["identity"][3:] == ["0.900", "0.020", "higher"] and lines["flicker"][-1] == "lower"
    assert len(lines["ssim"]) == len(lines["identity"]) - 1, "a hole"
    assert len(sides.splitlines()) == 2 * 3, "two moments, each against all other rows"


def test_a_sentence_says_where_a_row_is_better_and_where_worse(made):
    told = medians.sides(made[0])
    assert told[3].startswith("9 s against 0 s: better in identity") and "worse in flicker" in told[3]
    assert told[0].startswith("0 s against 9 s: better in flicker") and "worse in identity" in told[0]
    assert told[5] == "9 s against B's own: no clear difference"
