"""Views: the shapes that pages, REST answers and socket messages share.

Absolute state with a version, never increments; no personal name. Money is integer minor units
(`*_minor`) of the cafe's currency, rates parts per million (`*_ppm`), durations seconds (`*_s`),
times aware UTC. JSON is camelCase.
"""
