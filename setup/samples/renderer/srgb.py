"""Colours as people write them, as light adds up."""


def linear(color: tuple) -> tuple[float, ...]:
    """sRGB 0..255 as linear light 0..1 (IEC 61966-2-1)."""
    return tuple((c / 255) / 12.92 if c / 255 < 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in color)
