"""The queue of record, the states of a study, and the tasks of the workers."""
