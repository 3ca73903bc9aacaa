"""How a swap is told from a recording: what a detector sees, cues, a small network, blends to train on, scores."""
