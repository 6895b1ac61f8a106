"""The table of commands: a card, a key, words and a refusal for each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from station import codes, commands, flows
from station.codes.code import CommandCode
from station.commands import COMMANDS, Command
from station.flows.flow import Commanded
from station.session import Session
from station.wording import CATALOGUES
from tests.builders import an_order
from tests.station.flows.play import a_bench

EACH = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


@EACH
def test_a_command_has_a_card_that_reads_as_itself(command: Command) -> None:
    for payload, n in zip(commands.payloads(command), command.numbers or (0,), strict=True):
        assert codes.read(payload) == CommandCode(command.name, n)


@EACH
def test_a_command_has_a_key_or_says_why_it_has_none(command: Command) -> None:
    assert bool(command.key) != bool(command.no_key)


def test_no_key_means_two_things() -> None:
    keys = [command.key for command in COMMANDS if command.key]
    assert len(keys) == len(set(keys))
    assert all(commands.of_key(key) is not None for key in keys)
    assert commands.of_key("") is None


@EACH
def test_a_command_has_its_words_in_every_language(command: Command) -> None:
    for catalogue in CATALOGUES.values():
        assert catalogue[f"command.{command.name}"]
        assert catalogue[f"help.{command.name}"]


@EACH
def test_a_command_is_in_the_footer_or_on_the_help_pages(command: Command) -> None:
    session = Session(bench="b1", flow="pack")
    pages = [flows.help.page(replace(session, help_page=n + 1)) for n in range(flows.help.PAGES)]
    assert command in [each for page in pages for each in page]


@EACH
def test_a_command_is_accepted_where_the_table_says_and_visibly_refused_elsewhere(
    command: Command,
) -> None:
    bench = a_bench(an_order())
    bench.scan("202-0000001-0000001")
    for flow in flows.FLOWS:
        session = replace(bench.session, flow=flow, said=None)
        after = flows.step(session, Commanded(command.name)).session
        refused = after.said is not None and after.said.what.key == "people.not_now"
        assert refused == (flow not in command.flows), flow
    red = replace(bench.session, latched=True)
    still = flows.step(red, Commanded(command.name)).session
    assert still.latched == (command.name != "ACK")
    assert still.said is not None


@EACH
def test_a_destructive_command_asks_before_it_does_anything(command: Command) -> None:
    bench = a_bench(an_order())
    bench.scan("202-0000001-0000001")
    before = bench.session.order
    bench.press(command.name)
    if command.twice and "pack" in command.flows:
        assert bench.session.question is not None
        assert bench.session.order == before


def test_the_devices_are_asked_for_by_one_step_and_not_by_the_next() -> None:
    bench = a_bench(an_order())
    asked = flows.step(bench.session, Commanded("DEVICES")).session
    assert asked.devices
    assert not flows.step(asked, Commanded("HELP")).session.devices
