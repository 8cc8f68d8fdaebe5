"""`python -m scripts.write_event_schemas`: writes schemas/<version>/ and events/event-*.json from the code.

It refuses a change that would break consumers. Then raise SCHEMA_VERSION in payments.events: the new version gets
a directory beside the old one.
"""

import json
import sys
from pathlib import Path

from payments.events.event import SCHEMA_VERSION
from scripts.compatibility import breaches
from scripts.event_samples import samples
from scripts.event_schemas import Schema, schemas

ROOT = Path(__file__).parents[1]


def refused(directory: Path, fresh: dict[str, Schema]) -> list[str]:
    """The changes that would break a consumer of the schemas in the directory."""
    written = {path.stem: json.loads(path.read_text()) for path in directory.glob("*.json")}
    gone = [f"{name}: removed" for name in sorted(written.keys() - fresh.keys())]
    return gone + [
        f"{name}{each}" for name in written.keys() & fresh.keys() for each in breaches(written[name], fresh[name])
    ]


def write(directory: Path, made: dict[str, Schema]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        (directory / f"{name}.json").write_text(text(content))


def text(content: Schema) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    directory, fresh = ROOT / "schemas" / SCHEMA_VERSION, schemas()
    if broken := refused(directory, fresh):
        sys.stderr.write("\n".join([f"Schema {SCHEMA_VERSION} would break its consumers:", *broken, ""]))
        sys.stderr.write(
            "Raise SCHEMA_VERSION in functions/payments/events/event.py, and see docs/consuming-events.md.\n"
        )
        return 1
    write(directory, fresh)
    write(ROOT / "events", samples())
    return 0


if __name__ == "__main__":
    sys.exit(main())
