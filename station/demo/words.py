"""What does the demo say at the bottom of a bench? Its keys, and the label that came out."""

from __future__ import annotations

KEYS = {"ctrl+n": "next", "ctrl+x": "wrong", "ctrl+l": "badge", "ctrl+u": "undo"}
"""Keys that terminals deliver, that no scanner sends as data and no command of the bench has."""

_HINT = {
    "en": "DEMO  Ctrl+N next right scan · Ctrl+X wrong scan · Ctrl+L badge · Ctrl+U undo card",
    "zh": "演示  Ctrl+N 下一次正确扫描 · Ctrl+X 错误扫描 · Ctrl+L 工牌 · Ctrl+U 撤销卡",
}
_OUT = {"en": "label out: {}", "zh": "面单已打印：{}"}


def notice(language: str, out: tuple[str, ...]) -> str:
    """Return the line: which key fires what, and what the newest label's barcode says."""
    tongue = language if language in _HINT else "en"
    said = _HINT[tongue]
    return f"{said}  │ {_OUT[tongue].format(out[-1])}" if out else said
