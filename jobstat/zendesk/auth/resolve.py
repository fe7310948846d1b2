"""The order in which jobstat looks for an account and for a credential.

Functions here import the modules of files and keyrings only when they need them. A
command with a token from the environment then starts faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jobstat.errors import AuthError, UsageError
from jobstat.jobs.reference import Reference
from jobstat.zendesk.auth.account import Account, named_account
from jobstat.zendesk.auth.credentials import (
    CLIENT_ID,
    KEYRING,
    AuthMethod,
    Credential,
    api_token,
    bearer,
    client_from_env,
    credential_from_env,
    missing_credential,
)
from jobstat.zendesk.auth.providers import (
    CredentialProvider,
    FixedProvider,
    ReloadingProvider,
)

if TYPE_CHECKING:
    from jobstat.zendesk.auth.profiles import Profile, Profiles
    from jobstat.zendesk.auth.store import LoginSecrets


def resolve_account(
    base_url: str | None,
    subdomain: str | None,
    environ: Mapping[str, str],
    references: Sequence[Reference] = (),
) -> Account:
    """Return the account of a command.

    An option names it, else the environment, else the first job's URL if jobstat is
    logged in to that account. Otherwise it is the default account. Raise UsageError if
    there is none, or if a job's URL belongs to another account.
    """
    origins = [job.origin for job in references if job.origin is not None]
    account = named_account(base_url, subdomain, environ) or _logged_in_account(origins)
    if account is None:
        raise UsageError(
            "no Zendesk account given",
            hint=f"Give --base-url {origins[0]} if you trust the job's URL."
            if origins
            else "Give --subdomain, for example --subdomain acme for"
            " https://acme.zendesk.com. jobstat auth login sets a default.",
        )
    for origin in origins:
        if origin != account.origin:
            raise UsageError(
                f"the job belongs to {origin}, but the account is {account.origin}",
                hint="Name the job's account with --subdomain or --base-url.",
            )
    return account


def default_account() -> Account | None:
    """Return jobstat's default account, else that of zcli's active profile, else None.

    Raise UsageError if jobstat's or zcli's file cannot be used.
    """
    from jobstat.zendesk.auth.profiles import load_profiles

    return _default_account(load_profiles())


def resolve_provider(
    account: Account, environ: Mapping[str, str]
) -> CredentialProvider:
    """Return the provider of an account's credential.

    The credential is that of the environment, else of jobstat's own login, else of
    zcli. An account that only a job's URL names does not get the environment's. Raise
    AuthError if there is no credential, UsageError if it is invalid. No error shows a
    secret.
    """
    if account.named_by_user and (provider := _env_provider(account, environ)):
        return provider
    from jobstat.zendesk.auth.keyring import KeyringError

    keyring_problem = None
    try:
        if provider := _keyring_provider(account) or _zcli_provider(account):
            return provider
    except KeyringError as error:
        keyring_problem = error.message
    raise missing_credential(environ, account, keyring_problem)


def _default_account(profiles: Profiles) -> Account | None:
    if default := profiles.default_account:
        return default
    from jobstat.zendesk.auth.zcli import active_account

    return active_account()


def _logged_in_account(origins: Sequence[str]) -> Account | None:
    """Return the account at the first origin if it has a login, else the default."""
    from jobstat.zendesk.auth.profiles import load_profiles

    profiles = load_profiles()
    default = _default_account(profiles)
    if origins and origins[0] in profiles.accounts:
        is_default = default is not None and default.origin == origins[0]
        return Account(origins[0], named_by_user=is_default)
    return default


def _env_provider(
    account: Account, environ: Mapping[str, str]
) -> CredentialProvider | None:
    if credential := credential_from_env(environ):
        provider = FixedProvider(credential)
        if provider.method is AuthMethod.PASSWORD and account.is_at_zendesk:
            provider.warnings.append(
                "Zendesk ended sign-in by password in January 2026;"
                " use ZENDESK_OAUTH_TOKEN"
            )
        return provider
    if client := client_from_env(environ):
        from jobstat.zendesk.auth.refreshing import RefreshingProvider
        from jobstat.zendesk.auth.store import LoginSecrets

        id, client_secret = client
        secrets = LoginSecrets(None, client_secret)
        return RefreshingProvider(account, id, secrets, AuthMethod.CLIENT, CLIENT_ID)
    return None


def _keyring_provider(account: Account) -> CredentialProvider | None:
    """Return the provider of jobstat's own login, None if there is no such login.

    Raise AuthError if its secrets are not in the keyring.
    """
    from jobstat.zendesk.auth.profiles import load_profiles

    profile = load_profiles().accounts.get(account.origin)
    if profile is None:
        return None
    from jobstat.zendesk.auth.refreshing import KeyringProvider
    from jobstat.zendesk.auth.store import load_secrets

    hint = f"Log in again with {account.login_command}"
    secrets = load_secrets(account)
    if secrets is None:
        raise AuthError(f"the keyring has no entry for {account.name}", hint=hint)
    if profile.client_id:
        return KeyringProvider(account, profile.client_id, secrets, profile.method)

    def reload(timeout: float) -> Credential | None:
        reloaded = load_secrets(account, timeout)
        return credential_from(reloaded, profile) if reloaded else None

    credential = credential_from(secrets, profile)
    if credential is None:
        raise AuthError(f"the keyring has no token for {account.name}", hint=hint)
    return ReloadingProvider(credential, reload, hint)


def _zcli_provider(account: Account) -> CredentialProvider | None:
    from jobstat.zendesk.auth import zcli

    credential = zcli.load_credential(account)
    if credential is None:
        return None
    hint = f"Renew it with zcli login, or log in with {account.login_command}"
    return ReloadingProvider(
        credential, lambda timeout: zcli.load_credential(account, timeout), hint
    )


def credential_from(secrets: LoginSecrets, profile: Profile) -> Credential | None:
    """Return the credential of a login, None if its secrets contain no token.

    Raise UsageError for an invalid token.
    """
    if secrets.tokens is None:
        return None
    if profile.email:
        return api_token(profile.email, secrets.tokens.access, KEYRING)
    return bearer(secrets.tokens.access, KEYRING)
