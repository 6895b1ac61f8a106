"""The large writing of the verdict: face.py reads and draws, letters.txt and han.txt are data."""
