"""The JSON API under /api/v1: everything that the pages do, for tools and scripts.

Each module is one kind of thing. What is read and what is refused comes from the same functions as the
pages' answers, so no rule is here.
"""
