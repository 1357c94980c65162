"""`python -m inference train ...` and `evaluate ...`.

A command imports what it runs only when it runs: the command line asks for these modules each time, and `read` shall
not wait for what trains.
"""
