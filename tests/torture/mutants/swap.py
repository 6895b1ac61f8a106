"""How is a bug planted? By what stands where a function of the product was."""

from __future__ import annotations

from typing import Any, TypeAlias

Own: TypeAlias = Any
"""A function of the product, whatever it takes and gives."""
Swaps = list[tuple[object, str, Own]]
"""Where, the name of what is replaced, and by what."""
