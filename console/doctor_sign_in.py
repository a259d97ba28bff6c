"""What the doctor looks at of a sign-in provider."""

from collections.abc import Iterator

from console.finding import Finding, bad, ok, warn
from console.oidc.provider import Provider, ProviderFails
from console.oidc.setting_up import faults
from incidents.catalogue.load import check_catalogue, load_catalogue
from incidents.settings import Settings


def provider(settings: Settings) -> Iterator[Finding]:
    """Whether people can sign in at the provider, and anything is made of their groups; nothing without one."""
    found = Provider.of(settings)
    if found is None or check_catalogue(settings.catalogue_folder):
        return
    catalogue = load_catalogue(settings.catalogue_folder)
    for what, todo in faults(settings, catalogue):
        yield bad("sign-in", what, todo)
    if not (catalogue.groups or settings.oidc_link_claim or any(each.subject for each in catalogue.people)):
        todo = f"Map groups in {settings.catalogue_folder / 'groups.yaml'}, or give people a `subject`."
        yield warn("sign-in", "Whoever signs in at the provider is refused: nothing says who they are.", todo)
    try:
        found.metadata()
    except ProviderFails as refused:
        todo = "Mend WATCHFLOOR_OIDC_ISSUER, or the way there. Until then people need passwords."
        yield bad("sign-in", refused.reasons[0].sentence, todo)
    else:
        yield ok("sign-in", f"{found.issuer} answers; {len(catalogue.groups)} of its groups are known.")
