"""README, CONTRIBUTING and the pages beside them: links lead somewhere, commands exist, numbers are the code's."""

import re
from pathlib import Path

import nbformat
import pytest
import typer
from test_layout import FLOORS

from faceswap_lib import profiles, workshop
from faceswap_lib.cli import verbs as cli
from faceswap_lib.compose import color

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "notebooks/appendix_figures.md"]
PAGES += ["notebooks/instructor.md", "notebooks/glossary.md", "notebooks/survey.md"]
PAGES += ["setup/base/README.md", "setup/base/EXPERIMENTS.md", "setup/vm/README.md", "setup/oci/README.md"]
PAGES += ["setup/k8s/README.md", "setup/COSTS.md"]
VERBS = dict(typer.main.get_command(cli.app).commands)
VERBS |= {f"consent {name}": verb for name, verb in VERBS.pop("consent").commands.items()}


def text(page: str) -> str:
    """A page as it is stored."""
    return (ROOT / page).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)", text(page))
    inside = [link for link in links if not link.startswith("http")]
    assert [link for link in inside if not (ROOT / page).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_have_the_options_that_are_named(page):
    for verb, words in re.findall(r"python -m faceswap_lib +((?:consent )?[a-z-]+)([^`\n]*)", text(page)):
        assert verb in VERBS, f"{page}: {verb}"
        known = {word for parameter in VERBS[verb].params for word in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", words)) <= known | {"--help"}, f"{page}: {verb}{words}"


@pytest.mark.parametrize("page", PAGES)
def test_paths_of_the_library_exist(page):
    rooms = "face|interop|media|network|compose|measure|trust|display|machine|cloud"
    named = re.findall(rf"`((?:faceswap_lib/)?(?:{rooms})/\w+\.\w+)", text(page))
    assert [path for path in named if not (ROOT / "faceswap_lib" / path.removeprefix("faceswap_lib/")).exists()] == []


def test_the_lessons_take_as_long_as_they_say():
    found = re.findall(r"^\| (\d+) \| \[(\d\d) ", text("README.md"), re.MULTILINE)
    rows = {lab: int(minutes) for minutes, lab in found}
    assert sum(minutes for lab, minutes in rows.items() if lab <= "06") == 120, "the rest is beyond the two hours"
    for path in sorted(workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")):
        head = nbformat.read(path, 4).cells[0].source
        assert int(re.search(r"\*\*Time:\*\* (\d+) minutes", head)[1]) == rows[path.stem[:2]], path.stem


def test_the_instructors_timetable_has_no_gap_and_ends_after_two_hours():
    rows = re.findall(r"^\| (\d):(\d\d) \| (\d+) \| (\S+) \|", text("notebooks/instructor.md"), re.MULTILINE)
    clock, labs = 0, {}
    for hour, minute, takes, lab in rows:
        assert clock == 60 * int(hour) + int(minute), f"{hour}:{minute}"
        clock, labs[lab] = clock + int(takes), labs.get(lab, 0) + int(takes)
    assert clock == 120 and labs["–"] >= 10, "two breaks are in it"
    assert {lab for lab in labs if lab != "–"} == {str(lab) for lab in range(7)}


def test_the_glossary_is_sorted_and_every_anchor_that_is_asked_for_is_there():
    entries = re.findall(r'^<a id="([\w-]+)"></a>\n\n### (.+)$', text("notebooks/glossary.md"), re.MULTILINE)
    titles = [title for _, title in entries]
    assert titles == sorted(titles, key=str.lower) and len(titles) >= 60
    anchors = {anchor for anchor, _ in entries}
    assert anchors == {title.lower().replace(" ", "-") for title in titles}
    asked = {path.name: path.read_text("utf-8") for path in workshop.NOTEBOOKS.rglob("*.ipynb")}
    for page, words in (*asked.items(), ("glossary.md", text("notebooks/glossary.md"))):
        pattern = r"\]\(#([\w-]+)\)" if page == "glossary.md" else r"glossary\.md#([\w-]+)"
        assert set(re.findall(pattern, words)) <= anchors, page


def test_the_survey_has_eight_questions():
    assert re.findall(r"^\*\*(\d)\. ", text("notebooks/survey.md"), re.MULTILINE) == list("12345678")


def test_the_profiles_are_those_of_the_code():
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| (\d+) px \|", text("notebooks/appendix_figures.md"), re.MULTILINE)
    assert [(name, int(texture)) for name, texture in rows] == [(p.name, p.texture) for p in profiles.PROFILES.values()]


def test_contributing_names_every_file_of_every_room():
    table = text("CONTRIBUTING.md")
    rooms = [path.parent for path in (ROOT / "faceswap_lib").glob("*/__init__.py")]
    for room in (room for room in rooms if room.name != "samples"):
        line = next((line for line in table.splitlines() if line.startswith(f"| `{room.name}/`")), "")
        for path in room.glob("[a-z]*.py"):
            kinds = (("plots_", "`plots_*`"), ("play_", "`play_*`"), ("answers_", "`answers_NN`"))
            named = f"`{path.stem}`" in line or any(path.stem.startswith(k) and words in line for k, words in kinds)
            assert named, f"{room.name}/{path.name} is not on CONTRIBUTING's map"


def test_contributing_tells_who_may_import_whom_as_it_is():
    told = re.search(r"from the ground up: (.*?)\. Never", text("CONTRIBUTING.md"), re.DOTALL)[1].replace("\n", " ")
    floors = [set(names) for names in FLOORS if not names[0].startswith("_")]
    for words in (set(floor.split(", ")) for floor in told.split(" < ")):
        assert words == {"labs"} or any(words <= names for names in floors), words


def test_every_colour_method_is_named_where_people_choose_one():
    (asked,) = (p.help for p in VERBS["convert"].params if p.name == "color")
    lesson = "\n".join(cell.source for cell in nbformat.read(workshop.NOTEBOOKS / "05_convert.ipynb", 4).cells)
    (settings,) = re.findall("^color_match = .*", lesson, re.MULTILINE)
    for name in color.METHODS:
        assert name in asked and name in settings and f"*{name}*" in lesson, name
