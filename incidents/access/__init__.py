"""Who gets in: how often a password may be tried, how long a session lasts, what an account may be.

What a person may do once they are in is `incidents.people`'s to say.
"""
