"""Lets `python -m sync.simulate …` do what `packbench-hub simulate …` does."""

import sys

from sync.simulate.cli import main

sys.exit(main())
