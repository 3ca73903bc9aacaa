"""Frames in, frames out; sound and time stamps untouched. PyAV is known here."""
