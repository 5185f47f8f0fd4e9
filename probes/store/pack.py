"""A Result as named bytes: frames as Parquet, arrays as safetensors, the rest as JSON; no pickle, no code."""

import dataclasses
import io
import json
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

VALUES, ARRAYS = "values.json", "arrays.safetensors"


def pack(result: Any) -> dict[str, bytes]:
    """Return the files that hold a frozen dataclass of frames, arrays and plain values.

    Raises ValueError when a number in a plain value is NaN or infinite, which JSON cannot hold.
    """
    files, arrays, plain = {}, {}, {}
    for part in dataclasses.fields(result):
        value = getattr(result, part.name)
        if isinstance(value, pd.DataFrame):
            buffer = io.BytesIO()
            value.to_parquet(buffer, index=False)
            files[f"{part.name}.parquet"] = buffer.getvalue()
        elif isinstance(value, np.ndarray):
            arrays[part.name] = np.asarray(value, order="C")  # keeps a scalar a scalar, unlike ascontiguousarray
        else:
            plain[part.name] = _adapter(part.type).dump_python(value, mode="json")
    files[VALUES] = json.dumps(plain, indent=1, allow_nan=False).encode()
    if arrays:
        files[ARRAYS] = save_arrays(arrays)
    return files


def unpack(kind: type[Any], files: dict[str, bytes]) -> Any:
    """Return the `kind` that was packed; raises ValueError, KeyError or TypeError when the files do not hold one."""
    plain = json.loads(files[VALUES])
    arrays = _arrays(files[ARRAYS]) if ARRAYS in files else {}
    values: dict[str, Any] = {}
    for part in dataclasses.fields(kind):
        if part.type is pd.DataFrame:
            values[part.name] = pd.read_parquet(io.BytesIO(files[f"{part.name}.parquet"]))
        elif part.type is np.ndarray or part.name in arrays:
            values[part.name] = arrays[part.name]
        else:
            values[part.name] = _adapter(part.type).validate_python(plain[part.name])
    return kind(**values)


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    try:
        return load_arrays(data)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)
