"""What several tests need: services, servers, browsers, and the tools that make fetches."""
