"""Templates: text with `{name}` for a column's value; `{{` and `}}` stand for braces."""

from __future__ import annotations

import operator
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from steps.runtime.errors import SettingsError


@dataclass(frozen=True)
class Template:
    """A compiled template: `literals[i]` stands before the value of `names[i]`, the last one at the end."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with each name replaced by its value; values are not searched for names again."""
        return self.filler()(values)

    def filler(self) -> Callable[[Mapping[str, str]], str]:
        """`fill` made ready for millions of rows."""
        pattern = "%s".join(literal.replace("%", "%%") for literal in self.literals)
        if not self.names:
            return lambda _values: pattern % ()
        if len(self.names) == 1:
            name = self.names[0]
            return lambda values: pattern % (values[name],)
        picked = operator.itemgetter(*self.names)
        return lambda values: pattern % picked(values)


def compile_template(text: str, place: str, columns: Iterable[str]) -> Template:
    """Reads a template; `place` names it in errors, `columns` are the names it may use."""
    known, literals, names = set(columns), [""], []
    try:
        fields = list(string.Formatter().parse(text))
    except ValueError as error:
        raise SettingsError(
            f'"{place}" is not a template: {error}', hint="write {{ and }} for braces that are text"
        ) from error
    for literal, name, spec, conversion in fields:
        literals[-1] += literal
        if name is None:
            continue
        if name not in known or spec or conversion:
            raise SettingsError(
                f'"{place}" uses {{{name}}}, the columns have the names: {", ".join(sorted(known))}',
                hint="write {{ and }} for braces that are text",
            )
        names.append(name)
        literals.append("")
    return Template(tuple(literals), tuple(names))
