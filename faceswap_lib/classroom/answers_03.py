"""Lab 3's exercises: how many faces stay, what stricter filters give and take, what a wrong landmark does."""

NEAR = 0.2  # share of the faces that a guess may be off


def stay(value: object) -> str:
    """A guess of how many faces stay, beside how many do."""
    guess, really = (float(each) for each in value)
    if abs(guess - really) <= NEAR * max(really, 25):
        return ""
    side = "more" if guess < really else "fewer"
    return (
        f"There are {side}. Count the bars of B's yaw between -15 and 15 degrees; then set the browser's max_yaw to 15."
    )


def stricter(value: object) -> str:
    """What becomes of the average under similarity, and what the network has lost."""
    average, lost = (str(each).strip().lower() for each in value)
    if average != "sharper":
        return "Look at nose and outline under similarity, here and in the average of all faces further up."
    if lost not in ("side views", "side view"):
        return "Which faces did max_yaw leave out? A network can only draw B from a side that it has seen."
    return ""


def moved(value: object) -> str:
    """Which picture turns as a whole when a landmark is dragged, and which is torn."""
    turns, torn = (str(each).strip().lower() for each in value)
    if {turns, torn} - {"similarity", "mesh"}:
        return 'Answer with "similarity" and "mesh".'
    return "" if turns == "similarity" and torn == "mesh" else "Set it to 4 points, drag far, and watch both pictures."


ANSWERS = {"03-1": stay, "03-2": stricter, "03-3": moved}
