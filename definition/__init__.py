"""Pipeline in, checked canonical definition out. Imports no SDK; works on any definition, also strangers'."""
