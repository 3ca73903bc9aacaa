"""A video in pieces: what is found and drawn in each, and who works on them: this process, others, other machines."""
