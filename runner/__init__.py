"""The quick start and the test run, one command each, from a machine without the project's packages.

Everything up to the virtual environment uses the standard library only.
"""
