"""A line of a checklist: what was looked at, its verdict, and what to do about it. Labs 1 and 2 are made of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One thing looked at: OK, WARN or FAIL, what it is, what was found, and what to do about it ("" if nothing)."""

    verdict: str
    what: str
    found: str
    remedy: str = ""


def row(good: bool, what: str, found: str, remedy: str = "", bad: str = "FAIL") -> Row:
    """The row of something that is good, or else has the verdict `bad` and a remedy."""
    return Row("OK", what, found) if good else Row(bad, what, found, remedy)
