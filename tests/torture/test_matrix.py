"""Has every row of the failure matrix a test? The rows, and the names of what tries them.

What is named here must exist; a row without a name is a hole, and is listed as one. Seeds of the
simulation try most rows in passing: `simulation` stands for
test_no_invariant_is_broken_whatever_goes_wrong, with the kind of fault that must be among its.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.torture.simulation.faults import KINDS

TESTS = Path(__file__).resolve().parents[1]

ROWS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("bench offline for a shift", ("simulation: bench cut off", "mutant: overlayloss")),
    2: ("request lost before the hub", ("simulation: message lost",)),
    3: (
        "reply lost after commit",
        ("test_a_batch_whose_answer_was_lost_counts_once", "simulation: hub dies mute"),
    ),
    4: (
        "duplicated and re-ordered messages",
        (
            "test_batches_that_overtake_each_other_are_put_in_order",
            "simulation: message doubled",
            "mutant: noafter",
        ),
    ),
    5: (
        "hub killed mid-transaction",
        (
            "test_whoever_is_killed_nothing_is_lost_or_doubled_on_sqlite",
            "simulation: hub crash",
        ),
    ),
    6: (
        "PostgreSQL crashes",
        (
            "test_a_database_that_crashes_while_benches_send_counts_each_entry_once",
            "test_a_database_that_was_killed_is_found_again",
        ),
    ),
    7: (
        "hub disk lost, an older copy restored",
        (
            "test_what_was_told_after_the_copy_was_made_is_told_again_and_nothing_is_done_twice",
            "simulation: hub restored",
            "mutant: dropacked",
            "mutant: noverify",
        ),
    ),
    8: (
        "fencing token used again after a restore",
        ("test_no_claim_is_given_out_twice", "mutant: tokenreuse", "mutant: nodone"),
    ),
    9: (
        "bench power cut during a scan",
        (
            "test_no_power_cut_loses_an_accepted_scan",
            "simulation: bench power cut",
            "mutant: loosescans",
        ),
    ),
    10: (
        "bench power cut while it takes a page",
        ("test_of_what_was_not_synced_no_more_is_left_than_was_written", "simulation: bench crash"),
    ),
    11: (
        "bench disk full",
        (
            "test_a_full_disk_refuses_scans_in_red_and_keeps_no_half",
            "test_a_file_that_may_not_grow_refuses_scans_and_goes_on",
            "simulation: disk full",
        ),
    ),
    12: (
        "bench file corrupt",
        (
            "test_a_damaged_bench_is_rebuilt_and_what_it_had_not_told_arrives_once",
            "test_whatever_bytes_are_flipped_no_readable_entry_is_lost",
            "test_the_queue_of_fifty_thousand_is_back_in_seconds",
        ),
    ),
    13: (
        "bench image cloned",
        (
            "test_of_two_clones_the_second_is_told_that_it_is_one",
            "simulation: disk cloned",
            "mutant: forkblind",
        ),
    ),
    14: (
        "bench restored from an old backup",
        (
            "test_a_bench_restored_from_an_old_disk_image_loses_nothing",
            "simulation: old disk image",
        ),
    ),
    15: (
        "lease over while packing offline",
        (
            "test_when_the_lease_is_over_begun_orders_go_on_and_no_others_begin",
            "mutant: leaseforever",
        ),
    ),
    16: (
        "forced takeover while the old bench packs",
        (
            "test_of_two_boxes_in_a_partition_one_ships_and_the_other_is_looked_for",
            "simulation: taken over",
            "mutant: noepoch",
            "mutant: novoid",
        ),
    ),
    17: (
        "cancelled while packed offline",
        (
            "test_an_order_that_was_cancelled_while_it_was_packed_offline_is_unpacked",
            "simulation: order cancelled",
        ),
    ),
    18: (
        "cancelled after the label",
        (
            "test_a_cancelled_order_vanishes_from_the_bench_and_its_label_is_given_back",
            "mutant: nogiveback",
        ),
    ),
    19: (
        "marketplace times out after it accepted",
        ("test_a_confirmation_whose_answer_is_lost_is_told_once", "mutant: blindretry"),
    ),
    20: (
        "marketplace answers 429 or 503 for hours",
        (
            "test_a_channel_that_refuses_for_hours_is_read_less_and_less_often",
            "test_a_marketplace_that_hangs_keeps_no_other_channel_waiting",
            "test_what_waits_for_a_marketplace_is_told_later_once_and_its_age_is_a_figure",
            "test_a_marketplace_that_stays_away_is_asked_less_and_less_often",
            "test_a_channel_with_much_to_do_keeps_no_other_one_waiting",
        ),
    ),
    21: (
        "hub dies within a step of its work",
        ("test_a_killed_hub_on_sqlite_goes_on_with_its_work_when_it_is_started_again",),
    ),
    22: (
        "one of several hubs dies for good",
        ("test_what_a_killed_hub_was_at_is_done_by_the_other_one_once",),
    ),
    23: (
        "hub stopped for longer than its beat",
        (
            "test_a_hub_that_was_stopped_for_too_long_ends_and_tells_nothing_twice",
            "simulation: hub stands still",
        ),
    ),
    24: ("NOTIFY lost", ("test_a_change_that_nobody_announced_is_found_by_looking",)),
    25: (
        "a long transaction in PostgreSQL",
        (
            "test_a_write_that_is_open_for_long_holds_up_no_feed",
            "test_writers_at_once_leave_no_gap_in_a_feed",
        ),
    ),
    26: (
        "two hubs allot the same order",
        ("test_two_hubs_allot_at_the_same_time_and_each_order_goes_out_once",),
    ),
    27: (
        "many writers on an SQLite hub",
        (
            "test_a_storm_of_writers_goes_through_one_door_and_everybody_is_answered",
            "test_a_hub_with_too_much_to_do_says_so_and_lives",
        ),
    ),
    28: (
        "half-open TCP",
        (
            "test_a_hub_that_vanishes_without_a_word_is_missed_and_found_again",
            "test_who_says_nothing_is_let_go_of",
            "test_half_a_head_is_not_waited_for_for_ever",
        ),
    ),
    29: (
        "a proxy that holds answers back",
        (
            "test_a_proxy_that_holds_back_whole_answers_does_not_hold_up_news",
            "simulation: message delayed",
        ),
    ),
    30: (
        "clock wrong by years",
        (
            "test_a_bench_whose_clock_is_ten_years_off_has_its_work_dated_right",
            "test_a_moment_that_is_too_far_is_corrected_and_the_request_made_again_once",
            "simulation: clock wrong",
        ),
    ),
    31: ("old version of a bench", ("test_an_old_bench_is_not_fed_and_may_always_tell",)),
    32: (
        "newer kind of entry than the hub knows",
        (
            "test_what_a_newer_bench_says_is_kept_and_does_not_block",
            "test_an_entry_of_a_newer_bench_is_followed_once_the_hub_can_read_it",
        ),
    ),
    33: (
        "poison order",
        (
            "test_whatever_a_buyer_writes_goes_down_as_it_was_written",
            "test_a_page_is_bounded_by_bytes_and_has_one_row_at_least",
        ),
    ),
    34: ("stolen key", ("test_a_bench_that_was_shut_out_is_out_at_once",)),
    35: ("a row of the journal edited", ("test_a_flipped_byte_is_found_at_its_entry",)),
    36: (
        "printer dies after it printed, before it said so",
        ("test_stopping_at_any_moment_and_starting_again_prints_each_label_once",),
    ),
    37: ("the backup stops", ("test_a_stream_that_has_ended_is_a_trouble_until_it_goes_on",)),
    38: (
        "a bug of the feed, of any kind",
        (
            "test_a_row_that_changed_by_itself_is_seen_and_mended_by_reading_anew",
            "mutant: digestskips",
        ),
    ),
}
WIRE = {"message lost", "message doubled", "message delayed", "bytes damaged", "answers mixed up"}
"""Kinds of fault that wires have, and no row in `faults.KINDS`."""


@cache
def there() -> frozenset[str]:
    """Give the name of every test there is."""
    found = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.add(node.name)
    return frozenset(found)


@pytest.mark.parametrize("row", range(1, 39))
def test_every_row_of_the_failure_matrix_has_a_test_that_exists(row: int) -> None:
    from tests.torture.mutants import MUTANTS  # imports all of the product

    _, tries = ROWS[row]
    assert tries
    for name in tries:
        kind, _, what = name.partition(": ")
        match kind:
            case "simulation":
                assert what in KINDS or what in WIRE, name
            case "mutant":
                assert what in MUTANTS, name
            case _:
                assert name in there(), name
