"""The web pages: what commanders, partner teams and reviewers see in a browser.

Each module is one place in the navigation. Words and markup are in templates/pages; who may see what is
decided in the store, as for every other door; every page works without JavaScript.
"""
