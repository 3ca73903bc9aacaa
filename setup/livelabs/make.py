"""Write the workshop in the form of Oracle LiveLabs: a manifest, and for each lab numbered tasks and a quiz.

    .venv/bin/python setup/livelabs/make.py OUT

Everything comes from notebooks/ and from quiz.json beside this file, so that nothing is written twice.
"""

import argparse
import datetime
import json
import re
import shutil
import textwrap
from pathlib import Path

HERE = Path(__file__).resolve().parent
NOTEBOOKS = HERE.parents[1] / "notebooks"
TITLE = "Face swap: make a deepfake, measure it, label it"
HELP = "See CONTRIBUTING.md of the repository that this was made from"
LAST = ("Exercises", "Self-check")
# As that workshop's own acknowledgements have it, in oracle-livelabs/oci-hpc, faceswap/.
ORIGIN = """* **Origin** - the workshop *Faceswap on OCI*, Oracle LiveLabs (`oracle-livelabs/oci-hpc`), created by Maria
  Patelkou, HPC Solution Architect, in March 2021. This kit teaches the same subject and is written anew."""
INTRODUCTION = """# Introduction

## About this Workshop

Make a face-swap deepfake yourself, measure how good it is, see what gives it away, and label it. The two built-in
people are rendered and do not exist.

Estimated Workshop Time: {minutes} minutes

### Objectives

In this workshop, you will:

{goals}

### Prerequisites

* No Oracle Cloud account for the built-in clips; an account with a limit for GPUs if you want a graphics card
* No programming: you run cells and read what they show

"""
GET_STARTED = """# Get started

## Introduction

You need JupyterLab with the lessons, on a laptop or on a virtual machine.

Estimated Time: 5 minutes, and the time that the installation takes

### Objectives

* Have JupyterLab open at the start page

### Prerequisites

* Linux, Python 3.10 to 3.12, 5 GB of disk, 4 GB of memory; no graphics card

## Task 1: Install and open

1. In a clone of the repository:

    ```bash
    <copy>
    bash setup/lab.sh
    </copy>
    ```

2. Open the address that it prints. The token in it is the key.

For a virtual machine on Oracle Cloud, or one for each learner, see `setup/vm` and `setup/oci` in the repository.
"""


def cells(path: Path) -> list[dict]:
    """A notebook's cells: kind and text."""
    book = json.loads(path.read_text(encoding="utf-8"))
    return [{"kind": cell["cell_type"], "text": "".join(cell["source"])} for cell in book["cells"]]


def lessons() -> list[Path]:
    """The notebooks of the labs, in order."""
    return sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def slug(path: Path) -> str:
    """A lab's folder and file, e.g. lab-3-extract."""
    number, _, name = path.stem.partition("_")
    return f"lab-{int(number)}-{name}"


def head(text: str) -> dict[str, str]:
    """What the first cell says: title, goal, minutes, cost, and the rest of it."""
    title, rest = text.split("\n", 1)
    found = re.search(
        r"\*\*Goal:\*\*\s*(.+?)\s*·\s*\*\*Time:\*\*\s*(\d+) minutes.*?\*\*Cost:\*\*\s*(.+?)(?:\n\n|\Z)", rest, re.S
    )
    goal, minutes, cost = (" ".join(part.split()) for part in found.groups())
    return {
        "title": title.lstrip("# "),
        "goal": goal,
        "minutes": minutes,
        "cost": cost,
        "rest": rest[found.end() :].strip(),
    }


def tasks(found: list[dict]) -> list[tuple[str, list[dict]]]:
    """The cells after the first, by the headings among them: heading -> cells."""
    parts: list[tuple[str, list[dict]]] = [("Settings", [])]
    for cell in found:
        if cell["kind"] == "code":
            parts[-1][1].append(cell)
            continue
        before, *rest = re.split(r"^## +(.+)$", cell["text"], flags=re.M)
        if before.strip():
            parts[-1][1].append({"kind": "markdown", "text": before.strip()})
        for heading, text in zip(rest[::2], rest[1::2], strict=True):
            parts.append((heading.strip(), [{"kind": "markdown", "text": text.strip()}] if text.strip() else []))
    return [part for part in parts if part[1]]


def task(number: int, heading: str, found: list[dict]) -> str:
    """One task: each cell of code is a numbered step, what follows it is its text."""
    out, step = [f"## Task {number}: {heading}"], 0
    for cell in found:
        if cell["kind"] == "code":
            step += 1
            code = textwrap.indent(f"```python\n<copy>\n{cell['text']}\n</copy>\n```", "    ")
            out.append(f"{step}. Run this cell.\n\n{code}")
        else:
            out.append(textwrap.indent(cell["text"], "    ") if step else cell["text"])
    return "\n\n".join(out)


def quiz(questions: list[dict]) -> str:
    """A scored quiz: * marks the right answer, > says why."""
    lines = ["```quiz score"]
    for each in questions:
        lines += [f"Q: {each['question']}", *(f"{'*' if a == each['right'] else '-'} {a}" for a in each["answers"])]
        lines += [f"> {each['why']}", ""]
    return "\n".join([*lines[:-1], "```"])


def thanks(date: str) -> str:
    """The last section of each page."""
    author = "* **Author** - the maintainers of the face-swap workshop kit"
    return f"## Acknowledgements\n\n{author}\n{ORIGIN}\n* **Last Updated By/Date** - the maintainers, {date}\n"


def linked(text: str, images: set[str]) -> str:
    """The text with links that hold there: words to the glossary, pictures beside the page, other files by name."""
    text = re.sub(r"\]\((?:\.\./)*glossary\.md#([\w-]+)\)", r"](?lab=glossary#\1)", text)
    images |= set(re.findall(r"!\[[^\]]*\]\((pictures/[^)\s]+)\)", text))
    text = re.sub(r"(!\[[^\]]*\])\(pictures/([^)\s]+)\)", r"\1(images/\2)", text)
    return re.sub(r"(?<!!)\[([^\]]+)\]\((?!http|\?lab|#)[^)]+\)", r"\1", text)


def lab(path: Path, questions: list[dict], date: str, images: set[str]) -> tuple[str, dict[str, str]]:
    """One lab's page, and what its head says."""
    first, *rest = cells(path)
    said, number = head(first["text"]), int(path.stem[:2])
    parts = tasks(rest)
    goals = [said["goal"], *(heading for heading, _ in parts if heading not in (*LAST, "Settings"))]
    needs = "* JupyterLab, open at the start page" + f"\n* Labs 0 to {number - 1}, with the same `workdir`" * (
        number > 3
    )
    sections = [
        f"# {said['title']}",
        f"## Introduction\n\n{said['rest'] or said['goal']}",
        f"Estimated Time: {said['minutes']} minutes\n\nCost: {said['cost']}",
        "### Objectives\n\n" + "\n".join(f"* {goal[:1].upper()}{goal[1:]}" for goal in goals),
        f"### Prerequisites\n\n{needs}",
        *(task(i, heading, found) for i, (heading, found) in enumerate(parts, 1)),
        f"## Quiz\n\n{quiz(questions)}",
        thanks(date),
    ]
    return linked("\n\n".join(sections), images), said


def make(out: Path, date: str) -> dict:
    """Write the workshop into a new folder; its manifest."""
    out.mkdir(parents=True)
    questions = json.loads((HERE / "quiz.json").read_text(encoding="utf-8"))
    pages = {"introduction": ("Introduction", ""), "get-started": ("Get started", GET_STARTED + "\n" + thanks(date))}
    drawn: dict[str, set[str]] = {}
    heads = []
    for path in lessons():
        drawn[slug(path)] = set()
        text, said = lab(path, questions[path.stem[:2]], date, drawn[slug(path)])
        pages[slug(path)] = (said["title"].replace(" · ", ": "), text)
        heads.append(said)
    goals = "\n".join(f"* {said['goal'][:1].upper()}{said['goal'][1:]}" for said in heads)
    about = INTRODUCTION.format(minutes=sum(int(said["minutes"]) for said in heads), goals=goals)
    pages["introduction"] = ("Introduction", about + thanks(date))
    pages["glossary"] = ("Glossary", (NOTEBOOKS / "glossary.md").read_text(encoding="utf-8"))
    for name, (_, text) in pages.items():
        (out / name).mkdir()
        (out / name / f"{name}.md").write_text(text, encoding="utf-8")
        for picture in drawn.get(name, ()):
            (out / name / "images").mkdir(exist_ok=True)
            shutil.copy(NOTEBOOKS / picture, out / name / "images")
    entries = [{"title": title, "filename": f"../../{name}/{name}.md"} for name, (title, _) in pages.items()]
    manifest = {"workshoptitle": TITLE, "help": HELP, "tutorials": entries}
    (out / "workshops/tenancy").mkdir(parents=True)
    (out / "workshops/tenancy/manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return manifest


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder that is not there yet")
    parser.add_argument("--date", default=f"{datetime.date.today():%B %Y}", help="of the last update")
    given = parser.parse_args()
    if given.out.exists():
        parser.error(f"{given.out} is there already; name a new folder")
    made = make(given.out, given.date)
    print(f"{len(made['tutorials'])} pages in {given.out}; LiveLabs' own index.html goes beside the manifest")


if __name__ == "__main__":
    main()
