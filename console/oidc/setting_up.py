"""What is missing before people can sign in at a provider, told at the start and by the doctor."""

from collections.abc import Iterator

from console.oidc.provider import is_safe
from incidents.catalogue.model import Catalogue
from incidents.errors import BadInput
from incidents.people import Role
from incidents.settings import Settings


def faults(settings: Settings, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do about it. `catalogue` is as its files say."""
    if settings.oidc_issuer is None:
        return
    if not is_safe(settings.oidc_issuer):
        yield "The sign-in provider's issuer has no TLS.", "Set WATCHFLOOR_OIDC_ISSUER to an https:// address."
    if not settings.oidc_client_id:
        yield "It is not said what Watchfloor is called at the provider.", "Set WATCHFLOOR_OIDC_CLIENT_ID."
    if "openid" not in settings.oidc_scope.split():
        yield "The provider is not asked for an ID token.", "Put openid into WATCHFLOOR_OIDC_SCOPE."
    if not catalogue.holders(Role.administrator):
        yield (
            "Nobody in people.yaml is an administrator, so nobody gets in when the provider is down.",
            f"List one in {settings.catalogue_folder / 'people.yaml'}, who keeps a password.",
        )


def refuse_half_set(settings: Settings, catalogue: Catalogue) -> None:
    """BadInput, with everything that is wrong, where sign-in at a provider is set and cannot work."""
    wrong = [f"  {what} {todo}" for what, todo in faults(settings, catalogue)]
    if wrong:
        raise BadInput("\n".join(["Sign-in at a provider is set, and cannot work:", *wrong]))
