"""The report's figures: what each one says, how it is shown, and what a bad one calls for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """How a figure is read: which way is better, how it is shown, what it says, and what a bad one calls for.

    marks: references that are the aim or the yardstick and no rivals; good: beyond this nothing need be done;
    correlates: not a mean over frames but the correlation of a curve with the source's curve.
    """

    group: str
    better: str
    form: str
    meaning: str
    good: float | None = None
    advice: str = ""
    marks: tuple[str, ...] = ("ideal",)
    correlates: bool = False


AGAINST, WHOSE, ACTS = "Like the ideal swap", "Whose face it is", "Does it what A does"
CALM, FITS, WHOLE, UNSEEN = "Is it calm", "Does it fit in", "Is it complete", "Faces kept from training"
OWN = ("ideal", "source")  # these compare with the source, which agrees with itself by definition
FIGURES = {
    "ssim": Figure(AGAINST, "higher", ".3f", "structure like the ideal swap's, inside its mask; 1 is the same"),
    "ms_ssim": Figure(AGAINST, "higher", ".3f", "the same, coarse and fine structure together"),
    "psnr": Figure(AGAINST, "higher", ".2f", "pixels like the ideal swap's, in dB"),
    "delta_e": Figure(
        AGAINST,
        "lower",
        ".2f",
        "colour difference to the ideal swap; 2 shows at a glance",
        good=8,
        advice="The colours are off: try another color_match, or film both people in like light.",
    ),
    "parts": Figure(AGAINST, "higher", ".3f", "structure of eyes and mouth alone"),
    "placement": Figure(
        AGAINST,
        "lower",
        ".2f",
        "how far the face was moved onto the ideal's before the five above, in % of the distance between the eyes",
        good=4,
        advice="The face sits aside: look at its landmarks.",
    ),
    "expression": Figure(
        AGAINST,
        "lower",
        ".2f",
        "how far its points are from the ideal's after that, same unit",
        good=2.8,
        advice="The expression does not follow: train longer, and film B talking and blinking.",
    ),
    "to_ideal": Figure(
        AGAINST,
        "lower",
        ".3f",
        "a recogniser's distance to the ideal's; under 0.6 is “same person”",
        good=0.45,
        advice="It is not B yet: train longer.",
    ),
    "identity": Figure(
        WHOSE,
        "higher",
        ".3f",
        "a recogniser's view: −1 is A's average face, +1 is B's",
        good=0.15,
        advice="The recogniser hesitates between A and B: train longer, or film B in all of A's poses.",
    ),
    "share_nearer_b": Figure(
        WHOSE,
        "higher",
        ".0%",
        "share of the frames in which it sees B rather than A",
        good=0.9,
        advice="In some frames A is still recognised: look at them, then at the poses in lab 3.",
    ),
    "motion": Figure(
        ACTS,
        "lower",
        ".2f",
        "how far lids, lips and brows are from where A's movement takes them, % of the distance between the eyes",
        good=5,
        advice="The face does not move as A's: train longer.",
        marks=OWN,
    ),
    "mouth": Figure(
        ACTS,
        "higher",
        ".2f",
        "does the mouth open when A's does? 1 is in step",
        good=0.7,
        advice="The mouth is out of step: train longer, and film B talking.",
        marks=OWN,
        correlates=True,
    ),
    "eyes": Figure(
        ACTS,
        "higher",
        ".2f",
        "do the lids close when A's do? 1 is in step",
        good=0.5,
        advice="The lids are out of step: film B blinking and looking down.",
        marks=OWN,
        correlates=True,
    ),
    "gaze": Figure(
        ACTS,
        "higher",
        ".2f",
        "do the eyes look where A's look? 1 is in step",
        good=0.5,
        advice="The gaze is out of step: film B looking around.",
        marks=OWN,
        correlates=True,
    ),
    "pose": Figure(
        ACTS,
        "lower",
        ".1f",
        "degrees between its head's turn and A's",
        good=6,
        advice="The head seems turned otherwise than A's: look at the landmarks in lab 3.",
        marks=OWN,
    ),
    "flicker": Figure(
        CALM,
        "lower",
        ".2f",
        "how its points tremble from frame to frame and A's do not, % of the distance between the eyes",
        good=1.5,
        advice="The face trembles: look for jumping landmarks.",
        marks=OWN,
    ),
    "shimmer": Figure(
        CALM,
        "lower",
        ".2f",
        "grey levels its skin changes from frame to frame and A's does not",
        good=3.5,
        advice="The skin shimmers: train longer.",
        marks=OWN,
    ),
    "border": Figure(
        FITS,
        "lower",
        ".2f",
        "colour difference to A along the face's edge; 2 shows at a glance",
        good=5,
        advice="The colour does not match at the edge: try another color_match.",
        marks=OWN,
    ),
    "sharpness": Figure(
        FITS,
        "higher",
        ".2f",
        "fine detail; 1 is the ideal's (without an ideal: the source's)",
        good=0.6,
        advice="The face is soft: more training with the discriminator will help, and a sharper B.",
        marks=OWN,
    ),
    "coverage": Figure(
        WHOLE,
        "higher",
        ".1%",
        "share of A's frames in which the face has become another",
        good=0.98,
        advice="Frames were left out: see which faces lab 3 did not find.",
    ),
    "lost": Figure(
        WHOLE,
        "lower",
        ".1%",
        "share of A's frames in which no face is found any more",
        good=0.01,
        advice="In some frames the face is no face any more: look at the worst ones.",
        marks=OWN,
    ),
    "sound": Figure(
        WHOLE,
        "higher",
        ".1%",
        "share of the source's sound that is there, bit for bit, at its time",
        good=1,
        advice="Sound is missing: convert again with this kit, which copies it.",
        marks=OWN,
    ),
    "timing": Figure(
        WHOLE,
        "higher",
        ".1%",
        "share of the frames that are shown when the source's are, its clock set right",
        good=1,
        advice="Frames come at other times than the source's: convert again with this kit.",
        marks=OWN,
    ),
    "unseen_a": Figure(UNSEEN, "higher", ".3f", "structure of A drawn as A, faces it never saw", marks=("seen",)),
    "unseen_b": Figure(UNSEEN, "higher", ".3f", "structure of B drawn as B, faces it never saw", marks=("seen",)),
}
