"""label.py: the label is there, can be read, says what it must, and covers no face where there is room."""

import shutil
import subprocess

import cv2
import numpy as np
import pytest

from faceswap_lib.trust.label import TEXT, Label

SIZES = [(320, 320), (1280, 720), (720, 1280), (1920, 1080), (1080, 1920), (200, 100), (97, 161), (64, 48), (33, 500)]


def frame(width: int, height: int, grey: int = 120) -> np.ndarray:
    return np.full((height, width, 3), grey, "u1")


def overlaps(label: tuple[int, int, int, int], box: np.ndarray) -> bool:
    """Whether two boxes share a pixel, by painting them."""
    page = np.zeros((2000, 2000), int)
    for x, y, w, h in (label, box):
        page[max(0, int(y)) : int(np.ceil(y + h)), max(0, int(x)) : int(np.ceil(x + w))] += 1
    return bool((page == 2).any())


def test_it_says_that_the_picture_is_synthetic():
    assert "SYNTHETIC" in TEXT


@pytest.mark.parametrize("width, height", SIZES)
def test_it_stands_within_the_frame_and_is_the_only_thing_changed(width, height):
    label, before = Label(width, height, {}), frame(width, height)
    x, y, w, h = label.place(0)
    assert 0 <= x and 0 <= y and x + w <= width and y + h <= height
    out = label.stamp(0, before)
    assert (before == 120).all() and out.shape == before.shape and out.dtype == np.uint8
    changed = (out != before).any(-1)
    assert changed[y : y + h, x : x + w].mean() > 0.5
    changed[y : y + h, x : x + w] = False
    assert not changed.any()


@pytest.mark.parametrize("grey", [0, 120, 255])
@pytest.mark.parametrize("width, height", [s for s in SIZES if min(s) > 90])
def test_its_letters_stand_out_and_are_large_enough_to_read(width, height, grey):
    label = Label(width, height, {})
    x, y, w, h = label.place(0)
    view = label.stamp(0, frame(width, height, grey))[y : y + h, x : x + w].max(-1).astype(int)
    letters = view > (view.min() + view.max()) / 2
    assert view.max() - view.min() > 90
    assert 0.03 < letters.mean() < 0.5
    rows, columns = np.flatnonzero(letters.any(1)), np.flatnonzero(letters.any(0))
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert tall >= max(5, 0.018 * min(width, height)) and tall <= 0.1 * height
    assert wide > 4 * tall, "the whole text, not a piece of it"
    assert wide > 0.3 * min(width, height)


def test_the_words_are_the_words():
    label = Label(1280, 720, {})
    x, y, w, h = label.place(0)
    view = label.stamp(0, frame(1280, 720))[y : y + h, x : x + w].max(-1)
    seen = cv2.connectedComponents((view > 140).astype("u1"))[0] - 1
    assert seen == pytest.approx(len(TEXT.replace(" ", "")) + TEXT.count(":"), abs=3), "one blob a letter"


def test_it_keeps_away_from_every_face_where_there_is_room():
    random = np.random.default_rng(0)
    for width, height in ((320, 320), (1280, 720), (720, 1280)):
        boxes = {}
        for i in range(60):
            side = random.uniform(0.3, 0.55) * min(width, height)
            place = random.uniform(-0.2, 0.8, 2) * [width, height]
            boxes[i] = [np.r_[place, side, 1.2 * side]]
        label = Label(width, height, boxes)
        for i, (box,) in boxes.items():
            assert not overlaps(label.place(i), box), (width, i)


def test_it_steps_aside_for_a_frame_and_comes_back():
    boxes = {i: [np.array([100.0, 60, 90, 110])] for i in range(12)}
    for i, place in enumerate(((0, 0), (280, 0), (0, 280), (280, 280), (140, 280), (140, 0)), 4):
        boxes[i] = [np.array([*place, 40.0, 40])]  # wherever it stands, a face comes by
    label = Label(320, 320, boxes)
    usual, moved = label.place(0), [i for i in boxes if label.place(i) != label.place(0)]
    assert moved and set(moved) <= set(range(4, 10))
    assert not any(overlaps(label.place(i), box) for i, (box,) in boxes.items())
    assert label.place(11) == usual and label.place(99) == usual, "a frame without a face is labelled too"


def test_it_stays_put_in_the_corner_that_faces_leave_alone():
    boxes = {i: [np.array([x, y, 60.0, 60])] for i, (x, y) in enumerate([(250, 250), (20, 20), (250, 20), (250, 250)])}
    label = Label(320, 320, boxes)
    assert len({label.place(i) for i in range(6)}) == 1, "no jumping about"


def test_two_faces_are_both_kept_free():
    boxes = [np.array([0.0, 200, 120, 120]), np.array([200.0, 200, 120, 120])]
    label = Label(320, 320, {0: boxes})
    assert not any(overlaps(label.place(0), box) for box in boxes)


def test_it_is_there_even_when_faces_leave_no_room():
    label = Label(320, 320, {0: [np.array([0.0, 0, 320, 320])]})
    assert (label.stamp(0, frame(320, 320)) != 120).any()


def grounds(width: int, height: int) -> dict[str, np.ndarray]:
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3))
    return {"black": frame(width, height, 0), "white": frame(width, height, 255), "noise": noise.astype("u1")}


def read_by_tesseract(picture: np.ndarray) -> str:
    """What Debian's tesseract reads where the label stands in a picture, as tall as book print."""
    x, y, w, h = Label(*picture.shape[1::-1], {}).place(0)
    corner = picture[y - h // 10 :, x - h // 10 :]
    how = cv2.INTER_AREA if h > 36 else cv2.INTER_CUBIC
    _, data = cv2.imencode(".png", cv2.resize(corner, None, fx=36 / h, fy=36 / h, interpolation=how))
    command = ["tesseract", "-", "-", "--psm", "7", "-l", "eng"]
    told = subprocess.run(command, input=data.tobytes(), capture_output=True, check=True, env={"OMP_THREAD_LIMIT": "1"})
    return " ".join(told.stdout.decode().split())


@pytest.mark.skipif(not shutil.which("tesseract"), reason="needs Debian's tesseract-ocr, which CI installs")
@pytest.mark.parametrize("ground", ["black", "white", "noise"])
@pytest.mark.parametrize("width, height", [(240, 135), (240, 426), (1280, 720), (3840, 2160)])
def test_a_machine_that_reads_books_reads_it(width, height, ground):
    before = grounds(width, height)[ground]
    assert TEXT in read_by_tesseract(Label(width, height, {}).stamp(0, before))
    assert TEXT not in read_by_tesseract(before)
