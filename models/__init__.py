"""Tables, migrations, the connection to the database. Only services/ and composition use them."""
