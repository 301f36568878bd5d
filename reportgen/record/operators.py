"""The operators of traces and graphs: what each is called, and what kind of work it does. One table for everybody."""

from __future__ import annotations

import re

TABLE = (
    ("window", "avg_pool2d conv2d lp_pool2d max_pool2d_with_indices"),
    ("window bending", "max_pool2d"),
    ("pooling", "adaptive_avg_pool2d logsumexp mean sum"),
    ("pooling bending", "adaptive_max_pool2d amax"),
    ("pooling unspoken free", "flatten"),
    ("local", "add batch_norm cat concat div mul neg sqrt sub where"),
    (
        "local bending",
        "abs celu clamp elu exp gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid "
        "maximum minimum mish pow prelu relu relu6 selu sigmoid silu softplus softsign square tanh threshold",
    ),
    ("local normalising", "group_norm instance_norm local_response_norm normalize"),
    ("local unspoken", "pad"),
    ("local unspoken glue", "contiguous"),
    ("local unspoken glue free", "dropout"),
    ("local glue", "clone"),
    ("local glue free", "alpha_dropout chunk dropout2d feature_dropout split"),
    (
        "bending",
        "adaptive_max_pool1d clamp_min fractional_max_pool2d glu log_softmax max max_pool1d max_pool3d "
        "multi_head_attention_forward rrelu scaled_dot_product_attention softmax softmin softshrink tanhshrink",
    ),
    ("normalising", "layer_norm rms_norm"),
    ("axes glue free", "movedim swapaxes"),
    ("axes unspoken glue free", "permute transpose"),
    ("sizes", "channel_shuffle"),
    ("sizes glue free", "unflatten"),
    ("sizes unspoken glue free", "reshape squeeze unsqueeze view"),
    (
        "glue",
        "as_strided detach float half identity item mT moveaxis repeat requires_grad reshape_as split_with_sizes "
        "tile to type type_as",
    ),
    ("glue free", "broadcast_to expand expand_as getitem narrow select stochastic_depth t tensor_split unbind view_as"),
    ("free", "const diagonal dropout1d input ravel unfold"),
    ("backward", "alias copy lift_fresh reshape_alias slice to_copy unsafe_split unsafe_view"),
    (
        "creating",
        "arange dim empty_like full_like new_empty new_full new_ones new_tensor new_zeros numel ones_like "
        "rand_like randn_like zeros_like",
    ),
    ("creating unspoken", "size"),
)
"""(what they do, names): each name stands in one row. The words are those of the sets below."""


def select_operators(trait: str) -> frozenset[str]:
    """The operators that do something."""
    return frozenset(name for traits, names in TABLE if trait in traits.split() for name in names.split())


WINDOWS = select_operators("window")
"""A window slides over a map."""
POOLED = select_operators("pooling")
"""After it there is no map of places any more."""
LOCAL = select_operators("local")
"""It looks at one place at a time, or moves channels only."""
AXES_MOVED = select_operators("axes")
SIZES_CHANGED = select_operators("sizes")
BENDING = select_operators("bending")
"""It is not linear in its input."""
NORMALISING = select_operators("normalising")
"""It divides by the size of its input; batch normalisation does not when it evaluates."""
UNSPOKEN = select_operators("unspoken")
"""A description in words can do without it."""
GLUE = select_operators("glue")
"""It moves numbers or does nothing in evaluation: an edge of a drawing passes through it."""
BACKWARD_GLUE = GLUE | select_operators("backward")
"""The same in the graph of the loss, whose operators have names of their own."""
FREE = select_operators("free")
"""It moves nothing: it gives another look at the same memory, or, like dropout, rests in evaluation."""
CREATING = select_operators("creating")
"""It reads a tensor only for its shape or type: what it makes does not depend on the input's numbers."""

MATRIX_LIKE = re.compile(
    r"(^|_)(mm|bmm|mv|dot|vdot|matmul|addm[mv]|addbmm|baddbmm|addr|conv|convolution|conv\dd|linear|bilinear|trilinear"
    r"|smm|hspmm|sspaddmm|attention|attn|rnn|lstm|gru|gemm|einsum|cdist|pdist|euclidean_dist|affine_grid_generator|linalg|cholesky|inverse|solve|svd|eigh?|lu|qr|geqrf|orgqr|ormqr|fft|stft|deform"
    r"|quantized)(_|$)|conv2d|conv1d|conv3d|_mm$"
)
"""Names of ATen operators that multiply matrices or do comparable work; one without a formula is reported as
uncounted."""
NOT_MATRIX_LIKE = re.compile(
    r"upsample|grid_sampler|interpolate|vector_norm|linalg_cross|linalg_diagonal|_mask|softmax|pointwise|_pack"
    r"|fused_(lstm|gru)_cell"
)
"""Names that look so and are element-wise, or that only move numbers."""

FOLLOWERS = frozenset(
    (
        "relu",
        "relu6",
        "prelu",
        "leakyrelu",
        "elu",
        "celu",
        "selu",
        "gelu",
        "glu",
        "silu",
        "mish",
        "softplus",
        "tanh",
        "sigmoid",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "softmax",
        "logsoftmax",
        "normalize",
        "swish",
    )
)
"""Activations by the class of their module or their own name, lower case without underscores."""
OPAQUE = frozenset(("MultiheadAttention", "LSTM", "GRU", "RNN"))
"""Classes of modules everybody knows, shown as one whatever they compute inside."""
SIGNS = {"add": "+", "mul": "×", "sub": "−", "div": "÷"}
REFLECTED = {"add", "sub", "mul", "matmul", "div", "truediv", "pow"}
"""Arithmetic that Python also calls from the right (`__radd__`) and in place (`__iadd__`)."""


def plain_name(name: str) -> str:
    """An operator's name as people write it: "add" for add_, torch.add and __radd__, "div" for __truediv__."""
    bare = name.rpartition(".")[2].strip("_")
    if bare[:1] in {"i", "r"} and bare[1:] in REFLECTED:
        bare = bare[1:]
    return "div" if bare == "truediv" else bare


def is_matrix_like(name: str) -> bool:
    """Whether an ATen operator of this name multiplies matrices or does comparable work."""
    return bool(MATRIX_LIKE.search(name)) and not NOT_MATRIX_LIKE.search(name)


def is_follower(kind: str) -> bool:
    """True for normalisation, activation and dropout: what belongs to the operator before it."""
    lowered = kind.lower().replace("_", "")
    return lowered in FOLLOWERS or "norm" in lowered or lowered.startswith(("dropout", "alphadropout"))
