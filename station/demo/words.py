"""What does the demo say on a bench? Its keys, and the label that has just come out."""

from __future__ import annotations

KEYS = {"ctrl+n": "next", "ctrl+x": "wrong", "ctrl+l": "badge", "ctrl+u": "undo"}
"""Keys that terminals deliver, that no scanner sends as data and no command of the bench has."""

_HINT = {
    "en": "DEMO: Ctrl+N right scan, Ctrl+X wrong scan, Ctrl+L badge, Ctrl+U undo card",
    "zh": "演示：Ctrl+N 正确扫描，Ctrl+X 错误扫描，Ctrl+L 工牌，Ctrl+U 撤销卡",
}
_OUT = {
    "en": "OUT OF THE PRINTER: {}. Ctrl+N scans it",
    "zh": "打印机出纸：{}。Ctrl+N 扫描面单",
}


def notice(language: str, out: tuple[str, ...]) -> str:
    """Return the line: what the label says that came out, else which key fires what."""
    tongue = language if language in _HINT else "en"
    return _OUT[tongue].format(" · ".join(out)) if out else _HINT[tongue]
