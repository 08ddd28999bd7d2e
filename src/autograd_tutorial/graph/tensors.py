"""Which tensors have numbers, and what is among these."""

import torch
from torch import Tensor
from torch._subclasses import FakeTensor


def has_numbers(tensor: Tensor) -> bool:
    """Tell whether a tensor is an ordinary one, whose numbers can be read one by one."""
    return (
        tensor.layout is torch.strided
        and not tensor.is_nested
        and not tensor.is_meta
        and not tensor.is_quantized
        and not isinstance(tensor, FakeTensor)
    )


def dense(tensor: Tensor) -> Tensor:
    """Return the tensor itself if it is ordinary; what it says in full if it is sparse or zero.

    Torch has zeros without memory, as the derivative of `sgn`. Nested tensors stay as they are.
    """
    if tensor._is_zerotensor():
        return torch.zeros_like(tensor)
    if tensor.layout is torch.strided or tensor.is_nested:
        return tensor
    return tensor.to_dense()


def all_dense(
    tensors: tuple[Tensor | None, ...],
) -> tuple[Tensor | None, ...]:
    """Return the tensors as ordinary ones: an embedding may send a sparse message."""
    for tensor in tensors:
        if tensor is not None and dense(tensor) is not tensor:
            return tuple(None if t is None else dense(t) for t in tensors)
    return tensors


def comparable(tensor: Tensor | None) -> Tensor | None:
    """Return the numbers of a tensor, if it has any, in a dtype that torch computes with."""
    if tensor is None or not has_numbers(tensor):
        return None
    is_float8 = tensor.is_floating_point() and tensor.dtype.itemsize == 1
    return tensor.float() if is_float8 else tensor


def has_nan(tensor: Tensor | None) -> bool:
    """Tell whether a number of a tensor is NaN."""
    numbers = comparable(tensor)
    if numbers is None or not numbers.sum().isnan():
        return False  # the sum is quick, and NaN if any number is, or ∞ met −∞
    return bool(numbers.isnan().any())


def has_infinity(tensor: Tensor | None) -> bool:
    """Tell whether a number of a tensor is infinite."""
    numbers = comparable(tensor)
    return numbers is not None and bool(numbers.isinf().any())


def has_zero(tensor: Tensor | None) -> bool:
    """Tell whether a number of a tensor is 0."""
    numbers = comparable(tensor)
    return numbers is not None and bool((numbers == 0).any())


def check_like(what: str, given: object, like: Tensor, whose: str) -> None:
    """Raise unless what was given is a real tensor of the same shape as another."""
    if not isinstance(given, Tensor):
        raise TypeError(
            f"The {what} must be a tensor, but it is of type {type(given).__name__}. "
            "Convert it with torch.tensor(...)."
        )
    if not given.is_floating_point():
        cure = (
            "Pass its real part."
            if given.is_complex()
            else "Write its numbers with a decimal point, or convert it with .double()."
        )
        raise TypeError(
            f"The {what} must have a real floating-point dtype, but it has {given.dtype}. {cure}"
        )
    if given.shape != like.shape:
        raise ValueError(
            f"The {what} must have the shape of {whose}, {tuple(like.shape)}, but it has shape "
            f"{tuple(given.shape)}."
        )
