"""What larger things cost, on paper: a class of any size, and many hours of video; recorded prices, US dollars.

Whatever is not known is a range, and each range says where its ends are from. setup/COSTS.md shows `tables()`.
"""

from dataclasses import dataclass
from math import ceil

from faceswap_lib.cloud import bill

# Hours that a class is billed: two of lessons and the six minutes at most that a VM prepares itself (measured, see
# setup/vm/README.md); a booked half day.
HOURS = (2.1, 4.0)
HUB = 50  # learners on one machine with JupyterHub at most, as setup/oci takes it
# A node of Kubernetes is a VM.Standard.E5.Flex of 16 threads, two of them for the system. What setup/k8s/values.yaml
# guarantees a learner (a thread, 3 GB) fits there 14 times, what it allows (two threads) 7 times.
NODE_OCPUS, NODE_GB, NODE_DISK, LEARNER_DISK = 8, 64, 100, 50
PER_NODE = (14, 7)
# Frames a second on two cores, 2026-11: a 1080 × 1920 clip and a 720p one; the built-in one with the start and without.
RATES = {"extract": (42.0, 49.0), "convert": (10.7, 16.2)}
FPS = 25
# "Two cores" are two threads of one of Oracle's x86 processors (OCPU) or two of those, with 8 GB of memory for each.
CORES_OCPUS, GB_AN_OCPU = (1, 2), 8
GB_AN_HOUR = (1.8, 3.6)  # of video at 4 and at 8 Mbit/s: assumed; and as much again for what is made of it


@dataclass(frozen=True)
class Span:
    """From … to: US dollars; hours: of machines; units: machines, or nodes."""

    what: str
    low: float
    high: float
    units: tuple[int, int] = (1, 1)
    hours: tuple[float, float] = (0.0, 0.0)


def classes(learners: int, hours: tuple[float, float] = HOURS) -> list[Span]:
    """One workshop for so many, by each way that the kit knows; ended when it is over."""
    shared = ceil(learners / HUB)
    ways = [
        ("a VM.GPU.A10.1 each", "VM.GPU.A10.1", learners),
        (f"a VM.GPU.A10.1 for up to {HUB} (`hub`)", "VM.GPU.A10.1", shared),
        ("a VM.Standard.A1.Flex each, no card", "VM.Standard.A1.Flex", learners),
    ]
    spans = [
        Span(what, *(bill.cost(shape, count, h)[0].all for h in hours), (count,) * 2) for what, shape, count in ways
    ]
    return [*spans, _kubernetes(learners, hours)]


def _kubernetes(learners: int, hours: tuple[float, float]) -> Span:
    nodes = tuple(ceil(learners / each) + 1 for each in PER_NODE)  # one more for the hub and its proxy
    fee, disk = price("B96545"), bill.recorded("VM.GPU.A10.1").disk / bill.MONTH
    ends = [
        h * (fee + count * (_x86(NODE_OCPUS, NODE_GB) + NODE_DISK * disk) + learners * LEARNER_DISK * disk)
        for h, count in zip(hours, nodes, strict=True)
    ]
    return Span("Kubernetes (setup/k8s), no cards", *ends, nodes)


def video(work: str, hours: float = 1000.0, rates: tuple[float, float] | None = None) -> Span:
    """`work` ("extract" or "convert") on so many hours of video, on machines of two cores; rates: frames a second."""
    slow, fast = rates or RATES[work]
    needed = (hours * FPS / fast, hours * FPS / slow)
    least, most = (_x86(ocpus, ocpus * GB_AN_OCPU) for ocpus in CORES_OCPUS)
    return Span(work, needed[0] * least, needed[1] * most, hours=needed)


def storage(hours: float = 1000.0) -> Span:
    """So many hours of video, and what is made of them, on block volumes for a month."""
    month = bill.recorded("VM.GPU.A10.1").disk
    return Span("storage for a month", *(2 * hours * gb * month for gb in GB_AN_HOUR))


def price(part: str) -> float:
    """A part's recorded price for its unit."""
    return bill.cloud()["prices"][part]["usd"]


def _x86(ocpus: int, gb: int) -> float:
    """An hour of a VM.Standard.E5.Flex of this size."""
    return ocpus * price("B97384") + gb * price("B97385")


def tables(
    learners: tuple[int, ...] = (1, 20, 1000), hours: int = 1000, machines: tuple[int, ...] = (1, 20, 100)
) -> str:
    """Both tables as Markdown."""
    rows = [[f"{_dollars(s)} ({_both(*s.units)})" for s in classes(count)] for count in learners]
    names = [span.what for span in classes(1)]
    lines = [f"| | {' | '.join(f'{count:,} learners' if count > 1 else '1 learner' for count in learners)} |"]
    lines += ["|---" * (len(learners) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(row[n] for row in rows)} |" for n, name in enumerate(names)]
    lines += ["", f"| {hours:,} hours of video | machine hours | dollars | " + _days(machines) + " |"]
    lines += ["|---" * (len(machines) + 3) + "|"]
    for span in (video("extract", hours), video("convert", hours)):
        days = " | ".join(_both(*(h / 24 / count for h in span.hours), " days") for count in machines)
        lines.append(f"| {span.what} | {_both(*span.hours)} | {_dollars(span)} | {days} |")
    return "\n".join([*lines, f"| {storage(hours).what} | – | {_dollars(storage(hours))} |{' – |' * len(machines)}"])


def _days(machines: tuple[int, ...]) -> str:
    return " | ".join(f"on {count} machines" if count > 1 else "on 1 machine" for count in machines)


def _dollars(span: Span) -> str:
    return "$ " + _both(span.low, span.high)


def _both(low: float, high: float, unit: str = "") -> str:
    """A range to two places under 10 and whole above; one number where both ends are alike."""
    ends = [f"{end:,.2f}" if end < 10 and end != int(end) else f"{end:,.0f}" for end in (low, high)]
    return (ends[0] if ends[0] == ends[1] else f"{ends[0]} – {ends[1]}") + unit
