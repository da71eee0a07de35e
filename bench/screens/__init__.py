"""The pictures of docs/screens/ and the check of every screen: `python -m bench.screens`.

`camera` opens windows and looks at them, `layout` and `looks` say what is wrong in one, `lunch` and
`crowd` are what happens in the cafe meanwhile. What each kind of person sees, and how one comes
there, stands in `kitchen`, `floor`, `guests`, `office` and `doors`.
"""
