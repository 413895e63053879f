"""The reference of the helper package, made from its own docstrings while the site is built."""

import ast
import inspect
import textwrap

MARKER = "<!-- helpers -->"
MODULES = ("data", "show", "check")  # in the order in which a notebook meets them


def listing(package):
    """Markdown for every public function that has a docstring.

    package : pathlib.Path of src/bioimage_course; it is read, not imported
    """
    parts = []
    for name in MODULES:
        tree = ast.parse((package / f"{name}.py").read_text(encoding="utf-8"))
        summary = inspect.cleandoc(ast.get_docstring(tree))
        parts.append(f"## {name}\n\n{summary}\n")
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and (docstring := ast.get_docstring(node)):
                parts.append(_function(name, node, docstring))
    return "\n".join(parts)


def _function(module, node, docstring):
    first, _, rest = docstring.partition("\n")
    call = f"{module}.{node.name}({ast.unparse(node.args)})"
    details = f"\n```text\n{textwrap.dedent(rest).strip()}\n```\n" if rest.strip() else ""
    return (
        f"### `{module}.{node.name}` {{: #{module}-{node.name} }}\n\n`{call}`\n\n{first}\n{details}"
    )
