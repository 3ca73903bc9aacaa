"""Exercises whose answer is checked: right, or a hint. Each lab's checks stand in a module `answers_NN` beside this."""

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from faceswap_lib import UserError, classroom
from faceswap_lib.classroom import logbook

Answer = Callable[[object], str]


@cache
def answers() -> dict[str, Answer]:
    """The checks of all labs: exercise, e.g. "04-1" -> a function that gives "" for a right value, else a hint."""
    found: dict[str, Answer] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(classroom.__path__)):
        if re.fullmatch(r"answers_\w+", module):
            more = importlib.import_module(f"{classroom.__name__}.{module}").ANSWERS
            twice = sorted(found.keys() & more.keys())
            assert not twice, f"{module} has a second check for {', '.join(twice)}"
            found |= more
    return found


def check(exercise: str, value: object, workdir: str | Path | None = None) -> None:
    """Say whether a value answers an exercise, and if not, where to look; what was said is noted in the workdir.

    value: None stands for no answer yet, which is no mistake; workdir: that of the notebook's settings unless given.
    Raises UserError for an exercise that there is not.
    """
    if exercise not in answers():
        raise UserError(f"There is no exercise {exercise!r:.20}; there are {', '.join(sorted(answers()))}.")
    if value is None:
        print(f"Set your answer to {exercise} above first.")
        return
    try:
        hint = answers()[exercise](value)
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):
        hint = f"{value!r:.60} is no answer of the kind that is asked for; look at the line above."
    print(f"{exercise}: not yet. {hint}" if hint else f"{exercise}: right.")
    if where := workdir or _settings().get("workdir"):
        logbook.answered(str(where), exercise, not hint)


def _settings() -> dict:
    """The names of the notebook that this runs in; none outside one."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell.user_ns if shell else {}
