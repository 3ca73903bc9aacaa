"""Lab 7's exercises: what leaks past a covered face, what a detector says of B himself, what an alarm is worth."""

from faceswap_lib.detection import scores

FAKES, HITS, ALARMS, NEAR = 0.001, 0.99, 0.01, 0.03  # as the exercise has them, and how far off an answer may be
WORDS = ("yes", "no")


def leak(value: object) -> str:
    """Whether covered faces can be told, if the recording is plain and if it is dressed like the swap."""
    plain, dressed = (str(each).strip().lower() for each in value)
    if {plain, dressed} - set(WORDS):
        return 'Answer with "yes" or "no", twice.'
    if dressed == "yes":
        return "What is left that differs, when both bear the mark and went through one codec? Run the cell."
    return "A good suspicion, and a wrong one here: run the cell. Is 0.5 in the interval?" if plain == "yes" else ""


def himself(value: object) -> str:
    """What the detector that was trained on one swap says of B's own recording."""
    said = str(value).strip().lower()
    if said not in ("real", "fake"):
        return 'Answer with "real" or "fake".'
    return "" if said == "fake" else "Whose face was in every fake that it has seen, and in no recording?"


def alarm(value: object) -> str:
    """Which share of what is called a fake is one."""
    given, right = float(value), scores.worth(FAKES, HITS, ALARMS)
    if not 0 <= given <= 1:
        return "A share is between 0 and 1."
    if abs(given - right) <= NEAR:
        return ""
    if given > 0.9:
        return "That is how many of the fakes are found. How many recordings are there, and what are 1 % of them?"
    return "Count them out of a million videos: fakes that are found, and recordings that are called fakes."


ANSWERS = {"07-1": leak, "07-2": himself, "07-3": alarm}
