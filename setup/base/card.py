"""The model card's tables, from what pretrain.py noted: who is in the cast, and how well strangers are drawn.

python setup/base/card.py WORK/mesh_128_1.json
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from numpy import mean

AGES = ((0.33, "young"), (0.66, "middle"), (1.01, "old"))  # thirds of MakeHuman's slider, about 25 to 90 years
TONES = ("very light", "light", "intermediate", "tan", "brown", "dark")
SEXES = ("female", "between", "male")
Group = Callable[[dict], str]


def age(who: dict) -> str:
    """The third of the age slider."""
    return next(name for high, name in AGES if who["age"] < high)


def sex(who: dict) -> str:
    """The third of the gender slider."""
    return SEXES[min(2, int(3 * who["gender"]))]


def skin(who: dict) -> str:
    """The class of the skin's typology angle."""
    return who["tone"]


def line(label: str, cast: list[dict], held: list[dict]) -> str:
    """People drawn, people held out, their loss as mean texture and as drawn, and what is gained."""
    if not held:
        return f"| {label} | {len(cast)} | 0 | | | |"
    still, drawn = (mean([who[key] for who in held]) for key in ("still", "drawn"))
    return f"| {label} | {len(cast)} | {len(held)} | {still:.3f} | {drawn:.3f} | {100 * (1 - drawn / still):.0f} % |"


def table(record: dict) -> list[str]:
    """All lines."""
    cast, held = record["cast"], record["held_out"]
    groups: list[tuple[Group, list[str]]] = [(skin, list(TONES)), (age, [n for _, n in AGES]), (sex, list(SEXES))]
    head = "| | people | of them held out | loss of their mean texture | as drawn | less by |"
    out = [head, "|---" * 6 + "|", line("all", cast, held)]
    for group, names in groups:
        for name in names:
            out.append(line(name, *([w for w in people if group(w) == name] for people in (cast, held))))
    return out


if __name__ == "__main__":
    found = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(
        f"{found['people']} people, {found['faces']} faces, seed {found['seed']}, {found['steps']} steps of "
        f"{found['batch']} in {found['seconds'] / 60:.0f} minutes\n",
        *table(found),
        sep="\n",
    )
