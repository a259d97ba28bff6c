"""The doors: the command line and the JSON API."""
