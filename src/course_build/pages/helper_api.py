"""The reference of the helper package, made from its own docstrings while the site is built."""

import ast
import inspect
import textwrap

MARKER = "<!-- helpers -->"
PACKAGE = "bioimage_course"
# As notebooks meet them.
MODULES = (
    "data", "show", "check", "doctor", "mistakes", "folder", "image_faults", "image_cures",
    "contrast", "outlines", "report_card", "own_model",
)  # fmt: skip


def listing(package):
    """Markdown for every public function that has a docstring.

    package : pathlib.Path of src/bioimage_course; it is read, not imported
    """
    parts = []
    for name in MODULES:
        tree = _tree(package, name)
        summary = inspect.cleandoc(ast.get_docstring(tree))
        parts.append(f"## {name}\n\n{summary}\n")
        offered = _offered(tree)
        for node in _with_passed_on(package, tree):
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
            public = public and (not offered or node.name in offered)
            if public and (docstring := ast.get_docstring(node)):
                parts.append(_function(name, node, docstring))
    return "\n".join(parts)


def _tree(package, name):
    path = package / name.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text(encoding="utf-8"))


def _offered(tree):
    """The names in a module's `__all__`; empty if it has none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__":
            return ast.literal_eval(node.value)
    return ()


def _is_module(package, module, name):
    """Whether what is imported from a module is itself one."""
    path = package / module.replace(".", "/") / name
    return path.is_dir() or path.with_suffix(".py").is_file()


def _with_passed_on(package, tree, wanted=None):
    """The parts of a module, with what it passes on from other modules in place of the import.

    wanted : set of names, or None for all
    """
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            names = {alias.name for alias in node.names}
            names = names if wanted is None else names & wanted
            module = node.module.removeprefix(f"{PACKAGE}.")
            names = {name for name in names if not _is_module(package, module, name)}
            if names:
                origin = _tree(package, module)
                yield from _with_passed_on(package, origin, names)
        elif wanted is None or getattr(node, "name", None) in wanted:
            yield node


def _function(module, node, docstring):
    first, _, rest = docstring.partition("\n")
    call = f"{module}.{node.name}({ast.unparse(node.args)})"
    details = f"\n```text\n{textwrap.dedent(rest).strip()}\n```\n" if rest.strip() else ""
    return (
        f"### `{module}.{node.name}` {{: #{module}-{node.name} }}\n\n`{call}`\n\n{first}\n{details}"
    )
