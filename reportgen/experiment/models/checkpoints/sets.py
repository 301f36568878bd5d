"""The sets of weights in a file: state dicts under whatever keys, whole modules, averages beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reportgen.experiment.models.checkpoints.files import Contents
from reportgen.experiment.models.checkpoints.stored import QUANTISED, Source, Stored, stored_tensor
from reportgen.spec.inert_pickle import Made, Name, entries_of
from reportgen.spec.weights_contents import OF_OPTIMIZER

USUAL = ("state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "weights", "params")
"""Keys under which training scripts save the state dict beside the optimizer's and the epoch, the first preferred."""
AVERAGES = frozenset({"ema", "swa", "average", "averaged", "avg", "shadow", "teacher", "momentum", "target"})
"""Words in the key of weights that are not those that were trained but an average of them."""
OF_TRAINING = re.compile(r"optim|sched|scaler|_metadata$", re.IGNORECASE)
"""Keys of what belongs to training and holds tensors of the same shapes."""
DEEPEST = 8
MOST_NODES = 100_000


@dataclass(frozen=True)
class WeightSet:
    """Tensors by name that could be a model's."""

    name: str
    """Keys that lead to it, with dots between; empty for the file itself."""
    tensors: Mapping[str, Stored]
    metadata: Mapping[str, Any] | None = None
    """Versions of modules, which a state dict carries for their loading code."""
    module: str = ""
    """The class, where it is a whole pickled module."""
    joined: bool = False
    """Made of several state dicts, whose keys are the beginnings of the names."""
    others: Mapping[str, Any] = field(default_factory=dict)
    """What stands beside the tensors as quantised layers save it: pairs of weight and bias, types of numbers, None."""

    @property
    def quantised(self) -> str:
        """The first name of quantised weights; empty where there are none."""
        packed = (key for key in self.others if key.endswith("_packed_params"))
        return next((key for key, part in self.tensors.items() if part.odd == QUANTISED), next(packed, ""))

    @property
    def is_average(self) -> bool:
        """Whether its key says that it is an average of the weights that were trained."""
        return is_average(self.name)


def is_average(name: str) -> bool:
    """Whether a dotted name says that what is under it is an average."""
    return any(word in AVERAGES for word in re.split(r"[^a-z]+", name.lower()))


def find_sets(contents: Contents) -> list[WeightSet]:
    """Every set of weights in a file, the one to prefer first.

    Weights that were trained come before averages, then the usual keys, then what lies less deep, then the file's
    order.
    """
    found = list(walk(contents))
    return sorted(found, key=lambda one: (one.joined, one.is_average, usual(one.name), one.name.count(".")))


def usual(name: str) -> int:
    """Place of the last key among the usual ones."""
    last = name.rpartition(".")[2]
    return USUAL.index(last) if last in USUAL else len(USUAL) if name else -1


def walk(contents: Contents) -> Iterator[WeightSet]:
    """Every set in a file, breadth first; what holds itself is visited once."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), contents.root)]
    seen: dict[int, list[WeightSet]] = {}
    while waiting and len(seen) < MOST_NODES:
        path, thing = waiting.pop(0)
        name = ".".join(path)
        if id(thing) in seen:  # under a second key, or in itself
            yield from (replace(one, name=name) for one in seen[id(thing)])
            continue
        entries = entries_of(thing)
        if entries is None or entries.keys() >= OF_OPTIMIZER or stored(thing, contents.source):
            continue
        seen[id(thing)] = list(sets_at(name, thing, entries, contents.source, len(path)))
        yield from seen[id(thing)]
        if len(path) < DEEPEST and not is_module(entries):
            waiting += [((*path, str(key)), part) for key, part in entries.items() if is_inner(key, part)]


def sets_at(name: str, thing: Any, entries: Mapping[Any, Any], source: Source, depth: int) -> Iterator[WeightSet]:
    """The sets that one container is."""
    if is_module(entries):
        kind = thing.name if isinstance(thing, Made) else ""
        yield WeightSet(name, dict(module_tensors(thing, source)), module=kind)
        return
    tensors = tensors_in(entries, source)
    if tensors:
        yield WeightSet(name, tensors, metadata_of(thing), others=others_in(entries))
    if joined := joined_tensors(entries, source, depth):
        yield WeightSet(name, joined, joined=True)


def is_inner(key: Any, part: Any) -> bool:
    """Whether an entry can hold weights further in."""
    return isinstance(part, dict | list | tuple | Made) and not OF_TRAINING.search(str(key))


def stored(thing: Any, source: Source) -> Stored | None:
    """The tensor that an entry is, or None."""
    return thing if isinstance(thing, Stored) else stored_tensor(thing, source)


def tensors_in(entries: Mapping[Any, Any], source: Source) -> dict[str, Stored]:
    """The tensors that stand directly under names."""
    found = {decode_key(key): stored(part, source) for key, part in entries.items() if isinstance(key, str | bytes)}
    return {key: part for key, part in found.items() if part is not None}


def others_in(entries: Mapping[Any, Any]) -> dict[str, Any]:
    """What stands directly under names and is no tensor, of the kinds that quantised layers save."""
    return {
        decode_key(key): part
        for key, part in entries.items()
        if isinstance(key, str | bytes) and (part is None or isinstance(part, tuple | Name))
    }


def decode_key(key: str | bytes) -> str:
    """A name; Python 2 wrote them as bytes."""
    return key.decode("latin-1") if isinstance(key, bytes) else key


def joined_tensors(entries: Mapping[Any, Any], source: Source, depth: int) -> dict[str, Stored]:
    """Tensors of several state dicts, the keys of these before their names; empty where there are not several."""
    inner = {
        str(key): part
        for key, part in entries.items()
        if isinstance(key, str) and not OF_TRAINING.search(key) and isinstance(part, dict | Made)
    }
    found: dict[str, Stored] = tensors_in(entries, source)
    groups = 0
    for key, part in inner.items():
        below = entries_of(part) or {}
        if key in found or is_module(below):
            continue
        tensors = tensors_in(below, source) or (joined_tensors(below, source, depth + 1) if depth < DEEPEST else {})
        groups += bool(tensors)
        found |= {f"{key}.{name}": tensor for name, tensor in tensors.items()}
    return found if groups > 1 or (groups and len(found) > groups and tensors_in(entries, source)) else {}


def metadata_of(thing: Any) -> Mapping[str, Any] | None:
    """The versions that a state dict carries, plain values only."""
    state = thing.state if isinstance(thing, Made) else None
    given = entries_of(state.get("_metadata")) if isinstance(state, dict) else None
    if given is None:
        return None
    return {
        str(path): {str(key): value for key, value in (entries_of(local) or {}).items() if isinstance(value, int)}
        for path, local in given.items()
    }


def is_module(entries: Mapping[Any, Any]) -> bool:
    """Whether this is what a pickled torch.nn.Module consists of."""
    return {"_parameters", "_buffers", "_modules"} <= entries.keys()


def module_tensors(
    thing: Any, source: Source, prefix: str = "", inside: tuple[int, ...] = ()
) -> Iterator[tuple[str, Stored]]:
    """The state of a pickled module, named as its own state dict names it."""
    entries = entries_of(thing) or {}
    if id(thing) in inside or len(inside) > 200 or not is_module(entries):
        return
    given = entries.get("_non_persistent_buffers_set")
    passing = given if isinstance(given, set | frozenset | list | tuple) else ()
    for kind in ("_parameters", "_buffers"):
        for name, part in (entries_of(entries[kind]) or {}).items():
            tensor = stored(part, source)
            if tensor is not None and (kind == "_parameters" or name not in passing):
                yield f"{prefix}{name}", tensor
    for name, part in (entries_of(entries["_modules"]) or {}).items():
        yield from module_tensors(part, source, f"{prefix}{name}.", (*inside, id(thing)))
