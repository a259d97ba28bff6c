"""What may be a password: long enough, and not what everybody would try first.

NIST SP 800-63B-4 asks for length and a list of what is expected, and against rules on kinds of characters.
"""

from incidents.errors import BadInput

SHORTEST, LONGEST = 15, 200
"""Characters. The longest bounds the work that a stranger can make hashing do."""


def refuse_weak(password: str, *, person: str) -> None:
    """BadInput where the password is too short, too long, of one character, or made of the person's id."""
    if len(password) < SHORTEST:
        raise BadInput(f"Take a password of at least {SHORTEST} characters: four words that nobody pairs, say.")
    if len(password) > LONGEST:
        raise BadInput(f"A password has at most {LONGEST} characters.")
    if len(set(password)) < 5 or person.lower() * 2 in password.lower() or _is_expected(password):
        raise BadInput("This password would be among the first that somebody tries. Take another one.")


def _is_expected(password: str) -> bool:
    """Whether taking the expected words away leaves less than five characters."""
    left = password.lower()
    for word in ("watchfloor", "password", "passwort", "123456789", "12345", "qwertyuiop", "qwerty"):
        left = left.replace(word, "")
    return len(left) < 5
