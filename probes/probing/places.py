"""What a probe is asked about: places in texts, each with the answer it should give."""

from dataclasses import dataclass

import numpy as np

AROUND = 60
"""Characters of context kept on each side of a place."""
_LONGEST = 80
"""Characters of a place's own text that are kept."""


@dataclass(frozen=True)
class Place:
    """A range of characters, and the answer there."""

    start: int
    end: int
    answer: str | float
    word: str
    """What the control task goes by: the word here, or the whole text where a text is asked but once."""
    beside: tuple[int, int] | None = None
    """A second range before this one: what is read is then how the two compare."""


@dataclass(frozen=True)
class Piece:
    """A text as the model reads it, and its labelled places in order.

    `family` is what decides the split: a function and its altered copy have the same one, and stay together.
    """

    text: str
    places: tuple[Place, ...]
    origin: str
    family: str

    @property
    def spans(self) -> np.ndarray:
        """Return what is read, as int64 [range, 2]: one a place, or first the range beside it and then its own."""
        ranges = [one for p in self.places for one in ((p.beside,) if p.beside else ()) + ((p.start, p.end),)]
        return np.array(ranges, np.int64).reshape(-1, 2)

    def take(self, chosen: np.ndarray) -> "Piece":
        """Return the piece with some of its places, in their order."""
        return Piece(self.text, tuple(self.places[i] for i in chosen), self.origin, self.family)

    def around(self, place: Place) -> tuple[str, str, str]:
        """Return what stands before a place, the place, and what stands after it."""
        end = min(place.end, place.start + _LONGEST)
        before = self.text[max(0, place.start - AROUND) : place.start]
        return before, self.text[place.start : end], self.text[place.end : place.end + AROUND]
