"""The lessons in order: their notebooks, what they are for, and the minutes that a class plans for each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """One lab: number as in the logbook, notebook's name, title, minutes without training, what one can do after it.

    makes: what it leaves in the workdir, which a later one needs; rest: minutes of break after it.
    """

    number: str
    name: str
    title: str
    minutes: int
    aim: str
    makes: tuple[str, ...] = ()
    rest: int = 0


LESSONS = (
    Lesson("00", "00_introduction", "Introduction", 10, "say what a deepfake is made of, and what is allowed"),
    Lesson("01", "01_provision", "A machine to train on", 10, "know what a machine costs, and how it stops costing"),
    Lesson("02", "02_gpu", "Inside the machine", 10, "see whether this machine can do it, and what limits it"),
    Lesson("03", "03_extract", "Extract", 20, "find every face, and tell a good faceset", ("faces/a", "faces/b"), 5),
    Lesson("04", "04_train", "Train", 30, "see a network learn a face, and what the game adds", ("model",), 10),
    Lesson("05", "05_convert", "Convert", 20, "put the face into the video, in its light, labelled", ("swapped",)),
    Lesson("06", "06_evaluate", "Evaluate", 20, "measure it, break it, know what to trust", ("report.json",)),
    Lesson("07", "07_detect", "Detect", 20, "tell a fake, and know how little a detector's answer means"),
    Lesson("08", "08_faceswap", "The real Faceswap", 20, "train the best-known program, and hold both to one measure"),
)
LAST = "06"  # of the two hours; the labs after it are for whoever goes on
EXTRA = 10.0  # minutes beyond what was planned after which a learner may be stuck
