"""The command line, one file for each command of `python -m inference`.

A command imports its code only when it runs: the command line imports all of these modules each time, and `read`
must not wait for the import of training.
"""
