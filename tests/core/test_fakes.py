"""Made-up prompts, users, documents and canaries."""

from __future__ import annotations

import copy
import json
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from pytest_llmchaos import Canary, UsageProblem, canaries, canary, fakes, inject
from pytest_llmchaos.core.fakes import KINDS, Fakes, _luhn
from pytest_llmchaos.core.redact import HIDDEN, redact_text


def made(seed=0, test="t", locale="en_US"):
    """One canary of each kind, and what else there is."""
    source = Fakes(seed, test)
    everything = [source.canary(kind, locale) for kind in KINDS]
    return [*everything, source.user(locale), source.prompt(locale), source.document(locale)]


@pytest.mark.parametrize("locale", ["en_US", "de_DE", "ja_JP"])
def test_the_same_seed_and_test_give_the_same(locale):
    """Another seed, test or locale gives something else."""
    assert made(1, "t", locale) == made(1, "t", locale)
    assert not set(map(str, made(1, "t", locale))) & set(map(str, made(2, "t", locale)))
    assert not set(map(str, made(1, "t", locale))) & set(map(str, made(1, "u", locale)))


def test_one_kind_does_not_shift_another():
    """Each kind and locale counts by itself: one more name leaves the cards as they were."""
    one, other = Fakes(), Fakes()
    other.canary("name")
    other.canary("card", "de_DE")
    assert [one.canary("card") for _ in range(3)] == [other.canary("card") for _ in range(3)]


def test_a_canary_is_a_text_that_knows_its_kind():
    """It goes where any text goes, and survives copies."""
    made = Fakes().canary("email", locale="de_DE")
    assert isinstance(made, str)
    assert (made.kind, made.locale) == ("email", "de_DE")
    for same in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):  # noqa: S301
        assert (type(same), same, same.kind, same.locale) == (Canary, made, "email", "de_DE")
    assert json.loads(json.dumps({"to": made})) == {"to": str(made)}


def test_addresses_of_mail_reach_nobody():
    """They stand in the domains that RFC 2606 keeps for examples, in ASCII also where names are not."""
    source = Fakes()
    for locale in ("en_US", "de_DE", "fr_FR", "ja_JP", "ar_AA"):
        for _ in range(20):
            assert re.fullmatch(r"[a-z.]+\.[0-9a-f]{6}@example\.(com|org|net)", source.canary("email", locale))


def test_card_numbers_are_test_numbers_with_a_right_check_digit():
    """They begin like the public test numbers of payment processors."""
    source = Fakes()
    assert _luhn("4242424242424242") % 10 == 0
    for _ in range(50):
        number = source.canary("card")
        assert number.startswith(("42424242", "55555555", "37828224"))
        assert len(number) == (15 if number.startswith("37") else 16)
        assert _luhn(number) % 10 == 0


@pytest.mark.parametrize(
    ("provider", "start"),
    [("openai", "sk-proj-"), ("anthropic", "sk-ant-api03-"), ("groq", "gsk_"), ("localhost:8000", "sk-")],
)
def test_keys_look_like_the_providers_and_say_that_they_are_fake(provider, start):
    """What hides credentials takes them for some."""
    key = Fakes().canary("key", provider=provider)
    assert key.startswith(start)
    assert "FAKE" in key
    assert redact_text(f"the key is {key}") == f"the key is {HIDDEN}"


def test_no_canary_comes_twice():
    """Not from several threads either."""
    source = Fakes()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: source.canary("name"), range(200)))
    assert len(set(found)) == 200
    assert set(source.canaries) == set(found)


def test_a_canary_is_found_however_it_is_written():
    """As it is, within JSON or a URL, in other case; a card number also in groups."""
    name, card = Canary("Jürgen Müller", "name", "de_DE"), Canary("4242424200001234", "card")
    assert name.stands_in("seen: jürgen müller!")
    assert name.stands_in(json.dumps({"name": name}))
    assert name.stands_in(f"https://x.example/?q={quote(name)}".encode())
    assert name.stands_in("?q=J%C3%BCrgen+M%C3%BCller")
    assert not name.stands_in("Jürgen Maier")
    assert card.stands_in("4242 4242 0000 1234")
    assert card.stands_in("4242-4242-0000-1234")
    assert not card.stands_in("4242 4242 0000 1235")


def test_prompts_and_documents_hold_the_canaries():
    """Whatever template is drawn."""
    source = Fakes()
    birds = [source.canary(kind) for kind in KINDS]
    for locale in ("en_US", "de_DE"):
        for _ in range(5):
            prompt, document = source.prompt(locale, birds), source.document(locale, canaries=birds)
            assert all(bird.stands_in(prompt) and bird.stands_in(document) for bird in birds)
    assert len(source.document(paragraphs=5).split("\n\n")) == 6


def test_a_users_parts_are_canaries():
    """Name and e-mail belong together."""
    source = Fakes()
    user = source.user()
    assert set(source.canaries) == {user.name, user.email, user.address, user.card}
    assert user.email.startswith(re.findall("[a-z]+", user.name.lower())[0])


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda source: source.canary("emial"), "'emial' is not a kind of canary; did you mean 'email'?"),
        (lambda source: source.canary("name", "xx_YY"), "'xx_YY' is not a locale that Faker knows"),
        (lambda source: source.prompt(""), "'' is not a locale"),
        (lambda source: source.document(paragraphs=0), "paragraphs must be 1 or more, got 0"),
    ],
)
def test_mistakes_are_told(ask, says):
    """No AttributeError of Faker's."""
    with pytest.raises(UsageProblem, match=re.escape(says)):
        ask(Fakes())


def test_a_run_has_its_own():
    """The innermost run under way decides; each begins anew."""
    with inject(seed=3, allow_unused=True):
        first = [canary("email"), canary("card", locale="de_DE")]
        assert canaries() == tuple(first)
        with inject(seed=4, allow_unused=True) as inner:
            assert canaries() == ()
            assert fakes(inner) is fakes()
            assert canary("email") != first[0]
        assert canaries() == tuple(first)
    with inject(seed=3, allow_unused=True):
        assert [canary("email"), canary("card", locale="de_DE")] == first
    assert isinstance(canary("word"), Canary)  # outside of any run too
