"""What breaks Packbench? Rigs that try, with the seed that did it.

    make torture ARGS="simulation --seeds 1000 --steps 500"
    python -m tests.torture simulation --seed 17          replays one seed, with a readable trace
    python -m tests.torture simulation --mutant noafter   plants a bug, which must be caught

A rig is a row of `RIGS` in `__main__`; `rig` has the tally of what was done and
what broke, its table and its JSON. `mutants` are bugs planted on purpose: the one
place where functions of the product are replaced by broken ones, because a rig that does not
catch them is too weak. `test_matrix` names the test of each row of the failure matrix.
"""
