from drivers.label_printers import readback, trial, zpl_acknowledge
from tests.drivers.label_printers.oracle import drawn


def test_a_test_label_bears_both_squares_and_one_of_them_in_each_encoding() -> None:
    for dots_per_mm in (6, 8, 12, 24):
        label = trial.render("labels", dots_per_mm)
        assert label.count(b":Z64:") == 1
        assert label.count(b"^GFA") >= 2
        found = {one.text for one in readback.codes_in(label)}
        assert found == set(trial.SQUARES)


def test_the_question_whether_it_came_out_leaves_no_dot_on_the_label() -> None:
    label = trial.render("labels", 8)
    asked = zpl_acknowledge.asked(label, "7f0a7f0a7f0a7f0a")
    silent = asked.replace(b"^HV9997,16,[PB ,],L", b"")
    assert silent != asked
    (plain,), (with_field,) = drawn(label), drawn(silent)
    assert plain.tobytes() == with_field.tobytes()
