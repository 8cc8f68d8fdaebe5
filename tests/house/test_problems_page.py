"""docs/problems.md lists every problem of the API: each code, each title."""

import ast
import re
from collections.abc import Iterator

from tests.house.checkout import FUNCTIONS, ROOT

PAGE = (ROOT / "docs" / "problems.md").read_text()
ROWS = re.findall(r"^\| (?:\d{3}|) \| `([a-z_]+)` \| ([^|]+) \| (?:`[a-z-]+`)? \|$", PAGE, re.MULTILINE)
TEMPLATE = (ROOT / "template.yaml").read_text()
SENTENCE = re.compile(r"[A-Z][^\n]*\.")


def sentences() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Each title in the charge door: its file and line, and the pattern of its text."""
    for path in sorted((FUNCTIONS / "charge").glob("*.py")):
        tree = ast.parse(path.read_text())
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in docstrings | parts:
                text = _text(node)
                if SENTENCE.fullmatch(text):
                    yield f"functions/charge/{path.name}:{node.lineno}", _pattern(text)


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    """The string, with … in place of a computed value; "" for a constant that is no string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, text.split("…"))))


def test_each_title_of_the_charge_door_is_on_the_page() -> None:
    titles = {title for _, title in ROWS}
    missing = [f"{where}: {found.pattern}" for where, found in sentences() if not any(map(found.fullmatch, titles))]

    assert missing == [], "docs/problems.md: give each of these titles a row"


def test_each_title_on_the_page_is_in_the_code_or_in_the_template() -> None:
    patterns = [found for _, found in sentences()]
    unknown = [
        title
        for _, title in ROWS
        if not any(found.fullmatch(title) for found in patterns) and f'"title":"{title}"' not in TEMPLATE
    ]
    assert unknown == [], "docs/problems.md: neither functions/charge nor template.yaml (GatewayResponses) has these"


def test_each_code_on_the_page_is_in_the_code_or_in_the_template() -> None:
    code = "\n".join(path.read_text() for path in (FUNCTIONS / "charge").glob("*.py"))
    code += (FUNCTIONS / "payments" / "refunding" / "refund.py").read_text()
    unknown = [name for name, _ in ROWS if f'"{name}"' not in code and f'"code":"{name}"' not in TEMPLATE]

    assert unknown == [], "docs/problems.md: neither functions/charge nor template.yaml (GatewayResponses) has these"
