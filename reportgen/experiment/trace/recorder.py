"""What is written down while a model runs: calls, operators and the tensors that go between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from reportgen.experiment._torch_internals import storage_key, versions_of
from reportgen.experiment.hooks import is_scripted
from reportgen.experiment.models import tensors_in
from reportgen.experiment.trace.drafts import CallDraft, OperatorDraft, Recording
from reportgen.experiment.trace.formulas import macs_of
from reportgen.experiment.trace.tensors import name_of, plain, shapes_of, storage_bytes, writes_in_place
from reportgen.record.operators import is_matrix_like
from reportgen.record.trace import Shape

ALIASES = frozenset(
    {"get", "detach", "requires_grad", "contiguous", "to", "float", "type_as", "type", "alias", "clone"}
)
"""Operators that hand a tensor on, when nothing but the object changes."""
LEAVING = frozenset({"numpy", "array", "tolist", "dlpack"})
"""Operators that hand the numbers of a tensor to what is no part of PyTorch."""


SCRIPTED = "scripted"
"""The operator that stands for a whole module of TorchScript."""


class Recorder:
    """Writes a Recording while a model runs; strong references keep id() unique until it is dropped."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.recording = Recording()
        self.stack: list[int] = []
        self.current: OperatorDraft | None = None
        self.box: OperatorDraft | None = None
        """The TorchScript that runs now: whatever is inside it is one operator."""
        self.deaf = False
        """True while what is called is no part of the model's own work."""
        self.counts = True
        """False where ATen's operators can't be heard, so that no multiply-accumulate is counted."""
        self.left: set[str] = set()
        """How numbers that follow from the images left PyTorch."""
        self._paths = {id(module): path for path, module in model.named_modules()}
        self._counts: Counter[int] = Counter()
        self._maker: dict[int, int] = {}
        self._maker_of_storage: dict[int, int] = {}
        self._views: defaultdict[int, set[int]] = defaultdict(set)
        self._kept: list[Tensor] = []
        self._own = {id(tensor) for tensor in (*model.parameters(), *model.buffers())}
        self._parameters = {id(parameter) for parameter in model.parameters()}
        self._saved = {storage_key(tensor) for tensor in (*model.parameters(), *model.buffers())}

    def add_source(self, name: str, tensors: Iterable[Tensor]) -> None:
        """Let an operator without inputs, "input" or "const", have made these tensors."""
        made = list(tensors)
        at = self.stack[-1] if self.stack else 0
        self._record(OperatorDraft(len(self.recording.operators), name, at, shapes_of(made)), made)

    def _record(self, operator: OperatorDraft, outputs: Iterable[Tensor]) -> None:
        self.recording.operators.append(operator)
        for tensor in outputs:
            self._kept.append(tensor)
            self._maker[id(tensor)] = operator.index
            self._maker_of_storage[storage_key(tensor)] = operator.index
            self._views[storage_key(tensor)].add(id(tensor))

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Inside, nothing that is called is written down."""
        before, self.deaf = self.deaf, True
        try:
            yield
        finally:
            self.deaf = before

    def enter(self, module: torch.nn.Module, args: Any, kwargs: Mapping[str, Any]) -> None:
        """A module is called."""
        with self.unheard():
            self._enter(module, args, kwargs)

    def _enter(self, module: torch.nn.Module, args: Any, kwargs: Mapping[str, Any]) -> None:
        inputs = tuple(tensors_in((args, kwargs)))
        call = CallDraft(
            index=len(self.recording.calls),
            path=self._paths[id(module)],
            module=module,
            call=self._counts[id(module)],
            depth=len(self.stack),
            parent=self.stack[-1] if self.stack else None,
            input_shapes=shapes_of(inputs),
            inputs=inputs,
        )
        self._counts[id(module)] += 1
        self.recording.calls.append(call)
        self.stack.append(call.index)
        if is_scripted(module) and self.box is None:
            self.box = self.current = OperatorDraft(-1, SCRIPTED, call.index, ())
            self.recording.used_parameters.update(id(parameter) for parameter in module.parameters())

    def leave(self, _module: torch.nn.Module, _args: Any, output: Any) -> None:
        """A module is done, or has raised."""
        with self.unheard():
            self._leave(output)

    def _leave(self, output: Any) -> None:
        call = self.recording.calls[self.stack.pop()]
        outputs = tuple(tensors_in(output))
        call.output_shapes = shapes_of(outputs)
        distinct = {storage_key(tensor): tensor for tensor in (*call.inputs, *outputs)}
        call.moved_bytes = sum(tensor.numel() * tensor.element_size() for tensor in distinct.values())
        if self.box is not None and self.box.module == call.index:
            box, self.box, self.current = self.box, None, None
            box.uncounted |= not self.counts
            self.recording.uncounted.update([box.name] if not self.counts else [])
            self._write(box, list(call.inputs), list(outputs), changed=False)
        self._kept.extend(call.inputs)
        call.inputs = ()

    def operate(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one operator as written, and write it down when it makes or changes a tensor."""
        if self.deaf or self.box is not None:
            return func(*args, **kwargs)
        name = name_of(func)
        inputs = list(tensors_in((args, kwargs)))
        versions = versions_of(inputs)
        at = self.stack[-1] if self.stack else 0
        draft = OperatorDraft(
            -1, name, at, (), arguments=plain(args), settings=dict(zip(kwargs, plain(kwargs.values()), strict=True))
        )
        outer, self.current = self.current, draft
        try:
            result = func(*args, **kwargs)
        finally:
            self.current = outer
        changed = writes_in_place(func, kwargs) if versions is None else versions != versions_of(inputs)
        outputs = list(tensors_in(result)) or ([inputs[0]] if changed and inputs else [])
        self._read(inputs)
        if name in LEAVING and any(self._follows_from_images(tensor) for tensor in inputs):
            self.left.add(name)
        if outputs and not self._hands_on(name, inputs, outputs, changed):
            self._write(draft, inputs, outputs, changed)
        return result

    def _read(self, inputs: Iterable[Tensor]) -> None:
        self.recording.used_parameters.update(id(tensor) for tensor in inputs if id(tensor) in self._parameters)

    def _hands_on(self, name: str, inputs: list[Tensor], outputs: list[Tensor], changed: bool) -> bool:
        """Whether the operator made nothing new; its outputs then count as made by whoever made its input."""
        if changed or "dropout" in name or not inputs:
            return not inputs  # tensors from nothing, such as zeros, become "const" when something reads them
        same = all(any(output is tensor for tensor in inputs) for output in outputs)
        if not same and name not in ALIASES:
            return False
        if len(outputs) == 1 and outputs[0].shape != inputs[0].shape:
            return False
        maker = self._find(inputs[0])
        for output in outputs:
            self._kept.append(output)
            if maker is not None:
                self._maker[id(output)] = maker
                self._views[storage_key(output)].add(id(output))
            elif id(inputs[0]) in self._own:
                self._own.add(id(output))
        return True

    def _find(self, tensor: Tensor) -> int | None:
        """The operator that made a tensor: the very object, or the last writer of its storage."""
        maker = self._maker.get(id(tensor))
        return maker if maker is not None else self._maker_of_storage.get(storage_key(tensor))

    def _follows_from_images(self, tensor: Tensor) -> bool:
        """Whether the input of the model is among what a tensor of several numbers was made of."""
        maker = self._find(tensor) if tensor.numel() > 1 else None
        waiting, seen = [maker] if maker is not None else [], set[int]()
        while waiting:
            operator = self.recording.operators[waiting.pop()]
            if operator.name == "input":
                return True
            makers = {source for source, _shape in operator.sources} - seen
            seen |= makers
            waiting += makers
        return False

    def _note_return(self, tensor: Tensor) -> None:
        """A tensor of unknown origin is read: where numbers have left PyTorch before, what was done with them there is
        not counted."""
        if self.left and tensor.is_floating_point():
            self.recording.uncounted |= self.left

    def _write(self, draft: OperatorDraft, inputs: list[Tensor], outputs: list[Tensor], changed: bool) -> None:
        """Append the operator with an edge from the maker of each input."""
        sources: dict[tuple[int, int], tuple[int, Shape]] = {}
        for tensor in inputs:
            maker = self._find(tensor)
            if maker is None and id(tensor) not in self._own and tensor.dim() > 0:
                self._note_return(tensor)
                self.add_source("const", [tensor])
                maker = self._maker[id(tensor)]
            if maker is not None:
                sources[maker, id(tensor)] = (maker, tuple(tensor.shape))
        draft.index = len(self.recording.operators)
        draft.sources = tuple(sources.values())
        draft.output_shapes = shapes_of(outputs)
        if not self.counts and is_matrix_like(draft.name):
            draft.uncounted = True
            self.recording.uncounted.add(draft.name)
        self._record(draft, outputs)
        if changed:
            self._rebind(storage_key(outputs[0]), draft.index)

    def _rebind(self, storage: int, maker: int) -> None:
        """After a write in place, every view of that storage holds what the operator made."""
        for view in self._views[storage]:
            self._maker[view] = maker

    def count(self, packet: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> None:
        """Charge one ATen operator to the operator and the module call it runs in."""
        macs = macs_of(packet, args, kwargs, output)
        if macs is None:
            self.recording.uncounted.add(str(packet))
            if self.current is not None:
                self.current.uncounted = True
        elif macs:
            if self.stack:
                self.recording.calls[self.stack[-1]].own_macs += macs
            if self.current is not None:
                self.current.macs += macs

    def save(self, tensor: Tensor) -> Tensor:
        """A tensor is kept for the backward pass; each storage counts once, parameters and buffers never."""
        with self.unheard():
            storage = storage_key(tensor)
            if storage not in self._saved:
                self._saved.add(storage)
                self._kept.append(tensor)
                if self.stack:
                    self.recording.calls[self.stack[-1]].saved_bytes += storage_bytes(tensor)
        return tensor

    def finish(self, output: Any) -> Recording:
        """The recording, with the operators that made the outputs."""
        found = {id(tensor): self._find(tensor) for tensor in tensors_in(output)}
        for tensor in tensors_in(output):
            if found[id(tensor)] is None:
                self._note_return(tensor)
        self.recording.results = {maker for maker in found.values() if maker is not None}
        self.recording.output = output
        return self.recording
