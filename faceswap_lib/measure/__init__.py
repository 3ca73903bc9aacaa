"""How good a swap is: figures, what they are compared with, and report.json."""
