"""Who may sign which version of a retrospective, and why a signature is refused."""

from collections.abc import Collection

from incidents.errors import Refusal


def sign_refusals(
    *, version: int, newest: int, signer: str, author: str, commanders: Collection[str]
) -> list[Refusal]:
    """Every reason why the signature is refused; none means that it counts.

    A signature is refused where:

    - a newer version exists: what was read is not what would be published
    - the signer wrote the version, or commanded the incident: nobody signs off their own work
    """
    found = []
    if version != newest:
        found.append(Refusal("VERSION_STALE", f"Version {newest} is the newest. Read that one."))
    if signer == author:
        found.append(Refusal("REVIEW_OWN_DRAFT", "Its author does not sign it: somebody else reads it."))
    elif signer in commanders:
        found.append(Refusal("REVIEW_OWN_DRAFT", "The incident's commander does not sign its review."))
    return found
