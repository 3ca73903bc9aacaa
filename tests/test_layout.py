"""The rules of the house: who may import whom, what a lab loads, how large a file is, and the public names."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from faceswap_lib.cli import verbs as cli

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "faceswap_lib"
# From the ground up. A module may import what stands on a lower floor or in its own room, and nothing else; the files
# of one floor that are no room (labs above all) do not know one another.
FLOORS = (
    ("__init__",),
    ("files", "profiles", "progress", "samples", "strangers"),
    ("cloud", "face", "machine", "media", "toys"),
    ("network", "trust"),
    ("compose",),
    ("measure",),
    ("pieces",),
    ("detection",),
    ("interop",),
    ("classroom",),
    ("display",),
    ("widgets",),
    ("provision", "gpu", "extract", "train", "convert", "evaluate", "detect"),
    ("catch_up", "headless"),
    ("bench", "selfswap", "workshop"),
    ("cli",),
    ("__main__",),
)
ROOMS = (
    "classroom",
    "cli",
    "cloud",
    "compose",
    "detection",
    "display",
    "face",
    "interop",
    "machine",
    "measure",
    "media",
    "network",
    "pieces",
    "toys",
    "trust",
    "widgets",
)
# What a lab says to those who call it; notebooks and README use these words. Changing one breaks other people's code:
# do it on purpose, and say it in CHANGELOG.md.
LABS = {
    "provision": {"Plan", "provision", "commands"},
    "gpu": {"check", "judge", "suggest_profile", "fits", "describe"},
    "extract": {"ExtractResult", "extract"},
    "train": {"TrainResult", "train", "save"},
    "convert": {"ConvertResult", "convert"},
    "evaluate": {"evaluate"},
    "detect": {
        "Seen",
        "gather",
        "quiz",
        "measured_cues",
        "own_detector",
        "blend_detector",
        "shuffled",
        "covered",
        "all_cases",
        "trial",
        "judged",
        "alarms_on_b",
        "provenance",
        "detect",
        "save",
    },
    "bench": {"Pair", "bench", "ablate", "emerge", "prepare"},
    "selfswap": {"SelfSwap", "selfswap", "shining", "told"},
    "workshop": {"Lab", "Workshop", "workshop", "closing", "parse_settings"},
}
# The same for the command line: verb -> its arguments and options.
VERBS = {
    "extract": "video --faces --profile --person --min-sharpness --min-size --max-yaw --dask --workers",
    "train": "faces_a faces_b --model --profile --minutes --iterations --plateau --resume --no-resume --alignment --gan"
    " --no-gan --seed --start",
    "convert": "video --faces --model --out --color --to --untrained --no-untrained --pull --keep-front --paint-over"
    " --keep-mouth --draw-mouth --overwrite --consent --dask --workers",
    "evaluate": "swapped --source --faces-b --report --faces-a --model --truth --truth-mask --against --seed --every"
    " --consent",
    "selfswap": "video --workdir --profile --minutes --iterations --frames --seed --every --consent",
    "inspect": "file --consent",
    "detect": "--workdir --video-a --video-b --profile --seed",
    "consent new": "record --agreed --means --video-a --name-a --video-b --name-b --on --until",
    "consent revoke": "record folders",
    "export-faceswap": "faces --video --out",
    "import-faceswap": "fsa --video --faces --pictures --profile",
    "check": "",
    "provision": "--shape --learners --hours --ssh-key --config",
    "workshop": "--workdir --profile --video-a --video-b --seed --set --consent",
    "class": "folder --out --once",
    "bench": "--workdir --profile --seconds --seeds --every --start --ablate --minutes --noise --trace",
}
HEAVY = ("keras", "tensorflow", "jax", "mediapipe", "dlib", "matplotlib", "oci", "papermill", "c2pa", "cryptography")
HEAVY += ("dask", "distributed")
# Each of these is known to one file or room, so that another one can take its place by a change there.
DOORS = {
    "mediapipe": ("face/detect.py",),
    "dlib": ("face/identity.py",),
    "av": ("media/", "machine/facts.py"),  # lab 2 asks PyAV which FFmpeg it brings
    "oci": ("cloud/oracle.py",),
    "papermill": ("headless.py",),
    "typer": ("cli/", "__main__.py"),
    "c2pa": ("trust/credentials.py",),
    "dask": ("pieces/crew.py",),
    "distributed": ("pieces/crew.py",),
}
LONGEST_FILE, LONGEST_FUNCTION, MOST_POSITIONAL, MOST_AT_THE_TOP = 260, 45, 7, 18


@cache
def modules() -> dict[str, ast.Module]:
    """Every file of the library, by its path from there without ".py", e.g. "face/mesh"."""
    return {
        str(path.relative_to(LIBRARY).with_suffix("")): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(LIBRARY.rglob("*.py"))
    }


def imported(tree: ast.Module) -> Iterator[str]:
    """Every module that is imported anywhere in a file, within functions too, dotted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "write imports from the root: from faceswap_lib.face import mesh"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def ours(tree: ast.Module) -> set[str]:
    """The library's own modules among them, as `modules` names them."""
    found = {name.replace(".", "/").removeprefix("faceswap_lib/") for name in imported(tree)}
    return {name for name in (*found, *(f"{name}/__init__" for name in found)) if name in modules()}


def place(module: str) -> tuple[int, str]:
    """A module's floor, and its room or itself."""
    name = module.split("/")[0]
    floors = [number for number, names in enumerate(FLOORS) if name in names]
    assert floors, f"faceswap_lib/{module}.py stands on no floor: put {name} into FLOORS, or the file into a room"
    return floors[0], name


@pytest.mark.parametrize("module", modules())
def test_nobody_imports_upwards_or_sideways(module):
    floor, name = place(module)
    wrong = {other for other in ours(modules()[module]) if place(other)[0] >= floor and place(other)[1] != name}
    wrong = sorted(other for other in wrong if not other.endswith("__init__") or other.split("/")[0] not in ROOMS)
    assert not wrong, f"faceswap_lib/{module}.py imports {', '.join(wrong)}, which stands on its own floor or above"


def test_every_name_on_a_floor_is_there():
    there = {module.split("/")[0] for module in modules()}
    assert {name for names in FLOORS for name in names} == there, "FLOORS and faceswap_lib/ differ"


def test_no_file_imports_itself_by_way_of_others():
    graph = {module: ours(tree) - {module} for module, tree in modules().items()}
    while free := [module for module, needs in graph.items() if not needs & graph.keys()]:
        for module in free:
            del graph[module]
    assert not graph, f"these import one another in a circle: {', '.join(graph)}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_nothing_when_it_is_entered(room):
    tree = modules()[f"{room}/__init__"]
    assert ast.get_docstring(tree), f"faceswap_lib/{room}/__init__.py does not say what the room is for"
    extra = len(tree.body) - 1
    assert not extra, f"faceswap_lib/{room}/__init__.py holds more than its docstring: import where it is needed"


def test_every_room_is_known():
    there = sorted(path.parent.name for path in LIBRARY.glob("*/__init__.py") if path.parent.name != "samples")
    assert there == sorted(ROOMS), "a new room belongs into ROOMS and FLOORS here, and on CONTRIBUTING's map"


@pytest.mark.parametrize("name", DOORS)
def test_a_library_is_known_to_few(name):
    users = [module for module, tree in modules().items() if name in {i.split(".")[0] for i in imported(tree)}]
    strangers = [module for module in users if not f"{module}.py".startswith(DOORS[name])]
    assert users and not strangers, f"{name} is imported by {', '.join(strangers)} too"


def test_labs_load_nothing_heavy_before_it_is_asked():
    code = f"""
import importlib, json, sys
found = {{}}
for name in {sorted(LABS)}:
    importlib.import_module("faceswap_lib." + name)
    found[name] = [heavy for heavy in {HEAVY} if heavy in sys.modules]
print(json.dumps(found))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(done.stdout) == {name: [] for name in sorted(LABS)}


@pytest.mark.parametrize("lab", LABS)
def test_a_labs_words_are_those_agreed_on(lab):
    tree = modules()[lab].body
    names = {node.name for node in tree if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    public = {name for name in names if not name.startswith("_")}
    more, less = public - LABS[lab], LABS[lab] - public
    assert not more, f"{lab}.{', '.join(more)} is public: begin it with _, or put it into LABS and CHANGELOG.md"
    assert not less, f"{lab}.{', '.join(less)} is gone, and callers use it: take it out of LABS and tell CHANGELOG.md"


def verbs() -> dict[str, set[str]]:
    """The command line's own verbs, with their arguments and options."""
    there = dict(typer.main.get_command(cli.app).commands)
    for name in [name for name, verb in there.items() if hasattr(verb, "commands")]:
        there |= {f"{name} {word}": verb for word, verb in there.pop(name).commands.items()}
    return {
        name: {word for parameter in verb.params for word in (*parameter.opts, *parameter.secondary_opts)}
        for name, verb in there.items()
    }


def test_the_command_line_has_the_verbs_agreed_on():
    assert sorted(verbs()) == sorted(VERBS), "a new verb belongs into VERBS here and into CHANGELOG.md"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_the_options_agreed_on(verb):
    more, less = verbs()[verb] - set(VERBS[verb].split()), set(VERBS[verb].split()) - verbs()[verb]
    assert not more, f"{verb} has {', '.join(more)}: put it into VERBS here and into CHANGELOG.md"
    assert not less, f"{verb} lacks {', '.join(less)}, and people type it: take it out of VERBS and tell CHANGELOG.md"


@pytest.mark.parametrize("module", modules())
def test_a_file_and_its_functions_can_be_read_in_one_go(module):
    lines = (LIBRARY / f"{module}.py").read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_FILE, f"faceswap_lib/{module}.py has {lines} lines: split it"
    for node in ast.walk(modules()[module]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            size = node.end_lineno - node.lineno + 1
            assert size <= LONGEST_FUNCTION, f"faceswap_lib/{module}.py: {node.name} has {size} lines"
            by_place = [
                each.arg for each in (*node.args.posonlyargs, *node.args.args) if each.arg not in ("self", "cls")
            ]
            few = len(by_place) <= MOST_POSITIONAL or module.startswith(
                "cli/"
            )  # there each is an option of the command line
            assert few, (
                f"faceswap_lib/{module}.py: {node.name} has {len(by_place)} parameters: make choices keyword-only"
            )


def test_the_house_has_few_files_at_its_door():
    files = [path.name for path in LIBRARY.iterdir() if path.is_file()]
    assert len(files) <= MOST_AT_THE_TOP, f"{len(files)} files in faceswap_lib/: {', '.join(sorted(files))}"


# Files with nothing of their own to test: what they hold is tested where it is used.
TESTED_ELSEWHERE = {
    "__main__": "cli/test_verbs.py",
    "detect": "test_detect_lab.py",  # no two test files may share a name, and face/ has a test_detect.py
    "display/self_page": "test_selfswap.py",
    "samples/__init__": "setup/test_samples.py",
    **{
        f"cli/{name}": "cli/test_verbs.py"
        for name in ("options", "swaps", "marks", "judging", "exchange", "machines", "courses")
    },
}


@pytest.mark.parametrize("module", [name for name in modules() if not name.endswith("__init__")])
def test_a_file_has_tests_in_the_same_room(module):
    room, _, name = module.rpartition("/")
    own = ROOT / "tests" / room / f"test_{name}.py"
    there = own.is_file() or (ROOT / "tests" / TESTED_ELSEWHERE.get(module, own)).is_file()
    where = own.relative_to(ROOT)
    assert there, f"faceswap_lib/{module}.py needs {where}, or a line in TESTED_ELSEWHERE that says where it is tested"


def test_no_two_files_of_tests_have_one_name():
    """Or pytest collects only the first of them."""
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert names == sorted(set(names)), "rename one of two, and the module that it tests"
