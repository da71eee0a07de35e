"""The product's version, as documents and health pages say it (semantic versioning)."""

VERSION = "0.1.0"
