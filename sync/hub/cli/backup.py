"""`packbench-hub backup` and `restore`: copies of the books, and back."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from sync.hub import backup, home, restore, stream, vault
from sync.hub.cli import say
from sync.hub.cli.say import No


def run(noun: str, argv: list[str]) -> int:
    """Copy the books, or put a copy back."""
    if noun == "backup":
        made = say.parser(noun, "Copies the books while the hub goes on serving.")
        made.add_argument(
            "target", nargs="?", default=".", metavar="FILE|FOLDER", help="where to; here if unsaid"
        )
        made.add_argument(
            "--stream",
            metavar="URL",
            help="copy an SQLite hub's books on and on, as they are written, to a folder or "
            "s3://…, sftp://…, gs://…; `off`: no longer",
        )
        made.set_defaults(do=_backup)
        return say.run(made, argv, checked=False)  # also before a migration
    made = say.parser(noun, "Puts a copy of the books in their place; keeps the old ones aside.")
    made.add_argument(
        "source", metavar="FILE|FOLDER|URL", help="a copy, or where copies are streamed to"
    )
    made.add_argument("--yes", action="store_true", help="do not ask")
    made.add_argument(
        "--epoch", type=int, default=0, help="at least; where the old books are lost for good"
    )
    return say.guarded(made, argv, _restore)


def _backup(options: argparse.Namespace, opened: home.Opened) -> int:
    url = home.placed(options.database)
    if options.stream is None:
        target = Path(options.target).expanduser()
        if options.target.endswith("/"):  # a folder is meant, whether it is there or not
            _make_folder(target)
        file = backup.copy(opened.store, url, target)
        say.words(f"copied to {file}; keep {home.folder() / 'hub.key'} too, and elsewhere")
        return say.DONE
    if options.stream == "off":
        with opened.store.write() as connection:
            backup.streaming(connection, None, time.time())
        say.words("nobody waits for streamed copies any more")
        return say.DONE
    if not opened.store.embedded:
        raise No(
            "PostgreSQL streams its books itself: see its manual, Continuous Archiving; "
            "`packbench-hub backup FILE` makes single copies"
        )
    # As by Ctrl-C: litestream is to send the last of it.
    signal.signal(signal.SIGTERM, _stop)
    stream.carry(opened.store, url, stream.target(options.stream), say.words)
    return say.DONE


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise No(f"cannot make the folder {folder}: {wrong.strerror}") from None


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _restore(options: argparse.Namespace) -> int:
    url = home.placed(options.database)
    if not options.yes:
        _ask(f"{options.source} takes the place of the books in {url.render_as_string()}")
    key = home.folder() / "hub.key"
    safe = vault.at(key) if key.exists() else None
    done = restore.restore(url, options.source, safe, options.epoch)
    say.words(f"the copy is in place, in epoch {done.epoch}; start the hub")
    if done.kept:
        say.words(f"the old books are kept as {done.kept}")
    return say.DONE


def _ask(what: str) -> None:
    if not sys.stdin.isatty():
        raise No(f"{what}: say --yes if that is meant")
    sys.stderr.write(f"{what}; the old ones are kept aside. Go on? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise No("nothing was changed")
