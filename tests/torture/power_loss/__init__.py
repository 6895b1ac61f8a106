"""What does a power cut leave of a bench's file? Recorded writes, replayed as a disk may keep them.

`disk.c` is loaded before libc and notes every write, sync, cut and unlink of the files in one
folder; `recorder` compiles it. `work` is the process that it is loaded into: the product's own
store scans and takes pages, and says after each what it promised. `images` replays the record up to
any moment and leaves of what was not synced nothing, a beginning, or torn sectors; `rig` opens each
image with the real store and looks whether a promise was broken.
"""
