"""The pieces of the floor's screens.

`drawn` is the base: a fixed box, one frozen value, one pure function to rows; no layout, no CSS,
no markup after the first frame. `look` has the palettes and shapes, `fitting` puts text into cells
(and cleans it: never draw a string that has not passed through it). `verdict`, `lines`, `panels`,
`bars` and `trail` are what the working screen is made of, `page` what lies over it; `grid` is for
the board and the queue and takes keys, so it never stands on a floor screen.

Not here, because each costs a scan 10 to 70 ms or hides it: DataTable, Static, Footer, toasts,
modals, reactive recompose, CSS transitions, classes on the screen.
"""
