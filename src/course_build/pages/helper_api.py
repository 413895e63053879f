"""The reference of the helper package, made from its own docstrings while the site is built."""

import ast
import inspect
import textwrap

MARKER = "<!-- helpers -->"
PACKAGE = "bioimage_course"
# As notebooks meet them.
MODULES = ("data", "show", "check", "doctor", "mistakes", "folder", "report_card")


def listing(package):
    """Markdown for every public function that has a docstring.

    package : pathlib.Path of src/bioimage_course; it is read, not imported
    """
    parts = []
    for name in MODULES:
        tree = _tree(package, name)
        summary = inspect.cleandoc(ast.get_docstring(tree))
        parts.append(f"## {name}\n\n{summary}\n")
        for node in _with_passed_on(package, tree):
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            if public and (docstring := ast.get_docstring(node)):
                parts.append(_function(name, node, docstring))
    return "\n".join(parts)


def _tree(package, name):
    path = package / name.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


def _with_passed_on(package, tree):
    """The parts of a module, with what it passes on from other modules in place of the import."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            names = {alias.name for alias in node.names}
            origin = _tree(package, node.module.removeprefix(f"{PACKAGE}."))
            yield from (part for part in origin.body if getattr(part, "name", None) in names)
        else:
            yield node


def _function(module, node, docstring):
    first, _, rest = docstring.partition("\n")
    call = f"{module}.{node.name}({ast.unparse(node.args)})"
    details = f"\n```text\n{textwrap.dedent(rest).strip()}\n```\n" if rest.strip() else ""
    return (
        f"### `{module}.{node.name}` {{: #{module}-{node.name} }}\n\n`{call}`\n\n{first}\n{details}"
    )
