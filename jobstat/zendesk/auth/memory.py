"""What is known of accounts from earlier on, read when it is needed and not before."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.profiles import Profiles


class Memory:
    """The accounts of jobstat, and the one of zcli.

    Raises UsageError where jobstat's own file cannot be read.
    """

    @cached_property
    def _known(self) -> Profiles:
        from jobstat.zendesk.auth.profiles import load

        return load()

    def default(self) -> Account | None:
        """Jobstat's default account, else that of zcli's active profile."""
        from jobstat.zendesk.auth.zcli import active_account

        return self._known.default_account or active_account()

    def is_logged_in(self, origin: str) -> bool:
        """Whether jobstat is logged in to the account."""
        return origin in self._known.records
