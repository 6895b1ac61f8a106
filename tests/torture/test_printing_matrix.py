"""Has every way in which paper and devices fail a test? The rows, and the names of what tries them.

The rows are the failure cases of printers, scanners and labels; each test uses a virtual device, or
the flow that a packer is in, and is named for what the packer sees. What is named here must exist.
`story` stands for a day at the bench that is read line by line.
"""

from __future__ import annotations

import pytest

from tests.station.flows.stories import STORIES
from tests.torture.test_matrix import there

ROWS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "paper out in the middle of a batch",
        (
            "test_paper_out_in_a_label_is_waited_out_and_nothing_is_sent_again",
            "test_a_printer_told_not_to_reprint_loses_the_label_and_gets_it_again",
        ),
    ),
    2: (
        "paper out, and the printer silent",
        (
            "test_paper_out_in_a_label_is_waited_out_and_nothing_is_sent_again",
            "test_a_printer_that_was_known_and_is_silent_needs_attention_and_is_not_a_stranger",
            "test_a_person_who_said_no_too_early_gets_no_second_label",
        ),
    ),
    3: (
        "head open, ribbon out, too hot",
        (
            "test_nothing_is_sent_to_a_printer_that_waits_for_a_person",
            "test_a_tspl_printer_names_the_part_and_prints_when_it_is_mended",
        ),
    ),
    4: (
        "label jammed or wrapped around the roller",
        (
            "test_a_label_that_gets_stuck_is_named_and_comes_out_once_when_it_is_freed",
            "story: a label that cannot be read",
        ),
    ),
    5: (
        "connection cut while sending",
        (
            "test_a_cut_wire_costs_no_label_and_doubles_none",
            "test_after_a_cut_a_printer_without_a_counter_proves_it_by_the_half_that_it_holds",
        ),
    ),
    6: (
        "connection cut after the last byte",
        (
            "test_a_cut_wire_costs_no_label_and_doubles_none",
            "test_after_a_cut_at_the_end_a_printer_without_a_counter_leaves_a_person_to_decide",
            "test_a_label_that_was_asked_about_and_cut_off_is_for_a_person_without_a_counter",
        ),
    ),
    7: (
        "printer switched off and on",
        (
            "test_a_printer_whose_power_went_is_met_again_and_prints_what_it_forgot",
            "test_a_printer_switched_off_and_on_loses_its_buffer_and_gets_the_label_again",
        ),
    ),
    8: (
        "bench loses its power in a label",
        (
            "test_a_bench_switched_off_in_a_label_finds_out_what_became_of_it",
            "test_a_bench_switched_off_in_a_label_asks_when_the_printer_cannot_say",
            "test_whatever_breaks_and_whoever_is_killed_every_label_comes_out_once",
            "story: nobody knows whether it came out",
        ),
    ),
    9: (
        "two benches on one printer",
        (
            "test_of_two_benches_on_one_printer_neither_takes_the_others_label_for_its_own",
            "test_a_counter_that_moves_by_itself_is_believed_no_more",
        ),
    ),
    10: (
        "wrong printer, swapped cable",
        (
            "test_another_printer_on_the_same_cable_gets_no_label_until_somebody_takes_it",
            "test_a_label_in_flight_is_not_counted_on_another_printer",
        ),
    ),
    11: (
        "203 against 300 dpi",
        (
            "test_a_head_of_another_resolution_prints_nothing_in_the_wrong_size",
            "test_a_picture_for_203_dpi_is_doubled_at_406_and_refused_at_300",
        ),
    ),
    12: (
        "wrong language",
        (
            "test_a_printer_that_prints_our_questions_is_left_alone_after_two",
            "test_a_printer_of_another_language_is_never_asked",
            "test_a_printer_that_never_answers_in_its_language_prints_all_the_same",
        ),
    ),
    13: (
        "labels of another size on the roll",
        ("test_a_roll_of_other_labels_is_said_beside_the_lamp",),
    ),
    14: (
        "print too dark, head dirty or burnt",
        ("story: a label that cannot be read",),
    ),
    15: (
        "scanner reads twice",
        (
            "test_a_label_read_twice_is_read_once",
            "test_four_scans_of_one_item_are_four_pieces",
            "test_the_closing_scan_said_twice_is_no_mistake",
        ),
    ),
    16: (
        "scanner reads the wrong one of several barcodes",
        (
            "test_a_second_item_in_view_is_never_counted",
            "test_a_label_that_was_not_printed_here_closes_nothing",
        ),
    ),
    17: (
        "scan while something is asked",
        (
            "test_a_scan_never_presses_the_button_that_has_focus",
            "test_old_scans_wait_while_the_bench_is_red_and_two_batches_are_two_questions",
        ),
    ),
    18: (
        "USB device under a new number",
        (
            "test_a_replugged_scanner_is_heard_again_soon",
            "test_half_a_code_before_the_cable_came_out_is_never_part_of_a_scan",
        ),
    ),
    19: (
        "scanner out of range, old scans in a burst",
        (
            "test_what_a_scanner_kept_out_of_range_is_one_batch_and_then_it_scans_again",
            "test_old_scans_behind_a_replugged_cable_are_a_batch_and_not_scans_of_now",
        ),
    ),
    20: (
        "GS lost, wrong layout, Caps Lock, IME",
        (
            "test_a_wrong_keyboard_layout_is_found_and_named",
            "test_several_things_wrong_at_once_are_all_told",
            "test_separators_of_gs1_stay",
        ),
    ),
    21: (
        "letters that cannot be printed, address too long",
        (
            "test_a_letter_that_no_font_has_is_reported_from_the_label",
            "test_an_address_too_long_for_the_smallest_letters_is_refused_with_what_to_do",
        ),
    ),
    22: (
        "commands in a buyer's name",
        (
            "test_whatever_the_text_the_job_is_one_label",
            "test_whatever_a_buyer_is_called_the_tracking_number_scans",
        ),
    ),
    23: (
        "label fetched, print failed",
        (
            "test_label_bytes_are_given_as_they_were_bought_and_stored_sealed",
            "test_only_whole_bytes_are_stored_and_the_others_are_asked_for_later",
            "story: once more",
        ),
    ),
    24: (
        "carrier's label is another parcel's",
        (
            "test_another_parcels_label_never_comes_out",
            "test_another_parcels_label_holds_the_order_before_anybody_packs_it",
            "test_of_two_pages_the_one_of_this_parcel_comes_out_wherever_it_is",
        ),
    ),
    25: (
        "second label of an order printed twice",
        ("test_the_label_of_another_box_of_the_same_order_is_told_by_its_number",),
    ),
    26: (
        "label stuck on the wrong box",
        (
            "test_a_label_that_was_not_printed_here_closes_nothing",
            "test_the_label_of_another_box_of_the_same_order_is_told_by_its_number",
        ),
    ),
    27: (
        "peel mode: a label hangs out",
        ("test_a_label_that_hangs_out_is_to_be_taken_before_the_next_is_sent",),
    ),
    28: (
        "clock wrong",
        (
            "test_a_bench_whose_clock_is_ten_years_off_has_its_work_dated_right",
            "test_a_clock_that_is_not_the_hubs_is_said",
            "test_a_clock_that_went_back_drops_nothing",
        ),
    ),
    29: (
        "other firmware answers half of it",
        (
            "test_a_printer_that_emulates_zpl_and_counts_nothing_waits_for_the_closing_scan",
            "test_a_printer_with_odd_manners_prints_each_label_once",
        ),
    ),
    30: (
        "CUPS holds the device",
        (
            "test_a_usb_printer_that_cups_holds_is_occupied_and_says_by_whom",
            "test_a_usb_printer_whose_node_vanished_says_that_cups_may_have_taken_it",
            "test_a_label_given_to_cups_is_printed_when_it_is_scanned_and_not_before",
        ),
    ),
    31: (
        "disk full at the moment of printing",
        (
            "test_a_full_disk_prints_nothing",
            "test_a_full_disk_refuses_scans_in_red_and_keeps_no_half",
        ),
    ),
    32: (
        "layout edited while jobs wait",
        (
            "test_a_broken_edit_leaves_the_last_good_layout_and_its_sentence",
            "test_a_layout_says_what_it_was_drawn_with",
        ),
    ),
    33: (
        "receipt printer says nothing",
        (
            "test_a_receipt_printer_that_says_nothing_is_unknown_and_never_well",
            "test_a_receipt_printer_that_says_nothing_is_not_called_well",
        ),
    ),
    34: (
        "hub away",
        (
            "test_offline_says_how_old_the_news_is_and_turns_red",
            "test_when_the_lease_is_over_begun_orders_go_on_and_no_others_begin",
            "test_a_label_bought_ahead_is_printed_in_the_step_of_the_last_piece",
        ),
    ),
}


@pytest.mark.parametrize("row", range(1, 35))
def test_every_failure_of_paper_and_devices_has_a_test_that_exists(row: int) -> None:
    _, tries = ROWS[row]
    assert tries
    for name in tries:
        kind, _, what = name.partition(": ")
        if kind == "story":
            assert what in STORIES, name
        else:
            assert name in there(), name
