"""Lab 2's exercises: the arithmetic of twice the channels, and how many neurons fence in a ring."""

TIMES, FEWEST = 4, 3


def times_the_work(value: object) -> str:
    """How many times as much arithmetic twice the channels are: four times."""
    given = float(value)
    if given == TIMES:
        return ""
    if given == 2:
        return "Twice as many numbers go into each window, and twice as many results come out: that is not 2."
    return "Each of twice as many results takes twice as many multiplications."


def fewest_neurons(value: object) -> str:
    """How few hidden neurons fence in the ring's middle: three, for each gives one straight edge."""
    given = int(value)
    if given == FEWEST:
        return ""
    if given < FEWEST:
        return "Train it: the middle stays open on a side. Each neuron gives one straight edge."
    return "That works; do fewer edges close a fence?"


ANSWERS = {"02-1": fewest_neurons, "02-2": times_the_work}
