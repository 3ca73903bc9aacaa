"""The lessons: their form, and all of them run by papermill with the smoke profile, figures held against a baseline."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import cell_runner
import expected
import matplotlib.pyplot as plt
import nbformat
import page_loads
import pytest

from faceswap_lib import extract, samples, workshop
from faceswap_lib.media import video
from faceswap_lib.trust import consent, inspection

HERE = Path(__file__).resolve().parent
LESSONS = sorted(workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
NAMES = {"profile", "workdir", "video_a", "video_b", "seed"}
BASELINE = json.loads((HERE.parent / "baseline.json").read_text())


@pytest.fixture(autouse=True)
def no_account(monkeypatch):
    """Lab 1 asks nobody, also on a computer that has an account's config."""
    monkeypatch.setenv("OCI_CONFIG_FILE", str(HERE / "there is none"))


def cells(path: Path) -> list:
    """A notebook's cells, checked against the format's schema."""
    book = nbformat.read(path, 4)
    nbformat.validate(book)
    return book.cells


def packets(path: Path) -> list[tuple]:
    """Every packet of sound with its time stamp, read past the library."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [(p.pts * p.time_base, bytes(p)) for p in container.demux(stream) if p.size]


def printed(path: Path) -> str:
    """All text that a notebook's cells printed or showed."""
    outputs = [o for c in nbformat.read(path, 4).cells if c.cell_type == "code" for o in c.outputs]
    return "\n".join(str(o.get("text", "")) + json.dumps(o.get("data", {})) for o in outputs)


def test_there_is_a_lesson_for_every_lab():
    assert [path.stem[:2] for path in LESSONS] == [f"{n:02d}" for n in range(9)]


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_has_the_house_form(path):
    all_cells = cells(path)
    code = [c for c in all_cells if c.cell_type == "code"]
    text = "\n".join(c.source for c in all_cells if c.cell_type == "markdown")
    assert all_cells[0].source.startswith("# Lab ") and "**Goal:**" in all_cells[0].source
    assert "**Time:**" in all_cells[0].source and "**Cost:**" in all_cells[0].source
    tagged = [c for c in code if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1 and NAMES <= {line.split(" = ")[0] for line in tagged[0].source.splitlines()}
    assert all(len(c.source.splitlines()) <= 12 for c in code)
    assert not any(c.outputs or c.execution_count for c in code)
    assert "## Exercises" in text and "**1." in text and "**2." in text
    assert "Self-check" in text and "pages.check(" in code[-1].source


def test_every_lesson_ran_and_passed_its_own_check(run):
    assert [lab.status for lab in run.labs] == ["done"] * len(LESSONS)
    for path in LESSONS:
        assert "Self-check: pass" in printed(run.workdir / "notebooks" / path.name), path.stem
        assert f"notebooks/{path.stem}.html" in (run.workdir / "index.html").read_text()


def test_the_swapped_video_keeps_frames_time_stamps_and_sound(run):
    import av

    source, swapped = samples.path("person_a"), run.workdir / "swapped.mp4"
    stamps = []
    for path in (source, swapped):
        with av.open(str(path)) as container:
            stamps.append([frame.time for frame in container.decode(video=0)])
    assert len(stamps[0]) == 200 and stamps[0] == pytest.approx(stamps[1], abs=1e-6)
    assert packets(source) == packets(swapped)
    before, after = video.probe(source), video.probe(swapped)
    assert (before.width, before.height) == (after.width, after.height)


def test_the_built_in_people_are_asked_for_no_consent(run):
    for path in (run.workdir / "swapped.mp4", *(run.workdir / "broken").glob("*.mp4")):
        assert inspection.signed_facts(path)["consent"] == consent.NONE_NEEDED
    assert not list(run.workdir.rglob("consent*"))


@pytest.mark.parametrize("name", BASELINE["smoke"]["figures"])
def test_the_figures_are_those_of_the_baseline(run, name):
    expected, measured = BASELINE["smoke"]["figures"][name], run.report["figures"][name]["value"]
    assert measured == pytest.approx(expected["value"], abs=expected["tolerance"])


@pytest.fixture(scope="module")
def values(run) -> dict[str, float]:
    """What the run left behind, by the names of expected.json."""
    return expected.measured(run.workdir)


@pytest.mark.parametrize("claim", [c for c in expected.claims() if "smoke" in c.runs], ids=lambda c: f"{c.lab}-{c.of}")
def test_the_run_finds_what_a_lesson_promises(claim, values):
    assert not claim.wrong(values, expected.busy())


def test_the_baseline_names_every_figure(run):
    assert list(BASELINE["smoke"]["figures"]) == list(run.report["figures"])


def test_the_report_can_be_sent_around(run):
    page = (run.workdir / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in run.report["figures"]) and 'src="http' not in page and 'src="/' not in page
    assert "report.html" in (run.workdir / "index.html").read_text(encoding="utf-8")
    assert {path.stem for path in (run.workdir / "references").glob("*.mp4")} == {
        "classic_paste",
        "Bs_mean",
        "Bs_nearest",
    }


def test_no_page_of_a_run_asks_the_network_for_anything(run):
    pages = [*run.workdir.glob("*.html"), *(run.workdir / "notebooks").glob("*.html")]
    assert len(pages) == len(LESSONS) + 2
    for path in pages:
        own = {"swapped.mp4#t=1.2"} if path.name == "index.html" else set()
        assert set(page_loads.loads(path.read_text(encoding="utf-8"))) == own, path.name


def test_every_picture_of_a_run_says_what_it_shows(run):
    for path in (run.workdir / "notebooks").glob("*.html"):
        tags = re.findall(r"<(?:img|video)\b[^>]*>", path.read_text(encoding="utf-8"))
        silent = [tag[:80] for tag in tags if not re.search(r'\b(?:alt|aria-label)="[^"]', tag)]
        assert not silent, f"{path.name}: {silent}"


def test_the_references_stand_where_the_lesson_says(run):
    by = {name: figure["reference"] | {"swap": figure["value"]} for name, figure in run.report["figures"].items()}
    rows = ("swap", "classic paste", "B's mean", "B's nearest")
    for name in ("sharpness", "identity"):  # it wins what looks at one frame and does not ask what it should show
        assert max(rows, key=lambda row: by[name][row]) == "classic paste"
    for name in ("ssim", "mouth", "eyes"):
        assert min(rows, key=lambda row: by[name][row]) == "classic paste"
    for name in ("expression", "motion", "flicker", "shimmer", "border"):
        assert max(rows, key=lambda row: by[name][row]) == "classic paste"
    assert by["identity"]["classic paste"] > by["identity"]["ideal"] > by["identity"]["source"]
    assert by["identity"]["source"] < -0.6 and by["identity"]["B's own"] > 0.6
    for name, figure in run.report["figures"].items():
        if "ideal" in by[name] and name in ("ssim", "ms_ssim", "psnr", "delta_e", "parts", "expression", "to_ideal"):
            best = max if figure["better"] == "higher" else min
            assert best(by[name], key=by[name].get) == "ideal"


def test_the_swap_beats_the_unswapped_source(run):
    for name in ("ssim", "psnr", "parts", "to_ideal", "expression", "identity"):
        figure = run.report["figures"][name]
        gain = figure["value"] - figure["reference"]["source"]
        assert gain > 0 if figure["better"] == "higher" else gain < 0, name
    assert run.report["figures"]["share_nearer_b"]["value"] >= 0.95


def test_lab_7_tells_its_own_swap_and_fails_where_the_lesson_says(run):
    told = json.loads((run.workdir / "detection.json").read_text(encoding="utf-8"))
    rows = {row["case"]: row for row in told["cases"]}
    auc = {case: {who: row[who]["auc"]["value"] for who in ("own", "blends")} for case, row in rows.items()}
    own, other = auc["this run's own swap"], auc["another pair: A's face on B"]
    assert own["own"] > 0.9 and rows["this run's own swap"]["own"]["auc"]["low"] > 0.8
    assert abs(told["shuffled"]["value"] - 0.5) < 0.15 and told["shuffled"]["low"] <= 0.55
    assert told["shuffled"]["high"] >= 0.45, "labels that mean nothing are a coin"
    alarms = {case: row["own"]["alarms"] for case, row in rows.items()}
    assert min(alarms[case] for case in ("half the size", "another pair: A's face on B")) > 0.5, "the threshold is lost"
    assert other["own"] < own["own"] and auc["self-blended"]["own"] < own["own"] - 0.03
    assert told["alarms_on_b"]["own"] > 0.7 > 0.5 > told["alarms_on_b"]["blends"], "to the first, B himself is a fake"
    assert own["blends"] < own["own"] and auc["classic paste"]["blends"] < own["blends"] - 0.05
    assert {"encoded at CRF 28", "encoded at CRF 35", "half the size", "no colour match"} < set(rows)


def test_extraction_found_every_face(run):
    assert extract.faceset.load(run.workdir / "faces" / "a").frames.tolist() == list(range(200))


SOLUTIONS = sorted((workshop.NOTEBOOKS / "solutions").glob("*.ipynb"))


def test_every_lesson_has_its_solution():
    assert [path.name for path in SOLUTIONS] == [path.name for path in LESSONS]


@pytest.fixture
def without_kernel(monkeypatch) -> Callable[[Path, Path], None]:
    """A function that runs a notebook's cells here, with a workdir, where the notebook stands."""

    def run_here(path: Path, workdir: Path) -> None:
        monkeypatch.chdir(path.parent)
        names, (settings, *rest) = cell_runner.begin(), [c for c in cells(path) if c.cell_type == "code"]
        for source in (f'{settings.source}\nprofile, workdir = "smoke", {str(workdir)!r}', *[c.source for c in rest]):
            cell_runner.run(source, names)
        assert not any(c.outputs for c in (settings, *rest))

    yield run_here
    plt.close("all")


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda p: p.stem)
def test_a_solution_runs_on_what_the_lessons_left(path, run, without_kernel, capsys):
    without_kernel(path, run.workdir)
    told = capsys.readouterr().out
    asked = re.findall(r'check\(\\"\d\d-', path.read_text(encoding="utf-8"))
    assert "not yet" not in told and told.count(": right.") == len(asked)


def test_the_appendix_shows_what_was_measured_for_the_kit(tmp_path, without_kernel, capsys):
    without_kernel(workshop.NOTEBOOKS / "appendix_benchmark.ipynb", tmp_path)
    assert "Self-check: pass" in capsys.readouterr().out
