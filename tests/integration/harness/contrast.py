# SPDX-License-Identifier: MIT
"""Contrast of colours as WCAG 2.2 computes it, of a style sheet that names its colours once for light and for dark."""
import re

COLOUR = re.compile(r"--([a-z]+):\s*(#[0-9a-f]{6})\b")


def luminance(colour):
    channels = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def schemes(style):
    """The named colours of light and of dark."""
    light, dark = style.split("prefers-color-scheme: dark", 1)
    dark = dark[:dark.index("}")]
    named = dict(COLOUR.findall(light))
    return {"light": named, "dark": {**named, **dict(COLOUR.findall(dark))}}
