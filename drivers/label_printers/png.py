"""What does a carrier's PNG show?"""

from __future__ import annotations

from io import BytesIO

from PIL import Image, UnidentifiedImageError

from drivers.label_printers.unusable import Unusable, Why

_MOST_DOTS = 40_000_000
"""A4 at 600 dpi is 35 million."""


def picture(data: bytes) -> Image.Image:
    """Return a PNG's picture in grey. Raises Unusable."""
    try:
        shown = Image.open(BytesIO(data), formats=("PNG",))
        if shown.width * shown.height > _MOST_DOTS:
            size = f"{shown.width} x {shown.height}"
            raise Unusable(Why.TOO_LARGE, f"a picture of {size} dots is no label")
        return _on_white(shown)
    except Unusable:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable(Why.TOO_LARGE, "this picture is far too large for a label") from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        raise Unusable(Why.BROKEN, "this PNG cannot be read; have it fetched again") from None


def _on_white(picture: Image.Image) -> Image.Image:
    """Return it in grey; what can be seen through is paper, not ink."""
    info = picture.info
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in info:
        seen = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
    grey = picture.convert("L")
    grey.info = info
    return grey
