"""Tables, migrations, the connection to the database. Only services/ and tabletap.py use them."""
