"""Published JSON schemas as checks: of what is sent, and of the golden messages.

A validator takes some milliseconds to build and microseconds to ask: whoever checks much keeps it.
"""

from typing import Any

from jsonschema_rs import Draft202012Validator

# An answer that fits nothing must not drown the report.
_LONGEST_FAULT = 200


def build_validator(schema: dict[str, Any], components: dict[str, Any]) -> Draft202012Validator:
    """Build the check of a schema. components: of its document, which its references name."""
    return Draft202012Validator({**schema, "components": components}, validate_formats=True)


def list_faults(validator: Draft202012Validator, value: Any) -> list[str]:
    """List what does not fit, each with its place."""
    return [
        f"{'.'.join(map(str, fault.instance_path))}: {fault.message[:_LONGEST_FAULT]}"
        for fault in validator.iter_errors(value)
    ]
