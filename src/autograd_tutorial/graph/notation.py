"""Numbers, values and local derivatives in a few characters, for statements and pictures.

A local derivative is a matrix: one row for each entry of the result, one column for each entry of
the argument. Most such matrices have a plain structure, and it is read off the numbers here.
"""

import math

from torch import Tensor

from autograd_tutorial.graph.tensors import has_numbers

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def describe_matrix(partial: Tensor | None, rows: int, columns: int) -> str:
    """Name the structure of a local derivative, if it was built.

    =============  ==============================================================
    ``× 0.25``     a number times a number
    ``I``          the identity; ``2 I``, twice the identity
    ``diag(15)``   a diagonal matrix, as of an operation element by element
    ``1ᵀ``         a row of ones, a sum; ``0.25 1ᵀ``, a mean
    ``row (4)``    another row: one number depends on four
    ``column (3)`` a column: three numbers depend on one
    ``pick 2 of 4``  each row picks another entry of the argument
    ``reorder``    each row picks another entry, and none is left out
    ``copy``       each row picks an entry, and some entry is picked again
    ``0``          all zeros
    ``J 15×12``    anything else, or a matrix that was not built: rows × columns
    =============  ==============================================================

    A factor in front of a structure multiplies it, as in ``2 I``.
    """
    structure = ""
    if partial is not None and partial.numel():
        structure = _structure(partial.detach().reshape(rows, columns))
    return structure or f"J {rows}×{columns}"


def _structure(matrix: Tensor) -> str:
    """Name the structure of a matrix; return nothing if it has none."""
    rows, columns = matrix.shape
    if rows == columns == 1:
        return f"× {write_number(matrix.item())}"
    filled = matrix != 0
    entries = matrix[filled]
    if not len(entries):
        return "0"
    pattern = _pattern(filled)
    if pattern and (entries == entries[0]).all():
        return f"{_factor(entries[0].item())}{pattern}"
    if rows == columns and filled.equal(filled.diag().diag()):
        return f"diag({rows})"
    if rows == 1:
        return f"row ({columns})"
    return f"column ({rows})" if columns == 1 else ""


def _pattern(filled: Tensor) -> str:
    """Name the structure of a matrix of zeros and ones; return nothing if it has none."""
    rows, columns = filled.shape
    if rows == 1 and filled.all():
        return "1ᵀ"
    if (filled.sum(dim=1) != 1).any():
        return ""
    if (filled.sum(dim=0) > 1).any():
        return "copy"
    if rows < columns:
        return f"pick {rows} of {columns}"
    return "I" if filled.diag().all() else "reorder"


def _factor(x: float) -> str:
    """Write a factor as it stands in front of a structure: 1 is left out, and so is that of −1."""
    if abs(x) == 1:
        return "−" if x < 0 else ""
    return f"{write_number(x)} "


def write_number(x: float) -> str:
    """Write a number with four significant digits.

    Whole numbers of up to six digits are written in full, and so are the whole digits of others
    in that range. Very large and very small numbers get a power of ten. The minus sign is a true
    one.

    Examples
    --------
    >>> [write_number(x) for x in (0.5, -102400, 2 / 3, 1.2e-9, float("-inf"))]
    ['0.5', '−102400', '0.6667', '1.2·10⁻⁹', '−∞']
    """
    if math.isnan(x):
        return "NaN"
    sign, size = "−" if x < 0 else "", abs(x)
    if math.isinf(size):
        return f"{sign}∞"
    if size < 1e6 and size == int(size):
        return f"{sign}{int(size)}"
    mantissa, _, power = f"{size:.3e}".partition("e")
    exponent = int(power)
    if -4 <= exponent < 6:
        return sign + _trimmed(f"{size:.{max(3 - exponent, 0)}f}")
    return (
        f"{sign}{_trimmed(mantissa)}·10{str(exponent).translate(SUPERSCRIPTS)}"
    )


def _trimmed(digits: str) -> str:
    """Leave out the zeros at the end of a decimal fraction."""
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def counted(amount: int, thing: str) -> str:
    """Write how many of a thing there are, as in "1 node" and "10,000 nodes"."""
    return f"{amount:,} {thing}{'s' * (amount != 1)}"


def write_tensor(tensor: Tensor | None, room: int = 24) -> str:
    """Write a tensor in full if it fits into so many characters; else write its shape.

    A single number may take more.

    Examples
    --------
    >>> import torch
    >>> write_tensor(torch.tensor([[1.0, 0.0], [0.0, -2.0]]))
    '[[1, 0], [0, −2]]'
    >>> write_tensor(torch.ones(7, 8))
    '(7, 8)'
    """
    if tensor is None:
        return "none"
    if tensor.is_nested:
        return f"nested, {counted(tensor.size(0), 'part')}"
    single = not tensor.dim()
    small = single or (tensor.numel() <= room and not tensor.is_complex())
    if small and has_numbers(tensor):
        text = _nested(tensor.tolist())
        if single or len(text) <= room:
            return text
    return str(tuple(tensor.shape))


def _nested(numbers: object) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(map(_nested, numbers))}]"
    if isinstance(numbers, complex):
        imaginary = write_number(numbers.imag)
        plus = "" if imaginary.startswith("−") else "+"
        return f"{write_number(numbers.real)}{plus}{imaginary}i"
    assert isinstance(numbers, int | float)
    return write_number(numbers)
