"""Opens an archive of the page as a student would: python read_export.py ARCHIVE. Needs nothing but Python; where the
package safetensors is installed, the weights are opened with it too."""

import csv
import io
import json
import struct
import sys
import zipfile


def tensors(data: bytes) -> dict:
    """Names and shapes of a safetensors file, whose values are checked to be finite numbers."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    about = header.pop("__metadata__")
    assert int(about["step"]) > 0, about
    values = data[8 + length :]
    for name, tensor in header.items():
        start, end = tensor["data_offsets"]
        count = end - start >> 2
        numbers = struct.unpack(f"<{count}f", values[start:end])
        assert tensor["dtype"] == "F32" and count == tensor["shape"][0] * tensor["shape"][1], name
        assert all(abs(number) < 1e3 for number in numbers), name
    return {name: tensor["shape"] for name, tensor in header.items()}


def main() -> None:
    with zipfile.ZipFile(sys.argv[1]) as archive:
        assert archive.testzip() is None
        experiment = json.loads(archive.read("experiment.json"))
        width = experiment["comparison"]["base"]["model"]["width"]
        rows = list(csv.DictReader(io.StringIO(archive.read("metrics.csv").decode())))
        validations = list(csv.DictReader(io.StringIO(archive.read("validations.csv").decode())))
        arms = sorted({row["arm"] for row in rows})
        for arm in arms:
            steps = [int(row["step"]) for row in rows if row["arm"] == arm]
            assert steps == list(range(1, len(steps) + 1)), arm
            shapes = tensors(archive.read(f"weights/{arm}.safetensors"))
            assert shapes["layers.0.query.weight"] == [width, width], shapes
        assert all(float(row["loss"]) > 0 for row in rows + validations)
        assert {row["kind"] for row in validations} <= {"likelihood", "bound"}
        assert archive.read("charts/loss.svg").startswith(b"<svg")
        try:
            from safetensors.numpy import load

            load(archive.read(f"weights/{arms[0]}.safetensors"))
        except ImportError:
            pass
    print(f"arms {''.join(arms)}, {len(rows)} steps, {len(validations)} validations")


if __name__ == "__main__":
    main()
