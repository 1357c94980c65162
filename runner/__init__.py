"""The quick start and the test run: one command each, from a bare machine.

Everything up to the virtual environment uses the standard library only.
"""
