"""Lab 0's exercises: what a single neuron can part, and what the mesh cannot see."""

ENOUGH = 0.99  # share of the dots that have to be right


def one_neuron(value: object) -> str:
    """The shape of a neuron's boundary as predicted, and the share of dots that the sliders got right."""
    shape, right = value
    hints = {"line": "", "curve": "Move all three sliders: does the dark line ever bend?"}
    if hint := hints.get(str(shape).strip().lower(), 'Say "line" or "curve".'):
        return hint
    if float(right) >= ENOUGH:
        return ""
    return f"A line it is. Now move the sliders: {float(right):.0%} of the dots are right, all can be."


def what_suffers(value: object) -> str:
    """Which part of a texture suffers when a head turns: the cheek that turns away."""
    hints = {
        "eyes": "They stay in place, however the head turns: look at the edges of the texture.",
        "mouth": "It stays in place: look at the edges of the texture.",
        "cheek": "",
    }
    return hints.get(str(value).strip().lower(), 'Say "eyes", "mouth" or "cheek".')


ANSWERS = {"00-1": one_neuron, "00-2": what_suffers}
