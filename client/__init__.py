"""The Python client: connects, resumes and sends commands from outside the product.

`client.connection` is the lasting socket with the behaviour of static/js (spec F1-F4),
`client.rest` the HTTP interface. The demo's guests and cooks, tests and benchmarks use both.
"""
