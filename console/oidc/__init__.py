"""Sign in at a provider of OpenID Connect: the authorization code flow with PKCE, and what the provider says.

After OpenID Connect Core 1.0 and the security practice of RFC 9700. What somebody may do once it is known who
they are is `incidents.access.identities`'s to say.
"""
