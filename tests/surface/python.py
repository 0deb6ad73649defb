"""The public surface of the package as it is installed."""

import dataclasses
import enum
import importlib
import inspect
import re
from typing import Any

import egoi_verify

lines: set[str] = set()


def typed(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def callable_(path: str, function: Any) -> None:
    signature = inspect.signature(function)
    lines.add(path + (" async" if inspect.iscoroutinefunction(function) else ""))
    by_name = False
    for name, parameter in signature.parameters.items():
        if name in ("self", "cls"):
            continue
        by_name = by_name or parameter.kind is parameter.KEYWORD_ONLY
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if parameter.default is parameter.empty else f" = {literal(parameter.default)}"
        lines.add(f"{path} {stars}{name}: {typed(parameter.annotation)}{default}{' by name' if by_name else ''}")
    if signature.return_annotation is not signature.empty and signature.return_annotation not in (None, "None"):
        lines.add(f"{path} -> {typed(signature.return_annotation)}")


def literal(value: Any) -> str:
    return repr(value.value if isinstance(value, enum.Enum) else value)


def class_(name: str, kind: type) -> None:
    # What a class has from private ones is its own.
    own = [base for base in kind.__mro__ if base is kind or base.__module__.startswith("egoi_verify._")]
    bases = [base.__name__ for base in kind.__mro__[1:] if base not in own and base is not object]
    lines.add(name + "".join(f" < {base}" for base in bases))
    if issubclass(kind, enum.Enum):
        lines.update(f"{name}.{each.name} = {each.value!r}" for each in kind)
    elif "Protocol" not in bases and any("__init__" in vars(base) for base in own):
        callable_(f"{name}.__init__", kind.__init__)
    for base in own:
        attributes = {each: typed(what) for each, what in vars(base).get("__annotations__", {}).items()}
        if "__init__" in vars(base) and not dataclasses.is_dataclass(base) and base is not egoi_verify.VerifyError:
            attributes |= dict.fromkeys(re.findall(r"self\.(\w+)[: ].*=", inspect.getsource(base.__init__)), "")
        for attribute, what in attributes.items():
            if not attribute.startswith("_") and not what.startswith("ClassVar"):
                lines.add(f"{name}.{attribute}" + (f": {what}" if what else ""))
        for member, value in vars(base).items():
            if member.startswith("_") and member not in ("__enter__", "__aenter__", "__bool__", "__str__"):
                continue
            if isinstance(value, property):
                callable_(f"{name}.{member}", value.fget)
            elif isinstance(value, (classmethod, staticmethod)) or inspect.isfunction(value):
                callable_(f"{name}.{member}", getattr(kind, member))
            elif isinstance(value, (str, int)) and not issubclass(kind, enum.Enum):
                lines.add(f"{name}.{member} = {getattr(kind, member)!r}")


PUBLIC = [getattr(egoi_verify, name) for name in egoi_verify.__all__]
for module in ("egoi_verify", "egoi_verify.testing"):
    prefix = "testing." if module.endswith("testing") else ""
    home = importlib.import_module(module)
    for name in home.__all__:
        found = getattr(home, name)
        if prefix and name in egoi_verify.__all__:
            lines.add(f"{prefix}{name}")
        elif inspect.isclass(found):
            class_(prefix + name, found)
        elif inspect.isfunction(found):
            callable_(prefix + name, found)
        else:
            value = literal(found) if isinstance(found, enum.Enum) else re.sub("typing[.]", "", str(found))
            lines.add(f"{prefix}{name} = {value}")
print("\n".join(sorted(lines)))
