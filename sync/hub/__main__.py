"""Lets `python -m sync.hub …` do what `packbench-hub …` does."""

import sys

from sync.hub.cli import main

sys.exit(main())
