"""Perplexity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._forms import Form
from ._openai_like import OpenAILike

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["Perplexity"]

_SEEN: dict[str, Any] = {"citations": [], "search_results": []}


def _error(message: str, kind: str, code: int | str) -> Any:
    return {"error": {"message": message, "type": kind, "code": code}}


class Perplexity(OpenAILike):
    """Perplexity: `api.perplexity.ai/chat/completions`.

    The text of an unknown model, and that a bad key gets an HTML page, stand in public repositories; the rest is [U].
    """

    dialect = "perplexity"
    default_hosts = ("api.perplexity.ai",)
    base_url_variables = {"PERPLEXITY_BASE_URL": ""}  # perplexityai 0.46, _client.py
    cloudflare = True
    tells_usage = True
    head = (("x-request-id", "{request_id}"),)
    served = ("sonar", "sonar-pro", "sonar-reasoning-pro")
    in_band = _error("Internal server error", "internal_server_error", 500)
    forms = {
        "outage": Form(None, _error("{reason}", "internal_server_error", "{status}")),
        "overloaded": Form(503, _error("Service temporarily overloaded", "overloaded", 503)),
        "rate_limit": Form(429, _error("Request rate limit exceeded, please try again later.", "rate_limit", 429)),
        "quota_exhausted": Form(
            401,
            _error(
                "You exceeded your current quota, please check your plan and billing details. For more information on "
                "this error, read the docs: https://docs.perplexity.ai.",
                "insufficient_quota",
                401,
            ),
        ),
        "auth_revoked": Form(
            401,
            "<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 "
            "Authorization Required</h1></center>\r\n<hr><center>openresty/1.25.3.1</center>\r\n</body>\r\n</html>\r\n",
        ),
        "region_blocked": Form(403, _error("Forbidden", "forbidden", 403)),
        "model_retired": Form(
            400,
            _error(
                "Invalid model '{model}'. Permitted models can be found in the documentation at "
                "https://docs.perplexity.ai/guides/model-cards.",
                "invalid_model",
                400,
            ),
        ),
        "policy_refusal": Form(400, _error("The request was flagged", "content_policy", 400)),
    }

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer with what the search found: nothing."""
        return {**self.trimmed(body), **_SEEN} if "choices" in body else body

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks, each with what the search found."""
        return ({**each, **_SEEN} for each in super().streamed(call, draw, chunks))
