"""Numbers that a lesson tells the learner to expect: each is listed with its range; the run is in test_notebooks.py."""

import re
from functools import cache

import expected
import nbformat
import pytest

from faceswap_lib import profiles, workshop

LABS = {path.stem[:2]: path for path in sorted(workshop.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
PROMISE = re.compile(r"should see|\bexpect\b|\d seconds|with `demo`|two cores do", re.IGNORECASE)
WORDS = 650  # of a lesson's main line, so that 120 minutes are enough to read it in a foreign language
MORE = {"04": 900}  # which is two: a training, and a GAN to play with
CLAIMS = list(expected.claims())


@cache
def prose(lab: str) -> str:
    """A lesson's text without its headings, tables, code and links, on one line."""
    book = nbformat.read(LABS[lab], 4)
    text = "\n\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("#", "|")))
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"`[^`]*`", lambda code: "`code`" if re.search(r"\d", code[0]) else code[0], text)
    return re.sub(r"[\s*]+", " ", text.replace("[", "").replace("]", ""))


@pytest.mark.parametrize("lab", LABS)
def test_every_number_that_a_lesson_promises_is_listed(lab):
    listed = dict.fromkeys(plain(each["says"]) for each in expected.SENTENCES.get(lab, []))
    rest = prose(lab)
    for says in listed:
        assert says in rest, f"lab {lab} does not say “{says}” any more"
        rest = rest.replace(says, "")
    for sentence in re.split(r"(?<=[.:?!;]) ", rest):
        number = PROMISE.search(sentence) and re.search(r"(?<!lab )(?<!Exercise )(?<![\w.])\d[\d.]*", sentence)
        assert not number, f"lab {lab}: “{sentence}” promises a number that tests/expected.json does not list"


def plain(words: str) -> str:
    """Words as `prose` has them."""
    return re.sub(r"[\s*]+", " ", words)


@pytest.mark.parametrize("claim", [c for c in CLAIMS if "kit" in c.runs], ids=lambda c: f"{c.lab}-{c.of}")
def test_the_kits_own_measurements_found_what_a_lesson_promises(claim):
    assert not claim.wrong({claim.of: expected.of_the_kit(claim.of)})


def test_facts_of_the_code():
    from faceswap_lib.network import checkpoint

    demo = profiles.get("demo")
    values = {
        "pixels of a texture": demo.texture,
        "numbers of a code": min(getattr(layer, "units", 1000) for layer in checkpoint.build(demo, 0).encoder.layers),
        "minutes of training": demo.minutes + profiles.lesson("demo")["minutes"],
    }
    looked_up = [claim for claim in CLAIMS if claim.of in values]
    assert len(looked_up) == len(values) and not [told for claim in looked_up if (told := claim.wrong(values))]


def test_every_range_is_held_against_something():
    elsewhere = {"GFLOP/s of plain Python", "GFLOP/s of compiled code", "pictures a second"}  # machine/test_speed.py
    here = {"pixels of a texture", "numbers of a code"}  # and "minutes of training", which a demo tells too
    assert {claim.of for claim in CLAIMS if not claim.runs} == elsewhere | here
    assert all(claim.low <= claim.high for claim in CLAIMS)


@pytest.mark.parametrize("lab", LABS)
def test_a_lesson_is_short(lab):
    cells = [cell.source for cell in nbformat.read(LABS[lab], 4).cells if cell.cell_type == "markdown"]
    text = re.sub(r"<details>.*?</details>|\]\([^)]*\)", "", "\n".join(cells), flags=re.DOTALL)
    words = [word for word in text.split() if re.search(r"[^\W\d_]", word)]
    assert len(words) <= MORE.get(lab, WORDS)
