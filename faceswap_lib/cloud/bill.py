"""What a machine in the cloud costs: the facts in prices.json, the price of the day, and what forgetting it costs."""

import json
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path

from faceswap_lib import UserError

PRICE_LIST = "https://apexapps.oracle.com/pls/apex/cetools/api/v1/products/"  # public, no account needed
PATIENCE = 3.0  # seconds for one part of the price list
MONTH = 730.0  # hours, as Oracle counts a month of storage
NIGHT, WEEKEND = 16.0, 64.0  # hours: from 17:00 to 9:00, and from Friday 17:00 to Monday 9:00


@dataclass(frozen=True)
class Price:
    """US dollars: one VM an hour, one GB of boot volume a month; their date; doubt: why they may be wrong, or ""."""

    vm: float
    disk: float
    dated: str
    live: bool = False
    doubt: str = ""


@dataclass(frozen=True)
class Cost:
    """What one course of events costs: hours that the VM is billed, US dollars for one learner and for everybody."""

    what: str
    billed: float
    one: float
    all: float


@lru_cache(maxsize=1)
def cloud() -> dict:
    """prices.json: shapes, prices, limits and free tier, each with its sources and their dates."""
    return json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))


def get(shape: str) -> dict:
    """What prices.json says of a shape; UserError that lists the known ones."""
    shapes = cloud()["shapes"]
    if shape not in shapes:
        raise UserError(f"There is no shape '{shape}' in this workshop; choose one of {', '.join(shapes)}.")
    return shapes[shape]


def disk_gb(shape: str) -> int:
    """The boot volume that the workshop needs, in GB; setup/oci takes the same."""
    return cloud()["storage"]["advised_gb"][get(shape)["profile"]]


def recorded(shape: str) -> Price:
    """The price in prices.json, dated by its oldest part."""
    parts, disk = get(shape)["parts"], cloud()["storage"]["parts"]
    listed = {part: cloud()["prices"][part] for part in (*parts, *disk)}
    doubts = [listed[part]["doubt"] for part in parts if "doubt" in listed[part]]
    return Price(
        _sum(parts, listed), _sum(disk, listed), min(p["dated"] for p in listed.values()), doubt="; ".join(doubts)
    )


def today(shape: str, address: str = PRICE_LIST) -> Price:
    """The price in Oracle's public list now; OSError when it cannot be reached, ValueError when it lacks a part."""
    parts, disk = get(shape)["parts"], cloud()["storage"]["parts"]
    listed = {part: {"usd": ask(part, address)} for part in (*parts, *disk)}
    return Price(
        _sum(parts, listed),
        _sum(disk, listed),
        datetime.now(timezone.utc).date().isoformat(),
        True,
        recorded(shape).doubt,
    )


def ask(part: str, address: str = PRICE_LIST) -> float:
    """US dollars for a unit of a part in Oracle's price list, where amounts are free at first: of what comes after."""
    query = urllib.parse.urlencode({"partNumber": part, "currencyCode": "USD"})
    with urllib.request.urlopen(f"{address}?{query}", timeout=PATIENCE) as answer:
        items = json.load(answer).get("items", [])
    values = [
        price["value"]
        for item in items
        if item.get("partNumber") == part
        for local in item.get("currencyCodeLocalizations", [])
        if local.get("currencyCode") == "USD"
        for price in local.get("prices", [])
        if price.get("model") == "PAY_AS_YOU_GO"
    ]
    if not values:
        raise ValueError(f"the price list has no {part}")
    return float(max(values))


def cost(
    shape: str,
    learners: int = 1,
    hours: float = 2.0,
    price: Price | None = None,
    billed_when_stopped: bool | None = None,
) -> list[Cost]:
    """What a class of one VM per learner costs, for the workshop and for four other ways to end it; US dollars."""
    price, facts = price or recorded(shape), get(shape)
    stopped = facts["billed_when_stopped"] if billed_when_stopped is None else billed_when_stopped
    night = NIGHT if stopped else 0.0
    ways = (
        ("the workshop, then terminated", hours, hours),
        ("… then stopped until the morning", hours + night, hours + NIGHT),
        ("… left running until the morning", hours + NIGHT, hours + NIGHT),
        ("… forgotten over a weekend", hours + WEEKEND, hours + WEEKEND),
        ("… forgotten for a month", MONTH, MONTH),
    )
    free_vms = facts["always_free"]
    paid = max(0, learners - free_vms)
    gb = learners * disk_gb(shape) - (cloud()["free"]["storage_gb"] if free_vms else 0)
    rows = []
    for what, running, kept in ways:
        total = paid * running * price.vm + max(0, gb) * price.disk * kept / MONTH
        rows.append(Cost(what, running, total / learners, total))
    return rows


def shown(costs: Sequence[Cost], learners: int = 1) -> list[dict[str, str]]:
    """Costs as lines of a table, in dollars and cents."""
    return [
        {"what happens": c.what, "hours billed": f"{c.billed:g}", "one VM": f"$ {c.one:,.2f}"}
        | ({f"class of {learners}": f"$ {c.all:,.2f}"} if learners > 1 else {})
        for c in costs
    ]


def compare(shapes: Sequence[str], learners: int = 1, hours: float = 2.0) -> dict[str, float]:
    """The same courses of events for several shapes, recorded prices: label -> US dollars for the class."""
    names = {shape: get(shape)["card"] or shape.rsplit(".", 1)[-1] for shape in shapes}
    all_costs = {names[shape]: cost(shape, learners, hours) for shape in shapes}
    rows = zip(*all_costs.values(), strict=True)
    return {f"{c.what} · {name}": c.all for row in rows for name, c in zip(all_costs, row, strict=True)}


def shapes() -> list[dict[str, object]]:
    """The machines of this workshop as lines of a table, prices recorded."""
    return [
        {
            "shape": name + " (?)" * ("doubt" in s),
            "card": f"{s['cards']} × {s['card']}" if s["card"] else "none",
            "cores": s["ocpus"],
            "memory, GB": s["memory_gb"],
            "profile": s["profile"],
            "$ an hour": f"{recorded(name).vm:.3f}{' (?)' * bool(recorded(name).doubt)}",
            "as of": recorded(name).dated,
            "Stop pauses the bill": "NO" if s["billed_when_stopped"] else "yes",
            "free ones": s["always_free"] or "",
        }
        for name, s in cloud()["shapes"].items()
    ]


def _sum(parts: dict[str, float], listed: dict[str, dict]) -> float:
    return sum(units * listed[part]["usd"] for part, units in parts.items())
