"""Setting up a bench: what is plugged in is found, tried, and written into station.toml.

    exchange  what comes in, and what is to be done
    plan      which question comes next, and what an answer changes; pure
    ask       who is on this wire? The only part that waits
    written   the new tables in station.toml, with everything else in it as it was
    shown     what is on the screen at each step; pure
    app, cli  the terminal, and `packbench setup`

A printer is asked in the order in which a wrong question does least: ESC/POS, TSPL, ZPL. What
cannot be asked (a scanner) is tried: one code that shows every way in which it can be set wrong.
The end is a printed label that is scanned back: nothing less proves that a bench can work.
"""
