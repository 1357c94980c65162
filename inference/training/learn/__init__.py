"""The training loops, one file for each network, and what they share."""
