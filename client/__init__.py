"""The Python client: connects, resumes and sends commands from outside the product."""
