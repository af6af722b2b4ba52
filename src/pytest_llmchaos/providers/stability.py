"""Stability AI."""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.plan import Answer
from ._base import Route, Sample
from ._forms import Form
from ._openai_images import png
from ._openai_like import OpenAILike, paths
from ._wire import json_answer

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.replies import Reply
    from ._base import ErrorKind, Recognised

__all__ = ["Stability"]

_SIZES = {
    "16:9": (1344, 768),
    "1:1": (1024, 1024),
    "21:9": (1536, 640),
    "2:3": (832, 1216),
    "3:2": (1216, 832),
    "4:5": (896, 1088),
    "5:4": (1088, 896),
    "9:16": (768, 1344),
    "9:21": (640, 1536),
}
_MOST_SAMPLES = 10  # the API's own limit of `samples`
_MOST_PIXELS = 4096  # a bound for nonsense

# Other formats than PNG take an encoder that we do not have: a few pixels stand for the image.
_PIXELS = {
    "jpeg": b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////"
        "////////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z"
    ),
    "webp": b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="),
}


def _form(status: int | None, name: str, message: str) -> Form:
    return Form(status, {"id": "{hex32}", "name": name, "errors": [message]})


class Stability(OpenAILike):
    """Stability AI: `v2beta/stable-image/generate/{core,ultra,sd3}` and `v1/generation/ENGINE/...`.

    A request says in its `accept` header whether it wants the image itself (the default) or JSON. The model of a call
    is `core`, `ultra`, the `model` of a request to `sd3`, or the engine. Texts: of the moderation, the generated
    clients of its OpenAPI description; of the missing credits, bodies pasted in public repositories; what is marked [U]
    is recalled.
    """

    dialect = "stability"
    sample = Sample("/v2beta/stable-image/generate/core", {"prompt": "a house"}, "")
    default_hosts = ("api.stability.ai",)
    routes = ()
    native = paths(
        ("POST", r"/v2beta/stable-image/generate/(?P<model>core|ultra|sd3)", Route("images", stream=False)),
        (
            "POST",
            r"/v1/generation/(?P<model>[^/]+)/(text-to-image|image-to-image(/\w+)?)",
            Route("images", stream=False),
        ),
        ("GET", r"/v1/engines/list", Route("models", stream=False)),
        ("GET", r"/v1/user/(balance|account)", Route("auth", stream=False)),
    )
    cloudflare = True
    head = (("x-request-id", "{hex32}"),)
    forms = {
        "outage": _form(
            None, "internal_error", "An unexpected server error has occurred, please try again later."
        ),  # [U]
        "overloaded": _form(503, "service_unavailable", "The service is overloaded, please try again later."),  # [U]
        "rate_limit": _form(
            429,
            "rate_limit_exceeded",
            "You have exceeded the rate limit of 150 requests within a 10 second period, and have been timed out for "
            "60 seconds.",
        ),  # [U]
        "quota_exhausted": _form(
            402,
            "payment_required",
            "You lack sufficient credits to make this request. Please purchase more credits at "
            "https://platform.stability.ai/account/credits and try again.",
        ),
        "auth_revoked": _form(401, "unauthorized", "The API key you provided is not valid."),  # [U]
        "region_blocked": _form(403, "permission_denied", "Access from your region is not allowed."),  # [U]
        "model_retired": _form(404, "not_found", "The specified engine (ID {model}) was not found."),
        "policy_refusal": _form(
            403,
            "content_moderation",
            "Your request was flagged by our content moderation system, as a result your request was denied and you "
            "were not charged.",
        ),
    }

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for, with the kind of answer that its header wants."""
        found = super().read(route, request)
        if found is None or route.operation != "images":
            return found
        named = found.body.get("model")
        model = named if route.model == "sd3" and isinstance(named, str) and named else found.model
        return replace(found, model=model, body={**found.body, "accept": request.header("accept") or "*/*"})

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer: single-coloured images of the size asked for."""
        if call.operation == "images":
            return self._draw(call, draw, "SUCCESS")
        if call.operation == "auth":
            return json_answer(200, self.headers(call, draw), _account(call.path))
        return json_answer(200, self.headers(call, draw), [_engine("stable-diffusion-xl-1024-v1-0")])

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the API reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.get("form", "error") if kind == "policy_refusal" else "error"
        if form == "error":
            return self.fail(kind, call, draw, **details)
        if form == "refusal" or call.operation != "images":
            raise FaultUnfit("Stability AI has no words for a refusal: use form='error' or 'finish'")
        return self._draw(call, draw, "CONTENT_FILTERED", error=kind)

    def shape(self, call: Call, status: int, body: Any) -> Any:
        """Return the error; in version 1 it has one message instead of several errors."""
        if "/v1/" not in call.path:
            return body
        return {"id": body["id"], "name": body["name"], "message": body["errors"][0]}

    def _draw(self, call: Call, draw: Draw, finish: str, error: str | None = None) -> Answer:
        older = "/v1/" in call.path
        kind, made = _image(call, draw)
        seed = _whole(call.body.get("seed")) or draw.part("seed").whole(1, 4_294_967_294)
        head = self.headers(call, draw)
        accept = str(call.body.get("accept"))
        if accept.startswith("image/") or (accept == "*/*" and not older):
            told = (("finish-reason", finish), ("seed", str(seed)), ("content-type", f"image/{kind}"))
            return Answer(200, (*head, *told), (made,), error=error)
        coded = b64encode(made).decode()
        if not older:
            return json_answer(200, head, {"image": coded, "finish_reason": finish, "seed": seed}, error=error)
        count = min(_whole(call.body.get("samples")) or 1, _MOST_SAMPLES)
        artifacts = [{"base64": coded, "finishReason": finish, "seed": seed + index} for index in range(count)]
        return json_answer(200, head, {"artifacts": artifacts}, error=error)


def _image(call: Call, draw: Draw) -> tuple[str, bytes]:
    kind = call.body.get("output_format")
    if isinstance(kind, str) and kind in _PIXELS:
        return kind, _PIXELS[kind]
    width, height = _SIZES.get(str(call.body.get("aspect_ratio")), (1024, 1024))
    width = min(_whole(call.body.get("width")) or width, _MOST_PIXELS)
    height = min(_whole(call.body.get("height")) or height, _MOST_PIXELS)
    return "png", png(width, height, draw.part("colour").rng.randbytes(3))


def _whole(value: Any) -> int:
    """Return a number from JSON or from a form's text, 0 where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return 0
    return max(int(value), 0) if str(value).isdecimal() else 0


def _account(path: str) -> Any:
    if path.rstrip("/").endswith("balance"):
        return {"credits": 1000}
    return {"id": "user-simulated", "email": "simulated@example.com", "organizations": []}


def _engine(name: str) -> dict[str, Any]:
    return {"id": name, "name": name, "description": name, "type": "PICTURE"}
