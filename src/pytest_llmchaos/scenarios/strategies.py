"""Hypothesis strategies for faults, injections, phases and scenarios.

    from hypothesis import given
    from pytest_llmchaos import inject, strategies

    @given(strategies.scenarios(provider="openai"))
    def test_the_bot_always_answers(scenario):
        with inject(scenario, allow_unused=True):
            assert bot.ask("hello").text

What is drawn is what is declared: each fault's parameters say what they take, so that a new fault is drawn without
being named here. Examples shrink to the shortest scenario with the fewest and simplest faults that still fails, and
Hypothesis shows it as the YAML file that replays it. A drawn fault may hit no call (its phase may be over before the
app calls at all), which fails a run unless it has `allow_unused=True`.

Only the run itself can be drawn inside a test: use `inject` there, not the `llmchaos` fixture, which is one run for
all examples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .. import faults as _faults
from ..checks import Check
from ..core.call import Target
from ..core.errors import ParameterError, UsageProblem, near
from ..core.parameters import public
from ..faults import FaultFactory, Injection
from .drawn_values import seconds, values
from .scenario import Phase, Repeat, Scenario, dead_windows
from .schema_shapes import shape_of
from .suitable_faults import suits

__all__ = ["CONDITIONS", "faults", "injections", "kinds", "parameters", "phases", "scenarios"]

CONDITIONS = ("rate", "calls", "between", "sticky")
"""The conditions that are drawn unless others are asked for. The names are those of the arguments of a fault."""


def kinds() -> list[str]:
    """Return what `kind` may be: the sorts of faults, sorted."""
    return sorted({_faults.find(name).fault.kind for name in _faults.names()})


def faults(
    provider: str | Collection[str] = "*",
    *,
    kind: str | Collection[str] | None = None,
    names: Collection[str] | None = None,
    stream: bool | None = None,
) -> SearchStrategy[Injection]:
    """Draw a fault with parameters, as `faults.outage(502, target="openai")` gives it: it hits every call.

    Args:
        provider: a provider, or a whole target such as `openai/gpt-4*:embeddings`, or several of which one is drawn.
            Faults that have no form there are left out; for `*`, those that have none at OpenAI.
        kind: one of `kinds()`, such as `outage`, or several; None for all.
        names: names of faults to draw from; None for all.
        stream: True for an app that always streams; False for one that never does, which leaves the faults of streams
            out; None for both.

    Raises:
        UsageProblem: an unknown provider, kind or name, or no fault is left.
    """
    return _named("faults", _injections(provider, kind, names, stream, ()))


def injections(
    provider: str | Collection[str] = "*",
    *,
    kind: str | Collection[str] | None = None,
    names: Collection[str] | None = None,
    stream: bool | None = None,
    when: Collection[str] = CONDITIONS,
) -> SearchStrategy[Injection]:
    """Draw a fault with its parameters and the conditions on which it strikes.

    Args:
        provider, kind, names, stream: as for `faults`.
        when: the conditions to draw from, each of which may stay away.

    Raises:
        UsageProblem: as for `faults`, or an unknown condition.
    """
    return _named("injections", _injections(provider, kind, names, stream, tuple(when)))


def phases(
    provider: str | Collection[str] = "*",
    *,
    kind: str | Collection[str] | None = None,
    names: Collection[str] | None = None,
    stream: bool | None = None,
    when: Collection[str] = CONDITIONS,
    at_most: int = 3,
) -> SearchStrategy[tuple[Phase | Repeat, ...]]:
    """Draw a schedule: phases in order, some of them repeated or healthy, with something injected in one of them.

    Args:
        provider, kind, names, stream, when: as for `injections`.
        at_most: the largest number of phases, each repetition counted as one.

    Raises:
        UsageProblem: as for `injections`.
    """
    one = st.fixed_dictionaries(
        {"inject": st.lists(injections(provider, kind=kind, names=names, stream=stream, when=when), max_size=2)},
        optional={"jitter": st.integers(1, 9).map(lambda tenths: tenths / 10)},
    )
    timed = st.tuples(one, seconds(shortest=1))
    part = st.tuples(timed, st.just(1)) | st.tuples(st.lists(timed, min_size=1, max_size=2), st.integers(2, 4))
    drawn = st.tuples(st.lists(part, min_size=1, max_size=max(at_most, 1)), st.booleans())
    made = drawn.map(lambda drawn: _alive(_schedule(*drawn)))
    return _named("phases", made.filter(lambda made: any(phase.inject for part in made for phase in _each(part))))


def scenarios(
    provider: str | Collection[str] = "*",
    *,
    kind: str | Collection[str] | None = None,
    names: Collection[str] | None = None,
    stream: bool | None = None,
    when: Collection[str] = CONDITIONS,
    at_most: int = 3,
    expect: Iterable[Check] = (),
) -> SearchStrategy[Scenario]:
    """Draw a scenario, for `inject(scenario, allow_unused=True)`.

    Args:
        provider, kind, names, stream, when, at_most: as for `phases`.
        expect: the checks that each scenario has.

    Raises:
        UsageProblem: as for `injections`.
    """
    expected = tuple(expect)
    drawn = phases(provider, kind=kind, names=names, stream=stream, when=when, at_most=at_most)
    return _named("scenarios", drawn.map(lambda made: Scenario("drawn", made, expect=expected)))


def parameters(name: str) -> dict[str, SearchStrategy[Any]]:
    """Return for each parameter of a fault what its values are drawn from, as users type them.

    Args:
        name: the fault's name.

    Raises:
        UsageProblem: no fault has that name.
    """
    anything = _injections("*", None, None, None, (), mixed=False) if name == "mix" else None
    return _parameters(name, anything)


def _named(name: str, strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return the strategy with a short repr: Hypothesis warns about long ones, and nobody reads them."""

    def drawn(draw: Callable[[SearchStrategy[Any]], Any]) -> Any:
        return draw(strategy)

    drawn.__name__ = drawn.__qualname__ = name
    return st.composite(drawn)()


# --- faults and their conditions ---


def _injections(
    provider: str | Collection[str],
    kind: str | Collection[str] | None,
    names: Collection[str] | None,
    stream: bool | None,
    when: tuple[str, ...],
    *,
    mixed: bool = True,
) -> SearchStrategy[Injection]:
    targets = [_target(each) for each in ([provider] if isinstance(provider, str) else provider)]
    if not targets:
        raise UsageProblem("strategies need a provider to draw faults for; '*' stands for all")
    chosen = _chosen(kind, names)
    conditions = _conditions(when)
    drawn = [
        _aimed(name, target, stream, conditions)
        for name in chosen
        for target in targets
        if name not in _PARTED and suits(name, target, stream)
    ]
    if mixed and any(name in _PARTED for name in chosen):
        drawn += _mixes([name for name in chosen if name in _PARTED], targets, stream, conditions)
    if not drawn:
        raise UsageProblem(f"none of the faults {', '.join(chosen)} has a form for {', '.join(map(str, targets))}")
    return st.one_of(drawn)


def _chosen(kind: str | Collection[str] | None, names: Collection[str] | None) -> list[str]:
    wanted = None if kind is None else [kind] if isinstance(kind, str) else list(kind)
    for each in wanted or ():
        if each not in kinds():
            raise UsageProblem(f"{each!r} is not a kind of fault{near(each, kinds())} (known: {', '.join(kinds())})")
    for each in names or ():
        _faults.find(each)
    known = list(_faults.names()) if names is None else list(dict.fromkeys(names))
    chosen = [each for each in known if wanted is None or _faults.find(each).fault.kind in wanted]
    if not chosen:
        raise UsageProblem(f"no fault among {', '.join(known)} is of the kind {' or '.join(wanted or ())}")
    # Shrinking goes to the first: the simplest faults are those without a parameter.
    return sorted(chosen, key=lambda name: (len(dataclasses.fields(_faults.find(name).fault)), name))


def _target(text: str) -> Target:
    from ..providers import Providers

    target = Target.parse(text)
    Providers().check_name(target.provider)
    return target


def _aimed(
    name: str, target: Target, stream: bool | None, conditions: SearchStrategy[dict[str, Any]]
) -> SearchStrategy[Injection]:
    return _built(name, _parameters(name, None), target, conditions).filter(
        lambda made: suits(made.fault, target, stream)
    )


_PARTED = tuple(
    name
    for name in _faults.names()
    if any(each.metadata.get("draw") for each in dataclasses.fields(_faults.find(name).fault))
)
"""Faults that are made of other faults, or draw by themselves."""


def _mixes(
    names: list[str],
    targets: list[Target],
    stream: bool | None,
    conditions: SearchStrategy[dict[str, Any]],
) -> list[SearchStrategy[Injection]]:
    found = []
    for target in targets:
        plain = [each for each in _faults.names() if each not in _PARTED and suits(each, target, stream)]
        parts = st.one_of([_aimed(each, target, stream, st.just({})) for each in plain])
        bare = parts.map(lambda each: Injection(each.fault))
        found += [_built(name, _parameters(name, bare), target, conditions) for name in names]
    return found


def _built(
    name: str,
    own: Mapping[str, SearchStrategy[Any]],
    target: Target,
    conditions: SearchStrategy[dict[str, Any]],
) -> SearchStrategy[Injection]:
    factory = _faults.find(name)
    needed = {public(each.name) for each in dataclasses.fields(factory.fault) if each.default is dataclasses.MISSING}
    given = st.fixed_dictionaries(
        {key: each for key, each in own.items() if key in needed},
        optional={key: each for key, each in own.items() if key not in needed},
    )
    # What contradicts itself (a limit of nothing, say) is drawn again.
    made = st.tuples(given, conditions).map(lambda drawn: _try(factory, target, *drawn))
    return made.filter(lambda each: each is not None)


def _try(factory: FaultFactory, target: Target, own: dict[str, Any], conditions: dict[str, Any]) -> Any:
    try:
        return factory.checked(**own, target=target, **conditions)
    except ParameterError:
        return None


def _parameters(name: str, parts: SearchStrategy[Injection] | None) -> dict[str, SearchStrategy[Any]]:
    found = {}
    for each in dataclasses.fields(_faults.find(name).fault):
        if draw := each.metadata.get("draw"):
            strategy = draw(parts)
        else:
            strategy = values(shape_of(each.metadata["read"], each.metadata.get("shape")))
        if strategy is not None:
            found[public(each.name)] = strategy
        elif each.default is dataclasses.MISSING:
            raise UsageProblem(f"{name} does not say what its {public(each.name)} is: give its param a shape or draw")
    return found


def _conditions(names: tuple[str, ...]) -> SearchStrategy[dict[str, Any]]:
    known = FaultFactory.conditions()
    found = {}
    for name in names:
        if name not in known or name == "target":
            raise UsageProblem(f"{name!r} is not a condition of a fault{near(name, known)} (known: {', '.join(known)})")
        strategy = values(shape_of(known[name][1]))
        if strategy is None:
            raise UsageProblem(f"nobody can draw {name!r}; write it into what the test injects itself")
        found[name] = strategy
    return st.fixed_dictionaries({}, optional=found).map(_consistent)


def _consistent(given: dict[str, Any]) -> dict[str, Any]:
    """Leave out what means nothing without a share of the calls."""
    return given if given.get("rate", 1) != 1 else {key: each for key, each in given.items() if key != "sticky"}


# --- phases ---


def _each(part: Phase | Repeat) -> tuple[Phase, ...]:
    return part.phases if isinstance(part, Repeat) else (part,)


def _schedule(parts: list[Any], ends: bool) -> tuple[Phase | Repeat, ...]:
    """Make phases of what was drawn; the last one ends only where that was drawn too."""
    made: list[Phase | Repeat] = []
    number = 0
    for nth, (drawn, times) in enumerate(parts, 1):
        timed = [drawn] if times == 1 else drawn
        group = []
        for given, lasts in timed:
            number += 1
            open_end = times == 1 and nth == len(parts) and not ends
            how_long = {} if open_end else {"lasts": lasts, "jitter": given.get("jitter")}
            name = "" if open_end and number == 1 else f"phase {number}"
            group.append(Phase(name, tuple(given["inject"]), **how_long))
        made.append(group[0] if times == 1 else Repeat(times, tuple(group)))
    return tuple(made)


def _alive(parts: tuple[Phase | Repeat, ...]) -> tuple[Phase | Repeat, ...]:
    """Leave out each `between` that never comes while its phase lasts: a run refuses such."""
    dead = {id(each) for each, _ in dead_windows(parts)}

    def phase(each: Phase) -> Phase:
        inject = (dataclasses.replace(one, between=None) if id(one) in dead else one for one in each.inject)
        return dataclasses.replace(each, inject=tuple(inject))

    if not dead:
        return parts
    return tuple(
        dataclasses.replace(part, phases=tuple(map(phase, part.phases))) if isinstance(part, Repeat) else phase(part)
        for part in parts
    )
