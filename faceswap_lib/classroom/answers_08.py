"""Lab 8's exercises: what runs in a pickle, what an EG is, what a deleted picture means."""

STEPS = 200 * 300 // 16


def runs(value: object) -> str:
    """The instruction of a pickle that calls a function."""
    hints = {
        "GLOBAL": "That fetches the function by its name, and lays it on the pile. Who takes it off again?",
        "MARK": "That only remembers a place on the pile.",
        "STRING": "That lays a text on the pile, and a text does nothing.",
        "TUPLE": "That makes one thing of all above the mark: the arguments. Who uses them?",
        "STOP": "That ends the reading, and by then it has happened.",
    }
    name = value.strip().upper()
    if name in ("REDUCE", "R"):
        return ""
    return hints.get(name, "Give a name from the listing's second column, in capitals.")


def steps(value: object) -> str:
    """After how many steps of 16 faces each of 200 was seen 300 times."""
    given = float(value)
    if abs(given - STEPS) <= 1:
        return ""
    if abs(given - STEPS / 2) <= 1:
        return "An EG counts both people; the question is about A's faces alone, and a step has 16 of them."
    if abs(given - 300) <= 1:
        return "In 300 steps the network sees 300 × 16 faces. How many times is that for each of the 200?"
    return "So many faces are to be seen: 200 × 300. A step sees 16."


def thirty(value: object) -> str:
    """What becomes of frames whose pictures were deleted before the training."""
    hints = {"unchanged": "The converter does not look at the pictures. Where does it read which frame has which face?"}
    given = value.strip().lower()
    return "" if given == "swapped" else hints.get(given, 'Give "swapped" or "unchanged".')


ANSWERS = {"08-1": runs, "08-2": steps, "08-3": thirty}
