"""Long and timed proofs, run by hand: `python -m bench.<name>`. README.md says what each shows."""
