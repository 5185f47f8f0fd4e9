"""How wide a figure is on the page, by the name of the page."""

MM = 1 / 25.4

WIDTHS = {
    "single": (3.25, 7.0),
    "double": (6.75, 7.5),
    "slide": (10.0, 14.0),
    "acl": (77 * MM, 8.0),
    "acl-wide": (160 * MM, 9.0),
    "icml": (3.25, 7.0),
    "icml-wide": (6.75, 7.0),
    "neurips": (5.5, 8.0),
    "iclr": (5.5, 8.0),
    "aaai": (3.3, 7.0),
    "aaai-wide": (6.975, 7.0),
    "cvpr": (3.25, 7.0),
    "cvpr-wide": (6.875, 7.0),
    "jmlr": (6.0, 8.0),
    "tmlr": (6.5, 8.0),
    "ieee": (3.5, 7.0),
    "ieee-wide": (7.16, 7.0),
    "nature": (89 * MM, 5.5),
    "nature-wide": (183 * MM, 5.5),
}
"""Name → page width in inches and size of labels in points; the figure's title is 1.5 pt larger.

Column and text widths are those of each venue's author instructions. Sizes are ours, chosen below the venue's caption
size, except Nature's, whose text must lie between 5 and 7 pt.
"""

SIZES = (4.0, 40.0)
"""The smallest and the largest label a figure can be asked for, in points."""
