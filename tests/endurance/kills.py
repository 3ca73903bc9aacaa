"""Kill it at random moments and run it again: the result is that of an undisturbed run, and nothing is left behind.

python -m tests.endurance.kills extract|convert|workshop|train --count 30 --seed 0
Every second time only the process that was started is killed, and what it has started must end by itself. Exit status
1 on any difference.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av

from tests.endurance import clips, processes, training

WORKSHOP = """
import sys
from faceswap_lib import workshop
workdir, notebooks, consent, *clips = sys.argv[1:]
say = lambda line: print(line, flush=True)
workshop.workshop(workdir, "smoke", *clips, notebooks=notebooks, consent=consent, say=say)
"""


@dataclass(frozen=True)
class Thing:
    """What is killed: Python's arguments that write into a place, and what it has made there, in words to compare.

    before: what the place holds at first, every second time.
    """

    name: str
    arguments: Callable[[Path], list]
    made: Callable[[Path], dict[str, str]]
    before: Callable[[Path], None] = lambda place: None


def extract(given: Path) -> Thing:
    """The faces of A; every second time a faceset of B is there, to be replaced."""

    def arguments(place: Path) -> list:
        return ["-m", "faceswap_lib", "extract", given / "a.mp4", "--faces", place / "faces", "--profile", "smoke"]

    return Thing("extract", arguments, files, lambda place: shutil.copytree(given / "b", place / "faces"))


def convert(given: Path) -> Thing:
    """A's video with B's face; every second time an earlier one is there, to be replaced."""

    def arguments(place: Path) -> list:
        what = ["--faces", given / "a", "--model", given / "model", "--out", place / "swapped.mp4"]
        what += ["--consent", given / "consent.json"]
        return ["-m", "faceswap_lib", "convert", given / "a.mp4", *what]

    def before(place: Path) -> None:
        other = processes.start([*arguments(place), "--untrained"], "earlier", place.parent / "temp")
        assert other.wait() == 0

    return Thing("convert", arguments, lambda place: {"swapped.mp4": shown(place / "swapped.mp4")}, before)


def workshop(given: Path, every: bool = False) -> Thing:
    """Labs 3 to 6 on short clips, or every lab."""
    books = clips.lessons(given / ("every" if every else "few"), "0123456" if every else "3456")

    def arguments(place: Path) -> list:
        return ["-c", WORKSHOP, place / "w", books, given / "consent.json", given / "a.mp4", given / "b.mp4"]

    def made(place: Path) -> dict[str, str]:
        report = json.loads((place / "w" / "report.json").read_text())
        videos = {path.name: shown(path) for path in (place / "w").glob("*.mp4")}
        books = {path.stem: "there" for path in (place / "w" / "notebooks").iterdir()}
        return {name: repr(figure) for name, figure in report["figures"].items()} | videos | books

    return Thing("workshop", arguments, made)


def files(place: Path) -> dict[str, str]:
    """Every file in a place: path -> SHA-256."""
    found = (path for path in sorted(place.rglob("*")) if path.is_file())
    return {str(path.relative_to(place)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def shown(path: Path) -> str:
    """A SHA-256 over a video's decoded frames, their times, and its sound."""
    digest = hashlib.sha256()
    with av.open(str(path)) as container:
        for packet in container.demux():
            digest.update(bytes(packet) if packet.stream.type == "audio" else b"")
            for frame in packet.decode() if packet.stream.type == "video" else ():
                digest.update(repr(frame.time).encode() + frame.to_ndarray().tobytes())
    return digest.hexdigest()


def once(thing: Thing, folder: Path, mark: str, moment: float | None, whole: bool, filled: bool) -> dict | list | None:
    """What the thing has made when it has run again to its end; or what was wrong.

    moment: seconds after which it is killed (None: it is not), and None is returned if it had ended by then; filled:
    something is there already.
    """
    place, temp = folder / "place", folder / "temp"
    for each in (place, temp):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir(parents=True)
    if filled:
        thing.before(place)
    if moment is not None:
        process = processes.start(thing.arguments(place), mark, temp)
        try:
            process.wait(moment)
            return None
        except subprocess.TimeoutExpired:
            processes.kill(process, mark, whole)
        if rest := processes.left(mark):
            return [f"lives on after the kill: {', '.join(rest)}"]
    with open(folder / "said.txt", "w") as out:
        status = processes.start(thing.arguments(place), mark, temp, out).wait()
    wrong = [f"ended with {status}: {(folder / 'said.txt').read_text()[-300:]}"] if status else []
    wrong += [f"lives on after its end: {line}" for line in processes.left(mark)]
    wrong += [f"is left: {name}" for name in processes.hidden(place)]
    return wrong or thing.made(place)


def measured(thing: Thing, folder: Path, mark: str) -> tuple[float, dict]:
    """Seconds of an undisturbed run, and what it makes."""
    start = time.monotonic()
    made = once(thing, folder, mark, None, True, False)
    if isinstance(made, list):
        sys.exit(f"{thing.name}: even undisturbed, {'; '.join(made)}")
    return time.monotonic() - start, made


def kills(things: list[tuple[Thing, int]], folder: Path, seed: int, say: Callable[[str], None] = print) -> int:
    """Kill each thing so many times; returns how many results were not those of an undisturbed run."""
    chance, bad, total = random.Random(seed), 0, 0
    for thing, count in things:
        mark = f"{thing.name}-{os.getpid()}-{folder}"
        took, expected = measured(thing, folder, mark)
        say(f"{thing.name}: {took:.1f} s undisturbed, {len(expected)} things to compare")
        for number in range(count):
            whole, filled, found = number % 2 == 0, number // 2 % 2 == 1, None
            while found is None:
                moment = chance.uniform(0, took)
                found = once(thing, folder, mark, moment, whole, filled)
            wrong = found if isinstance(found, list) else apart(expected, found)
            bad, total = bad + bool(wrong), total + 1
            what = "all of it" if whole else "the parent alone"
            result = "; ".join(wrong) if wrong else "as undisturbed"
            say(f"{thing.name} {number + 1}/{count}: {what} killed after {moment:.1f} s: {result}")
    names = "/".join(dict.fromkeys(thing.name for thing, _ in things))
    say(f"{names}: {total} kills (seed {seed}), {total - bad} results as undisturbed, {bad} not.")
    return bad


def apart(expected: dict[str, str], found: dict[str, str]) -> list[str]:
    """In what two results differ."""
    return [f"{name} differs" for name in sorted(expected | found) if expected.get(name) != found.get(name)]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("extract", "convert", "workshop", "train"))
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to work; by default a temporary one")
    parser.add_argument("--compiled", action="store_true", help="train as people do, with XLA: a start takes longer")
    parser.add_argument("--whole", type=int, default=2, help="of the workshop's kills, those with every lab")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        inputs = folder / "given"
        if not (inputs / "model" / "model.json").exists():
            print("Preparing clips, facesets and a model …", flush=True)
            arguments = ["-m", "tests.endurance.clips", inputs, clips.FRAMES]
            if status := processes.start(arguments, "prepare", folder / "temp").wait():
                return status
        say = lambda line: print(line, flush=True)  # noqa: E731
        if given.what == "train":
            return int(training.kills(inputs, folder, given.count, given.seed, say, given.compiled) > 0)
        if given.what == "workshop":
            few = min(given.whole, given.count)
            things = [(workshop(inputs), given.count - few), (workshop(inputs, every=True), few)]
        else:
            things = [({"extract": extract, "convert": convert}[given.what](inputs), given.count)]
        return int(kills([each for each in things if each[1]], folder, given.seed, say) > 0)


if __name__ == "__main__":
    sys.exit(main())
