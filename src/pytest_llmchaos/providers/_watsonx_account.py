"""What IBM Cloud answers before the first call to a model: the token, and the project or space it is charged to."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from ._forms import Form
from ._wire import dump

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["IAM_FORMS", "account", "is_token"]

_LIFETIME = 3600  # seconds that a token is good for


def is_token(path: str) -> bool:
    """Tell whether the path is that of the token service, whose errors have a shape of their own."""
    return path.rstrip("/").endswith("/identity/token")


def account(call: Call, draw: Draw) -> dict[str, Any]:
    """Answer `POST /identity/token`, `GET /v2/projects/ID` and `GET /v2/spaces/ID`."""
    return _token(draw) if is_token(call.path) else _place(call)


def _token(draw: Draw) -> dict[str, Any]:
    issued = int(draw.wall)
    claims = {
        "iam_id": "IBMid-simulated",
        "id": "IBMid-simulated",
        "sub": "simulated@example.com",
        "account": {"valid": True, "bss": draw.part("account").hex(32)},
        "iat": issued,
        "exp": issued + _LIFETIME,
        "iss": "https://iam.cloud.ibm.com/identity",
        "grant_type": "urn:ibm:params:oauth:grant-type:apikey",
        "scope": "ibm openid",
        "acr": 1,
    }
    # The SDK decodes the token to learn when it ends; nobody can check a signature that nobody made.
    parts = (dump({"kid": "simulated", "alg": "RS256"}), dump(claims), b"simulated")
    return {
        "access_token": ".".join(urlsafe_b64encode(each).decode().rstrip("=") for each in parts),
        "refresh_token": "not_supported",
        "token_type": "Bearer",
        "expires_in": _LIFETIME,
        "expiration": issued + _LIFETIME,
        "scope": "ibm openid",
    }


def _place(call: Call) -> dict[str, Any]:
    guid = call.path.rstrip("/").rpartition("/")[2]
    runtime = {"type": "machine_learning", "name": "watsonx.ai Runtime", "guid": "simulated", "crn": "crn:simulated"}
    entity = {
        "name": "simulated",
        "storage": {"type": "bmcos_object_storage", "guid": "simulated"},
        "compute": [runtime],
        "scope": {"bss_account_id": "simulated"},
        "status": {"state": "active"},
    }
    return {"metadata": {"id": guid, "guid": guid, "url": call.path}, "entity": entity}


def _iam(status: int | None, code: str, message: str) -> Form:
    context = {"requestId": "{hex32}", "requestType": "incoming.Identity_Token", "userAgent": "", "url": ""}
    body = {"errorCode": code, "errorMessage": message, "errorDetails": message, "context": context}
    return Form(status, body)


# The bad key's code and text are pasted in public repositories; the codes of the others are [U].
IAM_FORMS = {
    "outage": _iam(None, "BXNIM0500E", "{reason}"),
    "overloaded": _iam(503, "BXNIM0503E", "The service is overloaded. Try again later."),
    "rate_limit": _iam(429, "BXNIM0429E", "Too many requests. Try again later."),
    "quota_exhausted": _iam(429, "BXNIM0429E", "Too many requests. Try again later."),
    "auth_revoked": _iam(400, "BXNIM0415E", "Provided API key could not be found."),
    "region_blocked": _iam(403, "BXNIM0513E", "You are not authorized to use this API from this IP address."),
}
"""The token service's own failures. It tells a bad key with 400, not 401."""
