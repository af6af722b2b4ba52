"""Bodies of the models at Bedrock that complete a text: Llama, Cohere's Command, Mistral."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, request_tokens, tokens
from ._read import positive
from ._say import Asked, say

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.replies import Reply

__all__ = ["Told", "text_body", "text_chunks"]

# None of these models has a filter of its own: what blocks their answers is a guardrail, in these words [U].
_BLOCKED = "Sorry, the model cannot answer this question."


@dataclass(frozen=True, slots=True)
class Told:
    """What such a model says, and how much it read and wrote in tokens."""

    text: str
    cut: bool
    blocked: bool
    asked: int
    spoken: int
    maker: str
    ids: tuple[str, str]
    message: str | None


def text_body(call: Call, reply: Reply | None, draw: Draw) -> tuple[dict[str, Any], Told]:
    """Return the body of a plain answer, and what a streamed one is made of.

    Tool calls have no place in these bodies; a reply that scripts them says nothing here.
    """
    limit = next((size for key in _LIMITS if (size := positive(call.body.get(key)))), None)
    said = say(reply, Asked(limit=limit), draw)
    blocked = said.finish in ("content_filter", "refusal")
    text = said.text if said.text is not None else (_BLOCKED if blocked else "")
    message = call.body.get("message")
    told = Told(
        text=text,
        cut=said.finish == "length",
        blocked=blocked,
        asked=request_tokens(call.body.get("prompt"), message, call.body.get("chat_history")),
        spoken=tokens(text),
        maker=next((maker for maker in ("meta", "cohere") if f"{maker}." in (call.model or "")), "mistral"),
        ids=(_id(draw.part("id")), _id(draw.part("generation"))),
        message=message if isinstance(message, str) else None,
    )
    body = _WHOLE[told.maker](told)
    # How `invoke` says that a guardrail stepped in.
    return {**body, **({"amazon-bedrock-guardrailAction": "INTERVENED"} if blocked else {})}, told


_LIMITS = ("max_gen_len", "max_tokens")


def text_chunks(told: Told) -> Iterator[dict[str, Any]]:
    """Yield what a stream sends, one piece of text each."""
    yield from _PIECES[told.maker](told)


def _id(draw: Draw) -> str:
    return str(uuid.UUID(hex=draw.hex(32), version=4))


# --- Llama --------------------------------------------------------------------------------------------------


def _llama(told: Told) -> dict[str, Any]:
    return {
        "generation": told.text,
        "prompt_token_count": told.asked,
        "generation_token_count": told.spoken,
        "stop_reason": "length" if told.cut else "stop",
    }


def _llama_pieces(told: Told) -> Iterator[dict[str, Any]]:
    for count, piece in enumerate(pieces(told.text), 1):
        asked = told.asked if count == 1 else None  # only the first one tells it
        yield {"generation": piece, "prompt_token_count": asked, "generation_token_count": count, "stop_reason": None}
    yield {**_llama(told), "generation": "", "prompt_token_count": None}


# --- Cohere -------------------------------------------------------------------------------------------------


def _command(told: Told) -> dict[str, Any]:
    finish = "MAX_TOKENS" if told.cut else "COMPLETE"
    if told.message is None:  # the older Command, which completes a `prompt`
        return {
            "id": told.ids[0],
            "generations": [{"id": told.ids[1], "text": told.text, "finish_reason": finish}],
        }
    said = [{"role": "USER", "message": told.message}, {"role": "CHATBOT", "message": told.text}]
    return {
        "response_id": told.ids[0],
        "text": told.text,
        "generation_id": told.ids[1],
        "chat_history": said,
        "finish_reason": finish,
    }


def _command_pieces(told: Told) -> Iterator[dict[str, Any]]:
    finish = "MAX_TOKENS" if told.cut else "COMPLETE"
    if told.message is None:
        for piece in pieces(told.text):
            yield {"text": piece, "is_finished": False, "index": 0}
        yield {"text": "", "is_finished": True, "finish_reason": finish, "index": 0}
        return
    yield {"is_finished": False, "event_type": "stream-start", "generation_id": told.ids[1]}
    for piece in pieces(told.text):
        yield {"is_finished": False, "event_type": "text-generation", "text": piece}
    yield {"is_finished": True, "event_type": "stream-end", "response": _command(told), "finish_reason": finish}


# --- Mistral ------------------------------------------------------------------------------------------------


def _mistral(told: Told) -> dict[str, Any]:
    return {"outputs": [{"text": told.text, "stop_reason": "length" if told.cut else "stop"}]}


def _mistral_pieces(told: Told) -> Iterator[dict[str, Any]]:
    for piece in pieces(told.text):
        yield {"outputs": [{"text": piece, "stop_reason": None}]}
    yield {"outputs": [{"text": "", "stop_reason": "length" if told.cut else "stop"}]}


_WHOLE = {"meta": _llama, "cohere": _command, "mistral": _mistral}
_PIECES = {"meta": _llama_pieces, "cohere": _command_pieces, "mistral": _mistral_pieces}
