"""Names a user can choose, and the code each one stands for, loaded when asked for.

A registry is a plain dict ``{"lda": "affectflow.stats.lda:run_lda"}`` in the
package that owns the kind of thing. Nothing heavy is imported until a name is
used, so parsing the workflow stays fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from affectflow.errors import ConfigError, did_you_mean


def load(registry: Mapping[str, str], name: str, kind: str) -> Any:
    """Import and return what `name` stands for.

    Parameters
    ----------
    registry
        Name → ``"module:attribute"``.
    name
        The chosen name.
    kind
        What is being chosen, for the error message ("backend", "analysis", …).

    Raises
    ------
    ConfigError
        If the name is not in the registry.
    """
    if name not in registry:
        raise ConfigError(
            f"{kind} {name!r} does not exist.{did_you_mean(name, registry)} Choose one of: {', '.join(sorted(registry))}."
        )
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)
