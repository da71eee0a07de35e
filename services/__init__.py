"""Operations, one module per feature: each is one transaction in a unit of work."""
