"""methods.py: what marks say of a file stands beside what a detector says, for each state of it."""

from faceswap_lib.detection import methods
from faceswap_lib.face import faceset


class Certain:
    """A detector that calls everything a fake, or nothing."""

    def __init__(self, says: float):
        self.says = says

    def scores(self, faces):
        import numpy as np

        return np.full(len(faces), self.says)


def test_encoding_takes_the_signatures_and_leaves_label_and_mark(swapped_run, short, monkeypatch):
    monkeypatch.setattr(methods, "ANEW", 26)  # at 30 the mark of a second is found as often as not, of ten always
    found = faceset.load(swapped_run / "faces" / "a")
    judges = {"sure": Certain(1.0), "blind": Certain(0.0)}
    told = methods.rows({"recording": short["a"]}, swapped_run / "swapped.mp4", found, judges)
    swap, again, shot, recording = told
    signed = ("Content Credentials", "file beside it")
    assert {swap[name] for name in ("visible label", "mark in the pixels", *signed)} == {"intact"}
    assert [again[name] for name in signed] == ["missing"] * 2 == [shot[name] for name in signed]
    assert again["visible label"] == shot["visible label"] == again["mark in the pixels"] == "intact"
    assert {recording[name] for name in ("visible label", "mark in the pixels", *signed)} == {"missing"}
    assert all(row["sure"] in ("100% of faces", "") and row["blind"] in ("0% of faces", "") for row in told)
    assert [list(row) for row in told] == [list(swap)] * 4, "one table"
