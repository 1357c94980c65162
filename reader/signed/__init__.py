"""The signed report as one document: what stands in it, how it is made of a review, and how a review is made of it."""
