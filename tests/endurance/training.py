"""A training killed again and again, half of the time while it saves: it goes on where it stood, bit for bit."""

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from safetensors.numpy import load_file

from tests.endurance import processes

RUN = """
import sys
from faceswap_lib import train
from faceswap_lib.network import model as network
a, b, model, iterations, compiled = sys.argv[1:]
usual = network.FaceSwap.compile
network.FaceSwap.compile = lambda self, **how: usual(self, **how | {"jit_compile": compiled == "True"})
train.SAVE_EVERY = -1  # after every step
def tell(done, total, note):  # "iteration 12 · …", when that one is saved; else what is compiled
    if note.startswith("iteration"):
        print(note.split()[1], flush=True)
train.train(a, b, model, profile="smoke", iterations=int(iterations), progress=tell)
"""
STEPS = 3  # at most so many are taken between two kills
EARLY = 0.2  # share of the kills that come before the first step


class Chain:
    """One training in a place, killed as often as its iterations last."""

    def __init__(self, given: Path, place: Path, iterations: int, chance: random.Random, compiled: bool):
        self.model, self.temp, self.chance = place / "model", place.parent / "temp", chance
        self.arguments = ["-c", RUN, given / "a", given / "b", self.model, iterations, compiled]
        self.mark, self.start_up = f"train-{os.getpid()}-{place}", 10.0
        self.before = self.reached = 0  # iterations told: the last but one, the last one
        self.silent = 0  # runs since then that were killed before they told any

    def run(self) -> list[str]:
        """Run to the end; returns what was wrong."""
        process = processes.start(self.arguments, self.mark, self.temp, subprocess.PIPE)
        first, told = self._first(process)
        told += process.communicate()[0]
        wrong = [f"ended with {process.returncode}: {told[-300:]}"] if process.returncode else []
        return wrong + self._went_on(first) + [f"lives on: {line}" for line in processes.left(self.mark)]

    def kill(self, saving: bool) -> tuple[bool, list[str]]:
        """Run and kill, while it saves or at any moment; whether it was alive, and what was wrong."""
        process, begun = processes.start(self.arguments, self.mark, self.temp, subprocess.PIPE), time.monotonic()
        if not saving and self.chance.random() < EARLY:
            time.sleep(self.chance.uniform(0, self.start_up))
            processes.kill(process, self.mark, True)
            told = [int(line) for line in process.stdout if line.strip().isdigit()]
            self.reached, self.silent = max([self.reached, *told]), 0 if told else self.silent + 1
            return True, []
        first, text = self._first(process)
        self.start_up = time.monotonic() - begun
        wrong = self._went_on(first)
        for _ in range(self.chance.randrange(STEPS)):
            text += self._note(process)
        if saving:
            while process.poll() is None and not any(self.model.glob(".part.*")):
                time.sleep(0.0005)
            time.sleep(self.chance.uniform(0, 0.01))
        else:
            time.sleep(self.chance.uniform(0, 0.2))
        alive = process.poll() is None
        processes.kill(process, self.mark, True)
        while line := self._note(process):
            text += line
        if process.returncode not in (0, -9):
            wrong.append(f"ended with {process.returncode}: {text[-300:]}")
        return alive, wrong

    def _first(self, process: subprocess.Popen) -> tuple[int | None, str]:
        """The first iteration that a run tells, and all it said up to there."""
        text = ""
        while line := self._note(process):
            text += line
            if line.strip().isdigit():
                return int(line), text
        return None, text

    def _note(self, process: subprocess.Popen) -> str:
        """The next line of a run; the iteration it tells is saved."""
        line = process.stdout.readline()
        if line.strip().isdigit():
            self.before, self.reached = self.reached, int(line)
        return line

    def _went_on(self, first: int | None) -> list[str]:
        """The last iteration told was saved, and perhaps the next one; each run goes on from one of the two."""
        if first is None or 0 <= first - 1 - self.before <= 1 + self.silent:
            self.silent = 0
            return []
        return [f"went on at {first} after {self.before}"]


def made(model: Path) -> dict[str, bytes]:
    """All numbers of a model, and its losses."""
    numbers = {name: array.tobytes() for name, array in load_file(model / "model.safetensors").items()}
    history = json.loads((model / "model.json").read_text())["history"]
    losses = {
        f"history {row['iteration']} {name}": repr(value).encode()
        for row in history
        for name, value in row.items()
        if name not in ("seconds", "egs")
    }
    return numbers | losses


def kills(
    given: Path, folder: Path, count: int, seed: int, say: Callable[[str], None] = print, compiled: bool = False
) -> int:
    """Kill a training so many times, start another one when it has ended; returns how often something was wrong.

    compiled: by XLA, as people's trainings are, which takes most of the time of a start.
    """
    chance, done, bad, chains, iterations = random.Random(seed), 0, 0, 0, 4 + 3 * min(count, 100)
    undisturbed = Chain(given, folder / "undisturbed", iterations, chance, compiled)
    shutil.rmtree(folder / "undisturbed", ignore_errors=True)
    if wrong := undisturbed.run():
        say(f"train: even undisturbed, {'; '.join(wrong)}")
        return 1
    expected = made(undisturbed.model)
    say(f"train: {iterations} iterations undisturbed, {len(expected)} arrays and losses to compare")
    while done < count:
        shutil.rmtree(folder / "killed", ignore_errors=True)
        chain, alive, chains = Chain(given, folder / "killed", iterations, chance, compiled), True, chains + 1
        while done < count and alive:
            saving = done % 2 == 0
            alive, wrong = chain.kill(saving)
            done, bad = done + alive, bad + bool(wrong)
            what = "while it saved" if saving else "at any moment"
            if alive or wrong:
                say(f"train {done}/{count}: killed {what} at iteration {chain.reached}: {'; '.join(wrong) or 'well'}")
        wrong = chain.run()
        found = made(chain.model)
        wrong += [f"{name} differs" for name in expected | found if expected.get(name) != found.get(name)][:3]
        wrong += [f"is left: {name}" for name in processes.hidden(folder / "killed")]
        bad += bool(wrong)
        say(f"train: chain {chains} at its end: {'; '.join(wrong) or 'bit for bit as undisturbed'}")
    say(f"train: {done} kills (seed {seed}), {chains} chains of {iterations} iterations, {bad} times something wrong.")
    return bad
