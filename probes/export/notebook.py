"""A Jupyter notebook that asks the same question again and shows the answer."""

from typing import Any

import nbformat
from nbformat import v4

from probes.contract import Spec
from probes.export.names import literal as markdown
from probes.export.names import stem
from probes.export.script import checksum, header, source

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook(spec: Spec, result: Any, figure: str = "") -> str:
    """Return the notebook as JSON, without outputs: what and where from, the question, the answer, figure and table."""
    said = header(spec, result)
    about = f"# {markdown(said[0])}\n\n" + "\n".join(f"- {markdown(text)}" for text in said[1:] if text)
    draw = f"probes.show(result, {figure!r})" if figure else "probes.show(result)"
    check = (
        f'table = frame_bytes(frame, "csv")\nPath("{stem(spec.kind, spec.digest)}.csv").write_bytes(table)\n'
        f'"the same table as exported" if hashlib.sha256(table).hexdigest() == "{checksum(result)}" '
        'else "this table differs from the exported one: compare the versions"'
    )
    cells = [
        ("about", v4.new_markdown_cell(about)),
        ("question", v4.new_code_cell(source(spec))),
        ("answer", v4.new_code_cell("result = probes.run(question)\nresult")),
        ("figure", v4.new_code_cell(draw)),
        ("table", v4.new_code_cell("frame = result.frame()\nframe")),
        ("check", v4.new_code_cell(check)),
    ]
    for name, cell in cells:
        cell["id"] = name  # nbformat draws them at random: equal notebooks would differ
    whole = v4.new_notebook(cells=[cell for _, cell in cells], metadata={"kernelspec": KERNEL})
    nbformat.validate(whole)
    return nbformat.writes(whole) + "\n"
