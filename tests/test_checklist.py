"""checklist.py: what is good has no remedy, what is bad has its verdict and one."""

import pytest

from faceswap_lib.checklist import Row, row


def test_what_is_good_is_ok_and_needs_no_remedy():
    assert row(True, "memory", "16 GB", "Buy more.") == Row("OK", "memory", "16 GB", "") == Row("OK", "memory", "16 GB")


@pytest.mark.parametrize(("given", "verdict"), [({}, "FAIL"), ({"bad": "WARN"}, "WARN")])
def test_what_is_bad_has_its_verdict_and_what_to_do(given, verdict):
    assert row(False, "memory", "1 GB", "Buy more.", **given) == Row(verdict, "memory", "1 GB", "Buy more.")


def test_rows_can_be_compared_and_not_changed():
    one = row(True, "memory", "16 GB")
    with pytest.raises(AttributeError):
        one.verdict = "FAIL"
    assert len({one, row(True, "memory", "16 GB"), row(True, "memory", "8 GB")}) == 2
