"""filters.py: which faces stay at which limits, told from records made here."""

import numpy as np
import pytest

from faceswap_lib import UserError
from faceswap_lib.face import faceset, filters
from faceswap_lib.face.filters import Limits


def test_what_is_blurred_small_or_turned_is_left_out_for_that_reason(facesets):
    records = faceset.load(facesets["a"]).records[:5]
    records[0].blur = 0.01
    records[1].landmarks = records[1].landmarks * 0.2
    records[2].pose = [-50.0, 0, 0]
    records[3].blur, records[3].pose = 0.01, [80.0, 0, 0]
    found = filters.reasons(records, Limits(0.25, 24, 45))
    assert found == ["blurred", "too small", "turned away", "blurred", None]
    assert filters.reasons(records, Limits(0, 0, 180)) == [None] * 5


def test_sharpness_is_measured_by_the_persons_median(facesets):
    records = faceset.load(facesets["b"]).records
    usual = float(np.median([r.blur for r in records]))
    found = filters.reasons(records, Limits(1.0, 0, 180))
    assert filters.usual(records) == usual
    assert [r.blur < usual for r in records] == [reason == "blurred" for reason in found]


@pytest.mark.parametrize(("limits", "told"), [(Limits(2), "min_sharpness is 2"), (Limits(max_yaw=-1), "max_yaw is -1")])
def test_limits_that_nobody_could_mean(limits, told):
    with pytest.raises(UserError, match=told):
        limits.check()
