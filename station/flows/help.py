"""What can be done here? The commands of the table, page by page.

any flow --HELP--> page 1 --HELP--> the next page … --HELP--> no help
The next scan closes it, and counts: help never eats a scan.
"""

from __future__ import annotations

from dataclasses import replace

from station.commands import COMMANDS, Command
from station.prompt import Prompt, Row
from station.session import Session
from station.wording import people, render
from station.wording.word import command_label, help_text

ROWS = 7
"""Commands on a page: what a terminal of 24 rows shows below the banner."""
PAGES = -(-len(COMMANDS) // ROWS)


def turn(session: Session) -> Session:
    """Show the next page; after the last, none."""
    return replace(session, help_page=(session.help_page + 1) % (PAGES + 1))


def page(session: Session) -> tuple[Command, ...]:
    """The commands on the page that is shown."""
    first = (session.help_page - 1) * ROWS
    return COMMANDS[first : first + ROWS]


def prompt(session: Session, below: Prompt) -> Prompt:
    """The help page, on top of what the flow shows."""
    language = session.language
    rows = tuple(
        Row(
            mark="·" if session.flow in command.flows else " ",
            sku=render(command_label(command.name), language),
            name=render(help_text(command.name), language),
            bin=command.key.upper(),
            need=0,
            done=0,
        )
        for command in page(session)
    )
    return replace(
        below,
        title=render(people.help_title(session.help_page, PAGES), language),
        instruction=render(people.HELP_ENDS, language),
        rows=rows,
        facts=(),
        notice="",
        progress=None,
    )
