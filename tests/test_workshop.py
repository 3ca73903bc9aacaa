"""The runner, on tiny notebooks made here; the real ones run in tests/notebooks."""

import os
import subprocess
import sys
import time
from pathlib import Path

import agreed
import nbformat
import psutil
import pytest
from odd_clips import clip
from small_notebooks import USUAL, notebook

from faceswap_lib import UserError, files, samples, workshop
from faceswap_lib.classroom import journal, logbook

NOTE = """from pathlib import Path
with Path(workdir, "order.txt").open("a") as f: f.write(f"{}:{{profile}}:{{seed}} ")"""


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, list[str], workshop.Workshop]:
    """Two notebooks run with a parameter that only the second knows."""
    books, workdir = tmp_path_factory.mktemp("books"), tmp_path_factory.mktemp("work")
    notebook(
        books / "01_b.ipynb",
        NOTE.format("second"),
        "assert extra == 7",
        parameters='profile = ""\nworkdir = ""\nseed = 0\nextra = 1',
    )
    notebook(books / "00_a.ipynb", NOTE.format("first"))
    said: list[str] = []
    return workdir, said, workshop.workshop(workdir, "smoke", seed=3, notebooks=books, say=said.append, extra=7)


def test_notebooks_run_in_order_with_their_parameters(done):
    workdir, said, run = done
    assert (workdir / "order.txt").read_text() == "first:smoke:3 second:smoke:3 "
    assert [lab.status for lab in run.labs] == ["done", "done"]
    assert any("[2/2] Title of 01_b: done in" in line for line in said)


def test_executed_copies_and_pages_land_in_the_workdir(done):
    workdir, *_ = done
    for name in ("00_a", "01_b"):
        cells = nbformat.read(workdir / "notebooks" / f"{name}.ipynb", 4).cells
        assert any(cell.cell_type == "code" and cell.execution_count for cell in cells)
        assert f"Title of {name}" in (workdir / "notebooks" / f"{name}.html").read_text()
        assert f"notebooks/{name}.html" in (workdir / "index.html").read_text()


def test_a_parameter_that_no_notebook_knows_is_refused_before_anything_runs(tmp_path):
    notebook(tmp_path / "00_a.ipynb", NOTE.format("first"))
    with pytest.raises(UserError, match="no notebook has a parameter 'speed'.*profile"):
        try:
            workshop.workshop(tmp_path / "w", notebooks=tmp_path, speed=3)
        except UserError as error:
            raise UserError(str(error).lower()) from error
    assert not (tmp_path / "w").exists()


def test_a_users_error_in_a_cell_is_passed_on_and_later_notebooks_wait(tmp_path):
    notebook(tmp_path / "00_a.ipynb", "from faceswap_lib import UserError\nraise UserError('Run lab 3 first.')")
    notebook(tmp_path / "01_b.ipynb", NOTE.format("second"))
    with pytest.raises(UserError, match="^Run lab 3 first.$"):
        workshop.workshop(tmp_path / "w", notebooks=tmp_path)
    page = (tmp_path / "w" / "index.html").read_text()
    assert "failed" in page and "not run" in page
    assert not (tmp_path / "w" / "order.txt").exists()


def test_any_other_error_names_notebook_cell_and_copy(tmp_path):
    notebook(tmp_path / "00_a.ipynb", "1 / 0")
    with pytest.raises(RuntimeError, match="00_a.ipynb, cell .*ZeroDivisionError.*00_a.ipynb"):
        workshop.workshop(tmp_path / "w", notebooks=tmp_path)


def test_a_folder_without_notebooks_and_a_workdir_that_is_a_file_are_users_errors(tmp_path):
    with pytest.raises(UserError, match="holds no notebooks"):
        workshop.workshop(tmp_path / "w", notebooks=tmp_path)
    notebook(tmp_path / "00_a.ipynb", "pass")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be made"):
        workshop.workshop(tmp_path / "file", notebooks=tmp_path)


def test_neither_a_copy_nor_a_foreign_kernel_nor_braces_disturb_a_run(tmp_path, monkeypatch):
    spec = tmp_path / "foreign" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["false"], "display_name": "another", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "foreign"))
    notebook(tmp_path / "00_a.ipynb", NOTE.format("first"))
    notebook(tmp_path / "00_a-Copy1.ipynb", NOTE.format("copy"))
    workdir = tmp_path / "w{1}"
    workshop.workshop(workdir, "smoke", notebooks=tmp_path)
    assert (workdir / "order.txt").read_text() == "first:smoke:0 "
    assert (workdir / "notebooks" / "00_a.ipynb").exists()


def test_sound_that_lab_5_could_not_write_is_refused_before_lab_0(tmp_path):
    notebook(tmp_path / "00_a.ipynb", NOTE.format("first"))
    clip(tmp_path / "a.wmv")
    with pytest.raises(UserError, match=r"cannot hold the source's sound \(wmav2\); convert its sound to AAC first"):
        workshop.workshop(tmp_path / "w", notebooks=tmp_path, video_a=tmp_path / "a.wmv")
    assert not (tmp_path / "w").exists()


CONVERTED = """from faceswap_lib.media import video
swapped = video.fitting(video_a, Path(workdir, "swapped.mp4"))
video.rewrite(video_a, swapped, lambda numbered: (frame for _, frame in numbered))
Path(workdir, "report.json").write_text('{"figures": {}, "verdicts": [], "run": {"data": {}}}')"""


def test_the_page_shows_a_video_of_the_name_that_its_sound_needs(tmp_path, monkeypatch):
    known = f'{USUAL}\nconsent = ""'
    notebook(tmp_path / "00_a.ipynb", "from pathlib import Path", CONVERTED, parameters=known)
    monkeypatch.setattr(workshop.report, "table", lambda told: "")
    monkeypatch.setattr(workshop.report, "summarise", lambda told: "")
    clip(tmp_path / "a.mov")  # its sound is PCM
    work = tmp_path / "w"
    work.mkdir()
    (work / "swapped.mp4").write_bytes(b"of an earlier run")
    os.utime(work / "swapped.mp4", (1, 1))
    record = agreed.of(tmp_path / "a.mov", samples.path("person_b"))
    run = workshop.workshop(work, notebooks=tmp_path, video_a=tmp_path / "a.mov", consent=record)
    assert run.swapped == work / "swapped.mov" and str(work / "swapped.mov") in workshop.closing(run)
    assert 'src="swapped.mov#' in (work / "index.html").read_text()


def test_settings_are_literals_where_they_can_be():
    assert workshop.parse_settings(["minutes=2", "gan=False", "alignment=mesh"]) == {
        "minutes": 2,
        "gan": False,
        "alignment": "mesh",
    }
    with pytest.raises(UserError, match="NAME=VALUE"):
        workshop.parse_settings(["minutes"])


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("minutes=abc", "minutes is 'abc'; "),
        ("gan=1", "gan is 1, and it wants True or False, as True."),
        ("gan={[]: 1}", "gan is '{[]: 1}', and it wants True or False, as True."),
        ("learners=" + "-" * 4000 + "1", "learners is '-----"),
        ("x" * 5000 + "=1", "'xxxxx"),
        ("minutes", "'minutes' is not a setting"),
    ],
)
def test_a_setting_of_another_kind_is_refused_before_anything_runs(tmp_path, word, said):
    with pytest.raises(UserError) as caught:
        workshop.workshop(tmp_path / "w", "smoke", **workshop.parse_settings([word]))
    assert str(caught.value).startswith(said) and len(str(caught.value)) < 200
    assert not (tmp_path / "w").exists()


def test_a_persons_own_notebook_or_page_is_not_replaced(tmp_path):
    notebook(tmp_path / "00_a.ipynb", "pass")
    for name in ("notebooks/00_a.ipynb", "index.html"):
        mine = tmp_path / "w" / name
        mine.parent.mkdir(parents=True, exist_ok=True)
        mine.write_text("my own")
        with pytest.raises(UserError, match=f"{name} is not of a run's making and would be lost"):
            workshop.workshop(tmp_path / "w", notebooks=tmp_path)
        assert mine.read_text() == "my own"
        mine.unlink()


def test_lessons_are_not_run_into_themselves(tmp_path):
    (tmp_path / "notebooks").mkdir()
    notebook(tmp_path / "notebooks" / "00_a.ipynb", "pass")
    before = (tmp_path / "notebooks" / "00_a.ipynb").read_bytes()
    with pytest.raises(UserError, match="would be lost; give another workdir"):
        workshop.workshop(tmp_path, notebooks=tmp_path / "notebooks")
    assert (tmp_path / "notebooks" / "00_a.ipynb").read_bytes() == before


def test_a_second_run_replaces_the_first_ones_copies_and_not_while_it_runs(done):
    workdir, _, run = done
    with files.alone(workdir, "workshop"), pytest.raises(UserError, match="Another workshop is at work"):
        workshop.workshop(workdir, "smoke", seed=3)
    workshop._spare(workdir, [Path(f"{lab.name}.ipynb") for lab in run.labs])


KEEP = 'profile = ""\nworkdir = ""\nseed = 0\nkeep = False'
TELL = """from pathlib import Path
beside, name = Path(workdir).parent, "{}"
with (beside / "order.txt").open("a") as f: f.write(f"{{name}}:{{seed}}:{{keep}} ")
Path(workdir, name).write_text("made")"""
UNLESS = "from faceswap_lib import UserError\nif not (beside / 'mended').exists(): raise UserError('Mend it.')"


def test_a_run_goes_on_with_the_lab_that_failed_and_with_nothing_else(tmp_path):
    notebook(tmp_path / "00_a.ipynb", TELL.format("00"), parameters=KEEP)
    notebook(tmp_path / "01_b.ipynb", TELL.format("01"), UNLESS, parameters=KEEP)
    workdir = tmp_path / "w"

    def run(ends: bool, seed: int = 0) -> tuple[str, str, list[workshop.Lab]]:
        """What is said first, which notebooks ran with which seed and `keep`, and the labs."""
        said, labs = [], []
        try:
            labs = workshop.workshop(workdir, "smoke", seed=seed, notebooks=tmp_path, say=said.append).labs
        except UserError as error:
            assert str(error) == "Mend it." and not ends
        order = (tmp_path / "order.txt").read_text()
        (tmp_path / "order.txt").unlink()
        return said[0], order, labs

    begins = "[1/2] Title of 00_a …"
    assert run(False)[:2] == (begins, "00:0:False 01:0:False ")
    assert run(False, seed=1)[:2] == (begins, "00:1:False 01:1:False "), "other settings"
    (workdir / "00").write_text("changed")
    changed = f"{workdir / '00'} is not as it was left. Beginning anew."
    assert run(False, seed=1)[:2] == (changed, "00:1:False 01:1:False ")
    (tmp_path / "mended").write_text("")
    told, order, labs = run(True, seed=1)
    assert (told, order) == ("Going on with lab 1; lab 0 is done.", "01:1:True ")
    assert [lab.status for lab in labs] == ["done"] * 2 and labs[0].seconds > 0
    assert not (workdir / journal.NAME).exists()
    assert logbook.read(workdir).labs["01"].seconds > 0, "the logbook knows it, and no lab is undone by it"
    assert run(True, seed=1)[:2] == (begins, "00:1:False 01:1:False "), "a run that has ended"


RUN = """
import sys
from faceswap_lib import workshop
workshop.workshop(sys.argv[1], "smoke", notebooks=sys.argv[2], say=lambda line: print(line, flush=True))
"""
BUSY = """import os, re, tempfile
if not Path(workdir, "pid").exists():
    print(tempfile.mkstemp())
    Path(workdir, "pid").write_text(str(os.getpid()))
    re.match("(a+)+$", "a" * 40 + "b")  # hours, and no other thread of Python gets a turn"""


def test_a_killed_run_takes_its_kernel_along_and_the_next_one_clears_up(tmp_path):
    notebook(tmp_path / "00_a.ipynb", NOTE.format("first"))
    notebook(tmp_path / "01_b.ipynb", "from pathlib import Path", BUSY, "Path(workdir, 'b').write_text('done')")
    workdir = tmp_path / "w"
    process = subprocess.Popen([sys.executable, "-c", RUN, workdir, tmp_path])
    while not (workdir / "pid").exists() or not (workdir / "pid").read_text():
        assert process.poll() is None
        time.sleep(0.1)
    kernel = psutil.Process(int((workdir / "pid").read_text()))
    process.kill()
    process.wait()
    psutil.wait_procs([kernel], 10)
    assert not kernel.is_running() or kernel.kill(), "the kernel lives on"
    assert not (workdir / "notebooks" / "01_b.ipynb").exists(), "half a notebook under its final name"
    assert list((workdir / ".passing.workshop").iterdir()), "the test is blind: it left nothing in passing"
    said: list[str] = []
    run = workshop.workshop(workdir, "smoke", notebooks=tmp_path, say=said.append)
    assert said[0] == "Going on with lab 1; lab 0 is done." and (workdir / "b").exists()
    assert [lab.status for lab in run.labs] == ["done", "done"] and (
        workdir / "order.txt"
    ).read_text() == "first:smoke:0 "
    hidden = [path for path in tmp_path.rglob(".*") if not path.name.startswith(".ipynb")]
    assert not hidden


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"color_match": "rellit"}, "no colour method 'rellit'"),
        ({"alignment": "mseh"}, "no alignment 'mseh'"),
        ({"person_a": 0.5}, "person is 0.5; give a whole number"),
        ({"person_b": -1}, "person is -1; give a whole number"),
        ({"minutes": -1}, "minutes is -1"),
        ({"minutes": "abc"}, "minutes is 'abc'"),
    ],
)
def test_what_a_later_lab_would_refuse_is_refused_before_the_first(tmp_path, settings, told):
    with pytest.raises(UserError, match=told):
        workshop.workshop(tmp_path / "w", "smoke", **settings)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_the_users_own_is_not_taken_for_passing_files(tmp_path):
    (tmp_path / "books").mkdir()
    notebook(tmp_path / "books" / "00_a.ipynb", "1 + 1")
    mine = tmp_path / "w" / ".tmp" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    workshop.workshop(tmp_path / "w", "smoke", notebooks=tmp_path / "books")
    assert mine.read_text() == "mine"
