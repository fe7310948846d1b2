"""Following jobs at an account: what show, watch and demo have in common."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from jobstat.jobs.following import follow
from jobstat.jobs.reference import parse_reference
from jobstat.jobs.watching import Policy, Watch
from jobstat.views.display import display_for
from jobstat.zendesk.account import Account, find_account
from jobstat.zendesk.credentials import Credential, find_credential

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def follow_named(
    jobs: Iterable[str],
    policy: Policy,
    *,
    base_url: str | None,
    subdomain: str | None,
    **look: Any,
) -> Watch:
    """Follow the jobs that the user named, at the account the user named.

    ``look`` is what ``display_for`` takes. Raises JobstatError for whatever
    ends it before the jobs' states are known.
    """
    references = [parse_reference(job) for job in jobs]
    account = find_account(base_url, subdomain, os.environ, references)
    credential = find_credential(os.environ)
    ids = [reference.id for reference in references]
    return follow_ids(ids, policy, account, credential, **look)


def follow_ids(
    ids: Sequence[str],
    policy: Policy,
    account: Account,
    credential: Credential,
    **look: Any,
) -> Watch:
    """Follow jobs of an account until the policy says that it is enough."""
    from jobstat.zendesk.api import Api

    watch = Watch(ids, policy, started=time.monotonic())
    with (
        Api(account, credential) as api,
        display_for(watch, account.name, time, **look) as display,
    ):
        if credential.warning:
            display.say(f"jobstat: warning: {credential.warning}\n")
        follow(watch, api.show, time, display)
    return watch
