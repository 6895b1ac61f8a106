"""How the simulated Amazon says no: its error body, and the codes it uses."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that is turned down."""

    status: int
    code: str
    message: str
    details: str = ""


def invalid(message: str) -> Refusal:
    """Refuse a request that makes no sense, or not for this order."""
    return Refusal(400, "InvalidInput", message)


def missing(order: str) -> Refusal:
    """Refuse to speak of an order that does not exist."""
    return Refusal(404, "NotFound", f"Order {order} is not found.")


def denied(details: str) -> Refusal:
    """Refuse whoever bears no valid access token."""
    return Refusal(403, "Unauthorized", "Access to requested resource is denied.", details)


OVER_QUOTA = Refusal(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
FAILED = Refusal(500, "InternalFailure", "We encountered an internal error. Please try again.")
