"""The Pareto filter: the non-dominated items of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


def non_dominated(
    items: Iterable[T],
    figures: Callable[[T], tuple[float, ...]],
    order: Callable[[T], tuple[Any, ...]] | None = None,
) -> list[T]:
    """The items that no other equals or beats in all figures, one of equals, in order.

    Args:
        items: any.
        figures: of an item, each to be small.
        order: of the result, and which of equals stays: the first. An item that beats another must
            come before it. None: by the figures.
    """
    kept: list[tuple[T, tuple[float, ...]]] = []
    for item in sorted(items, key=order or figures):
        own = figures(item)
        if not any(all(p <= q for p, q in zip(other, own, strict=True)) for _, other in kept):
            kept.append((item, own))
    return [item for item, _ in kept]
