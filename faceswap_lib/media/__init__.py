"""Frames in, frames out; sound untouched, all distances in time kept. PyAV is known here."""
