"""What a learner does and knows: exercises that are checked, and a logbook of the labs in the workdir."""
