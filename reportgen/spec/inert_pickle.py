"""A pickle read as a description of what it would make: nothing is imported, called or executed.

Containers become Python's own; whatever else a pickle would make, numbers of NumPy, namespaces, enums, whole modules,
is a `Made`: the name of what it calls, with arguments and state. Instructions are those of Python's `pickletools`.
"""

from __future__ import annotations

import builtins
import pickletools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import SEEK_END
from typing import IO, Any, cast

VALUES = frozenset(
    f"{module}.{name}"
    for module, names in {
        "builtins": "set frozenset dict list tuple bytearray bytes complex slice range object int float bool str "
        "getattr type iter Ellipsis NotImplemented Exception ValueError KeyError RuntimeError KeyboardInterrupt",
        "collections": "OrderedDict defaultdict Counter deque ChainMap UserDict UserList UserString",
        "copyreg": "_reconstructor __newobj__ __newobj_ex__",
        "_codecs": "encode",
        "datetime": "datetime date time timedelta timezone",
        "zoneinfo": "ZoneInfo ZoneInfo._unpickle",
        "pathlib": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
        "pathlib._local": "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath",
        "argparse": "Namespace",
        "types": "SimpleNamespace MappingProxyType GenericAlias UnionType",
        "decimal": "Decimal",
        "fractions": "Fraction",
        "uuid": "UUID SafeUUID",
        "ipaddress": "IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface",
        "functools": "partial",
        "operator": "itemgetter attrgetter methodcaller getitem or_",
        "_operator": "itemgetter attrgetter methodcaller getitem or_",
        "random": "Random",
        "re": "_compile RegexFlag",
        "array": "array _array_reconstructor",
        "time": "struct_time",
        "enum": "Enum IntEnum StrEnum Flag IntFlag",
        "http": "HTTPStatus HTTPMethod",
        "signal": "Signals Handlers Sigmasks",
        "socket": "AddressFamily SocketKind",
        "inspect": "_ParameterKind Parameter Signature",
        "calendar": "Month Day",
        "dataclasses": "Field _MISSING_TYPE _FIELD_BASE _HAS_DEFAULT_FACTORY_CLASS _KW_ONLY_TYPE",
        "os": "terminal_size stat_result uname_result",
        "platform": "uname_result",
        "configparser": "ConfigParser RawConfigParser SectionProxy ConverterMapping Interpolation BasicInterpolation "
        "ExtendedInterpolation",
        "io": "BytesIO StringIO",
        "_io": "BytesIO StringIO",
        "statistics": "NormalDist",
        "typing": "TypeVar ParamSpec NewType ForwardRef",
        "logging": "getLogger Logger LogRecord",
        "string": "Template",
        "itertools": "chain count cycle repeat",
    }.items()
    for name in names.split()
)
"""What of the standard library a pickle may make beside weights: plain values. Any other call of it is code."""
ERRORS = frozenset(
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
)
"""Python's own exceptions, which are values too."""
REACHING = ("numpy.testing", "pip", "torch.hub", "torch.jit", "torch.utils.cpp_extension", "torch.serialization.load")
"""Modules and functions outside the standard library by which pickles are known to run code."""
SMALL = 1 << 16
"""Bytes that can be asked for without a look at what there is."""
MOST_INSTRUCTIONS = 6_000_000
"""Twice what the state dict of a model with 100,000 tensors has, about 30 for each."""
MOST_NAMES = 5
"""Names of calls that are kept, each once."""
SHOWN = 200
"""Characters of each that are kept."""


DEEPEST = 50
"""Levels of a key, or of an attribute of an attribute. Python hashes and compares keys by calls within calls."""
MOST_PARTS = 1000
"""Parts of one key, each counted as often as it occurs."""
LONGEST_NAME = 1000
"""Characters of a module, or of a name in it."""


class NotAPickle(ValueError):
    """The bytes are not a whole pickle, or one that no program writes."""


class TooLong(NotAPickle):
    """A pickle of more instructions than weights need, which is not read to its end."""


@dataclass(frozen=True)
class Name:
    """What a pickle calls by name; never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


GETATTR = Name("builtins", "getattr")


@dataclass(frozen=True)
class Reference:
    """Something that lies outside the pickle, such as a tensor's storage."""

    id: Any


@dataclass(eq=False)
class Made:
    """What a call would have made; its parts are those that the pickle adds to it."""

    call: Any
    args: tuple[Any, ...]
    state: Any = None
    items: list[Any] = field(default_factory=list)
    entries: dict[Any, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Dotted name of what is called; empty where that is itself the result of a call."""
        found = find_dotted_name(self.call)
        if found in ("copyreg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__") and self.args:
            return find_dotted_name(self.args[0])
        return found


def find_dotted_name(thing: Any) -> str:
    """The dotted name of a name, or of an attribute that a pickle takes of one; empty for anything else."""
    attributes: list[str] = []
    for _ in range(DEEPEST):
        if isinstance(thing, Name):
            return ".".join((str(thing), *reversed(attributes)))
        if isinstance(thing, Reference) and isinstance(thing.id, tuple) and thing.id[:1] == ("module",):
            thing = thing.id[1]  # how files before 2020 name a module's class, its source code beside it
        elif isinstance(thing, Made) and thing.call == GETATTR and len(thing.args) == 2:
            thing, attribute = thing.args
            attributes.append(attribute)
        else:
            return ""
    raise NotAPickle(f"it takes attributes of attributes, more than {DEEPEST} deep")


def check_key(key: Any) -> None:
    """Raise NotAPickle for a key that Python could not hash, or compare, in a reasonable time and depth."""
    level = [key] if isinstance(key, tuple | frozenset | Reference) else []
    count = depth = 0
    while level:
        depth += 1
        below: list[Any] = []
        for thing in level:
            parts = (thing.id,) if isinstance(thing, Reference) else thing
            count += len(parts)
            if depth > DEEPEST or count > MOST_PARTS:
                raise NotAPickle(f"a key has more than {DEEPEST} levels or {MOST_PARTS:,} parts")
            below += [part for part in parts if isinstance(part, tuple | frozenset | Reference)]
        level = below


def checked(keys: Iterable[Any]) -> Iterator[Any]:
    """The same keys, each once it is known that Python can hash it."""
    for key in keys:
        check_key(key)
        yield key


def is_code(call: Any) -> bool:
    """Whether calling this does more than making a value: a function of the standard library, or the like."""
    name = find_dotted_name(call)
    if not name:
        return isinstance(call, Made) and not call.name.startswith("torch.")
    if any(name == one or name.startswith(f"{one}.") for one in REACHING):
        return True
    module, _, last = name.rpartition(".")
    if name in VALUES or (module == "builtins" and last in ERRORS):
        return False
    return name.partition(".")[0] in sys.stdlib_module_names


def is_union(call: Any, args: tuple[Any, ...]) -> bool:
    """Whether this joins types with "|", as Python pickles `int | None`."""
    name = find_dotted_name(call)
    return (
        name in ("_functools.reduce", "builtins.reduce", "functools.reduce")
        and bool(args)
        and find_dotted_name(args[0])
        in (
            "_operator.or_",
            "operator.or_",
        )
    )


class Bounded:
    """A file that is never asked for more than it has: a length in a pickle can be any number."""

    def __init__(self, file: IO[bytes]) -> None:
        self.tell, self.readline = file.tell, file.readline
        self.file = file
        place = file.tell()
        self.end = file.seek(0, SEEK_END)
        file.seek(place)

    def read(self, count: int) -> bytes:
        """The next bytes, as many as there are."""
        return self.file.read(min(count, self.end - self.tell())) if count > SMALL else self.file.read(count)


@dataclass
class Read:
    """A pickle, read."""

    root: Any
    code: tuple[str, ...]
    """What it would have called that is no value: the first few names, each cut."""


PYTHON_2 = {
    "__builtin__": "builtins",
    "copy_reg": "copyreg",
    "commands": "subprocess",
    "cPickle": "pickle",
    "UserDict": "collections",
}
"""Modules that have another name in Python 2, and in pickles of the protocols that it reads."""
PYTHON_2_NAMES = {"xrange": "range", "unicode": "str", "long": "int"}
"""The same of built-in types."""


def read_pickle(file: IO[bytes]) -> Read:
    """Read one pickle from where the file stands to its end mark.

    Raises NotAPickle for bytes that are not one or that end before it does.
    """
    machine = Machine()
    try:
        for count, (opcode, argument, _place) in enumerate(pickletools.genops(cast("IO[bytes]", Bounded(file)))):
            machine.do(opcode.name, argument)
            if count > MOST_INSTRUCTIONS:
                raise TooLong(f"its pickle has more than {MOST_INSTRUCTIONS:,} instructions")
        return Read(machine.stack.pop(), tuple(machine.code))
    except NotAPickle:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotAPickle(str(error)) from error


MARK = object()
CONSTANTS: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": set,
    "MARK": lambda: MARK,
}
IGNORED = frozenset({"PROTO", "FRAME", "STOP", "READONLY_BUFFER"})
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class Machine:
    """The stack and the memo of one pickle."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.code: dict[str, None] = {}
        self.steps: Mapping[str, Callable[[Any], None]] = {
            "GLOBAL": lambda text: self.push(name_of(*text.split(" ", 1))),
            "STACK_GLOBAL": lambda _: self.push(name_of(*self.take(2))),
            "REDUCE": lambda _: self.make(*self.take(2)),
            "NEWOBJ": lambda _: self.make(*self.take(2)),
            "NEWOBJ_EX": lambda _: self.make(*self.take(3)),
            "INST": lambda text: self.make(name_of(*text.split(" ", 1)), tuple(self.above())),
            "OBJ": lambda _: self.make_of(self.above()),
            "BUILD": lambda _: self.build(),
            "APPEND": lambda _: self.extend(self.take(1)),
            "APPENDS": lambda _: self.extend(self.above()),
            "ADDITEMS": lambda _: self.extend(self.above()),
            "SETITEM": lambda _: self.set_entries(self.take(2)),
            "SETITEMS": lambda _: self.set_entries(self.above()),
            "TUPLE": lambda _: self.push(tuple(self.above())),
            "LIST": lambda _: self.push(list(self.above())),
            "DICT": lambda _: self.push(paired(self.above())),
            "FROZENSET": lambda _: self.push(frozenset(checked(self.above()))),
            "POP": lambda _: self.stack.__delitem__(-1),
            "POP_MARK": lambda _: self.drop_above(),
            "DUP": lambda _: self.push(self.stack[-1]),
            "PERSID": lambda text: self.push(Reference(text)),
            "BINPERSID": lambda _: self.refer(self.stack.pop()),
        }

    def do(self, name: str, argument: Any) -> None:
        """One instruction."""
        if name in self.steps:
            self.steps[name](argument)
        elif name in CONSTANTS:
            self.push(CONSTANTS[name]())
        elif name in TUPLES:
            self.push(tuple(self.take(TUPLES[name])))
        elif name in ("PUT", "BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.push(self.memo[argument])
        elif name.startswith("EXT") or name == "NEXT_BUFFER":
            raise NotAPickle(f"{name} refers to something outside it")
        elif name not in IGNORED:
            self.push(argument)  # a number or a text that the instruction carries

    def push(self, thing: Any) -> None:
        """Put a thing on the stack."""
        self.stack.append(thing)

    def take(self, count: int) -> list[Any]:
        """The last `count` things, taken off."""
        taken = self.stack[-count:]
        if len(taken) < count or any(thing is MARK for thing in taken):
            raise NotAPickle("its stack is too short")
        del self.stack[-count:]
        return taken

    def above(self) -> list[Any]:
        """Everything above the last mark, taken off with it."""
        place = len(self.stack) - 1
        while place >= 0 and self.stack[place] is not MARK:
            place -= 1
        if place < 0:
            raise NotAPickle("a mark is missing")
        taken = self.stack[place + 1 :]
        del self.stack[place:]
        return taken

    def drop_above(self) -> None:
        """Take everything above the last mark off, with it."""
        self.above()

    def make(self, call: Any, args: Any, further: Any = None) -> None:
        """A thing that a call would make; its keyword arguments are a last argument."""
        if not isinstance(args, tuple):
            raise NotAPickle("arguments of a call are not a tuple")
        if call == GETATTR:
            check_attribute(args)
        if len(self.code) < MOST_NAMES and is_code(call) and not is_union(call, args):
            name = find_dotted_name(call) or f"what {call.name or 'another call'} returns"
            self.code[name[:SHOWN]] = None
        self.push(plain(call, (*args, further) if further else args))

    def refer(self, what: Any) -> None:
        """Put a reference on the stack."""
        reference = Reference(what)
        find_dotted_name(reference)  # raises for one that leads on for too long
        self.push(reference)

    def make_of(self, parts: list[Any]) -> None:
        """A thing that the first of `parts` would make of the others."""
        self.make(parts[0], tuple(parts[1:]))

    def build(self) -> None:
        """Give the thing on the stack its state."""
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, Made):
            raise NotAPickle(f"it sets the state of a {type(target).__name__}")
        target.state = state

    def extend(self, parts: Iterable[Any]) -> None:
        """Add things to the list, set or other thing on the stack."""
        target = self.stack[-1]
        if isinstance(target, Made):
            target.items.extend(parts)
        elif isinstance(target, list):
            target.extend(parts)
        elif isinstance(target, set):
            target.update(checked(parts))
        else:
            raise NotAPickle(f"it appends to a {type(target).__name__}")

    def set_entries(self, parts: list[Any]) -> None:
        """Set entries of the dict or other thing on the stack."""
        target = self.stack[-1]
        if not isinstance(target, dict | Made):
            raise NotAPickle(f"it sets entries of a {type(target).__name__}")
        (target.entries if isinstance(target, Made) else target).update(paired(parts))


def name_of(module: Any, name: Any) -> Name:
    """A name, under today's name of its module. Raises NotAPickle for what is no text."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise NotAPickle("a name is not a text")
    if max(len(module), len(name)) > LONGEST_NAME:
        raise NotAPickle(f"a name has more than {LONGEST_NAME:,} characters")
    module = PYTHON_2.get(module, module)
    return Name(module, PYTHON_2_NAMES.get(name, name) if module == "builtins" else name)


def check_attribute(args: tuple[Any, ...]) -> None:
    """Raise NotAPickle for arguments of getattr that give no dotted name that could be shown."""
    if len(args) < 2 or not isinstance(args[1], str) or len(args[1]) > LONGEST_NAME:
        raise NotAPickle("the name of an attribute is not a text, or too long for one")
    find_dotted_name(Made(GETATTR, args))


def paired(parts: list[Any]) -> dict[Any, Any]:
    """Keys and values that follow each other, as a dict."""
    return dict(zip(checked(parts[::2]), parts[1::2], strict=True))


def plain(call: Any, args: tuple[Any, ...]) -> Any:
    """What a call would make: a set, bytes or a complex number as such, anything else as `Made`."""
    name, first = find_dotted_name(call), args[0] if args else None
    if name == "_codecs.encode" and len(args) == 2 and isinstance(first, str) and args[1] in ("latin1", "latin-1"):
        return first.encode("latin-1")
    if name in ("builtins.set", "builtins.frozenset") and (first is None or isinstance(first, list | tuple)):
        return set(checked(first or ()))
    if name == "builtins.bytearray" and isinstance(first, bytes | bytearray):
        return bytes(first)
    if name == "builtins.bytes" and not args:
        return b""
    if name == "collections.OrderedDict" and isinstance(first, list):
        pairs = [pair for pair in first if isinstance(pair, list | tuple) and len(pair) == 2]
        return Made(call, (dict(zip(checked(pair[0] for pair in pairs), (pair[1] for pair in pairs), strict=True)),))
    return Made(call, args)


def entries_of(thing: Any) -> Mapping[Any, Any] | None:
    """What a mapping, a list or a thing that a call made holds by key; None for anything that holds nothing.

    A list of pairs with a text first, as `named_parameters` gives them, is a mapping.
    """
    if isinstance(thing, dict):
        return thing
    if isinstance(thing, list | tuple):
        if thing and all(isinstance(part, list | tuple) and len(part) == 2 for part in thing):
            named = {part[0]: part[1] for part in thing if isinstance(part[0], str)}
            if len(named) == len(thing):
                return named
        return {str(place): part for place, part in enumerate(thing)}
    if isinstance(thing, Made):
        state = thing.state[0] if isinstance(thing.state, tuple) and len(thing.state) == 2 else thing.state
        initial = next((part for part in thing.args if isinstance(part, dict)), {})
        return {**initial, **(state if isinstance(state, dict) else {}), **thing.entries}
    return None
