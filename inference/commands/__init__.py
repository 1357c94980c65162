"""The command line, one file for each command of `python -m inference`.

A command imports what it runs only when it runs: the command line imports all of these modules each time, and `read`
must not wait for what trains.
"""
