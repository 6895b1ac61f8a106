"""What does the demo say on a bench? Its keys, the label that has just come out, what can break."""

from __future__ import annotations

BREAK_KEY = "ctrl+t"
KEYS = {"ctrl+n": "next", "ctrl+x": "wrong", "ctrl+l": "badge", "ctrl+u": "undo"}
"""Keys that terminals deliver, that no scanner sends as data and no command of the bench has."""

_HINT = {
    "en": "DEMO: Ctrl+N right scan, Ctrl+X wrong scan, Ctrl+T break things",
    "zh": "演示：Ctrl+N 正确扫描，Ctrl+X 错误扫描，Ctrl+T 弄坏东西",
}
_OUT = {
    "en": "OUT OF THE PRINTER: {}. Ctrl+N scans it",
    "zh": "打印机出纸：{}。Ctrl+N 扫描面单",
}

_BREAKING: dict[str, dict[str, str]] = {
    "en": {
        "title": "BREAK THINGS: each label still comes out once",
        "choose": "Up and Down choose, Enter does it. Any scan goes on with the work.",
        "do": "Do it",
        "back": "Back",
        "paper": "Pull the paper out of the printer",
        "paper.mend": "Put the paper back",
        "paper.is": "The printer is out of paper.",
        "cable": "Cut the printer's cable",
        "cable.mend": "Mend the printer's cable",
        "cable.is": "The printer cannot be reached.",
        "lid": "Open the printer's lid",
        "lid.mend": "Close the printer's lid",
        "lid.is": "The printer's lid is open.",
        "kill": "Kill the bench in the middle of the next label",
        "kill.mend": "Let the bench live after all",
        "kill.is": "The bench dies at the next label, and is started again.",
        "hub": "Cut the hub",
        "hub.mend": "Start the hub again",
        "hub.is": "The hub is gone.",
        "wait": "One moment …",
        "failed": "That did not work: {}",
    },
    "zh": {
        "title": "弄坏东西：每张面单还是只出一次",
        "choose": "上下键选择，回车执行。任何扫描都会回到工作。",
        "do": "执行",
        "back": "返回",
        "paper": "把打印机的纸抽走",
        "paper.mend": "把纸放回去",
        "paper.is": "打印机没纸了。",
        "cable": "剪断打印机的线",
        "cable.mend": "接好打印机的线",
        "cable.is": "打印机连不上。",
        "lid": "打开打印机的盖子",
        "lid.mend": "合上打印机的盖子",
        "lid.is": "打印机的盖子开着。",
        "kill": "在下一张面单打到一半时杀掉工作台程序",
        "kill.mend": "还是让它活着吧",
        "kill.is": "打下一张面单时程序会被杀掉，然后重新启动。",
        "hub": "断开总机",
        "hub.mend": "重新启动总机",
        "hub.is": "总机不在了。",
        "wait": "请稍等……",
        "failed": "没有成功：{}",
    },
}


def notice(language: str, out: tuple[str, ...]) -> str:
    """Return the line: what the label says that came out, else which key fires what."""
    tongue = language if language in _HINT else "en"
    return _OUT[tongue].format(" · ".join(out)) if out else _HINT[tongue]


def breaking(language: str, key: str) -> str:
    """Return what the menu of things to break says."""
    return _BREAKING.get(language, _BREAKING["en"])[key]
