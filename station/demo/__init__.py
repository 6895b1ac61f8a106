"""The demo: everything on one machine, with nothing but virtual devices and a simulated world.

- `cli` reads the arguments; `supervisor` starts, kills, restarts and stops the processes
  (`process`, `guard`) of the world (`world`) and of the benches (`benches`).
- Inside a bench process, `hook` is what the app calls: it plays the hands of the packer. With a
  terminal the packer's own keys fire the virtual scanner (`words`); without one the `robot` does.
- Scans and weights travel the roads that real ones travel: the scanner's pseudo-terminal, the
  scale's, the printer's port. The hook never touches the session that it sees.
- `breaking` is the menu of what can be broken: printer and hub by their control addresses
  (`device`, `switch`), the bench by SIGKILL.
- `count` adds up at the ends: what the printers printed, what the marketplace was told.
"""
