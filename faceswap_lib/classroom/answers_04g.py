"""Lab 4's exercises on the game: what a collapse leaves, and whose expression a swapped decoder draws."""


def groups_left(value: object) -> str:
    """How many of the toy GAN's eight groups a collapse leaves: one, now and then none or two."""
    given = int(value)
    if 0 <= given <= 2:
        return ""
    if given >= 8:
        return "Then nothing would have collapsed: tick the box while it runs, and count the groups with red dots."
    return "Fewer: tick the box while it runs, and look where the red dots go."


def acts_like(value: object) -> str:
    """Whose expression decoder B draws from A's code: A's."""
    hints = {"A": "", "B": "B's face it is. But compare mouth and eyes with both real faces, and change the moment."}
    return hints.get(str(value).strip().upper(), 'Say "A" or "B".')


ANSWERS = {"04-g1": groups_left, "04-g2": acts_like}
