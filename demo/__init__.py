"""The demo cafe and its simulated guests and cooks, working through the public interfaces."""
