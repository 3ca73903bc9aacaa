"""setup/livelabs/make.py: the form that LiveLabs asks for, and every cell of every lesson in it."""

import importlib.util
import json
import re
from pathlib import Path

import nbformat
import pytest

from faceswap_lib import workshop

SETUP = Path(__file__).parents[2] / "setup" / "livelabs"
LESSONS = sorted(workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
SECTIONS = ["## Introduction", "### Objectives", "### Prerequisites", "## Task 1", "## Quiz", "## Acknowledgements"]


def module():
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("livelabs", SETUP / "make.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> dict[str, str]:
    """The manifest's pages: title -> text."""
    out = tmp_path_factory.mktemp("livelabs") / "workshop"
    module().make(out, "May 2026")
    manifest = json.loads((out / "workshops/tenancy/manifest.json").read_text("utf-8"))
    assert set(manifest) == {"workshoptitle", "help", "tutorials"} and all(manifest.values())
    texts = {}
    for entry in manifest["tutorials"]:
        page = (out / "workshops/tenancy" / entry["filename"]).resolve()
        assert page.is_relative_to(out) and page.stem == page.parent.name
        texts[entry["title"]] = page.read_text("utf-8")
        for picture in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", texts[entry["title"]]):
            assert (page.parent / picture).is_file()
    return texts


def test_there_is_a_page_for_each_lab_between_introduction_and_glossary(made):
    titles = list(made)
    assert titles[:2] == ["Introduction", "Get started"] and titles[-1] == "Glossary"
    assert [title[:5] for title in titles[2:-1]] == [f"Lab {int(path.stem[:2])}" for path in LESSONS]
    minutes = sum(int(re.search(r"^Estimated Time: (\d+) minutes$", made[title], re.M)[1]) for title in titles[2:-1])
    assert minutes >= 120 and f"Estimated Workshop Time: {minutes} minutes" in made["Introduction"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lab_has_the_sections_in_their_order_and_all_cells(path, made):
    text = next(text for title, text in made.items() if title.startswith(f"Lab {int(path.stem[:2])}:"))
    at = [text.index(section) for section in SECTIONS]
    assert at == sorted(at) and re.search(r"^Estimated Time: \d+ minutes$", text, re.M)
    numbers = [int(number) for number in re.findall(r"^## Task (\d+): ", text, re.M)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 3
    flat = re.sub(r"\s+", "", text)
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            assert re.sub(r"\s+", "", cell.source) in flat
    assert text.count("<copy>") == sum(c.cell_type == "code" for c in nbformat.read(path, 4).cells)


def test_every_question_has_one_right_answer_and_says_why(made):
    for title, text in made.items():
        if title.startswith("Lab"):
            (quiz,) = re.findall(r"```quiz score\n(.*?)```", text, re.S)
            for question in quiz.strip().split("\n\n"):
                first, *answers, why = question.splitlines()
                assert first.startswith("Q: ") and why.startswith("> ")
                assert sorted(answer[0] for answer in answers) == ["*", "-", "-"], question


def test_the_workshop_that_this_one_descends_from_is_named(made):
    for title, text in made.items():
        if title != "Glossary":
            last = text[text.index("## Acknowledgements") :]
            assert "Faceswap on OCI" in last and "2021" in last and "May 2026" in last, title


def test_links_hold_and_a_folder_that_is_there_is_left_alone(made, tmp_path):
    for text in made.values():
        for link in re.findall(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)", text):
            assert link.startswith(("http", "?lab=", "#")), link
    with pytest.raises(FileExistsError):
        module().make(tmp_path, "May 2026")
