"""A whole warehouse in one thread and virtual time, everything from one seed.

The hub and the benches are the product's own code on SQLite in memory; wires, clocks, disks,
printers, people, marketplace and carrier are simulated. `agenda` is time, `net` the wires, `disk`
what survives; `machine`, `driver` and `printer` make a bench, `packer` works at it; `hubs` is the
hub, `outside` and `people` who surrounds it; `faults` goes wrong; `rules` watches meanwhile and
`reckoning` at the end; `world` is a run, `command` what a person types.
"""
