"""Who lets in whoever shows a key, and how often."""

from __future__ import annotations

from service.keys.errors import NotAuthorized
from service.keys.keyring import Keyring
from service.keys.scopes import LOCAL_ID, Holder
from service.rates.rates import Rates
from service.rates.spent import Spent

UNGUESSABLE = 32
"""A key of so many bytes is found by no trying; those that the service makes are longer."""


class WrongKey(NotAuthorized):
    """A valid key is needed."""

    code = NotAuthorized.code

    def __init__(self, detail: str, spent: Spent | None) -> None:
        super().__init__(detail)
        self.spent = spent


class Doorkeeper:
    """Keeps keys from being tried out, and who has one from asking too often. For many threads."""

    def __init__(self, keyring: Keyring, rates: Rates) -> None:
        self._keyring = keyring
        self._rates = rates

    def holder(self, given: bytes | None, address: str, *, may_ask: bool = True) -> Holder:
        """Who shows this, from an address; None for nothing. As `Keyring.holder`, but WrongKey for what is no good key.

        QuotaExceeded after too many of them. A short key is not even looked at then: it might be a good guess.
        """
        if given is None:
            return self._keyring.holder(None, may_ask=may_ask)
        if len(given) < UNGUESSABLE:
            self._rates.demand_try(address)
        try:
            return self._keyring.holder(given, may_ask=may_ask)
        except NotAuthorized as error:
            raise WrongKey(error.detail, self._rates.wrong_key(address)) from None

    def holder_named(self, name: str, *, may_ask: bool = True) -> Holder:
        """Who holds the key with an id, for whoever was let in with it before."""
        return self._keyring.holder_named(name, may_ask=may_ask)

    def count(self, holder: Holder) -> Spent | None:
        """One more request of somebody. QuotaExceeded; None where it is not limited, as where no key is needed."""
        return None if holder.id == LOCAL_ID else self._rates.request(holder.id)
